"""Trying a provider out: whether it knows us, and with a message to oneself."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from integrations.sms import looks, people, phones, proof, services
from integrations.sms.forms import TemplateChoice
from integrations.sms.models import Provider, Template
from project.core.admin import Confirmed, ServiceAdmin, confirmation, is_confirmed
from project.core.errors import GatehouseError


class Trying(ServiceAdmin[Provider]):
    """The buttons of a provider's page."""

    actions_detail = ("check_access", "send_test")

    @action(description=gettext_lazy("Check the access"), icon="key", url_path="check", permissions=["check_access"])
    def check_access(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = self._named(request, object_id)
        if not self.has_check_access_permission(request):
            raise PermissionDenied
        found = services.check_provider(provider)
        if found.ok:
            said = _("{provider} takes our credentials. Whether it sends what we want, a test message shows.")
            self.message_user(request, said.format(provider=provider), messages.SUCCESS)
        else:
            said = _("{provider} could not be used: {why}").format(
                provider=provider, why=looks.in_words(found.code, found.text)
            )
            self.message_user(request, said, messages.ERROR)
        return redirect("admin:sms_provider_change", provider.pk)

    def has_check_access_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def has_send_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("sms.send_message") and self.has_change_permission(request)

    @action(description=gettext_lazy("Send me a test message"), icon="send", url_path="test", permissions=["send_test"])
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = self._named(request, object_id)
        if not self.has_send_test_permission(request):
            raise PermissionDenied
        number = people.number_of(request.user)
        if not number:
            self.message_user(request, _("Your account has no phone number to write to."), messages.ERROR)
            return redirect("admin:sms_provider_change", provider.pk)
        for key in ("verification", "notice"):
            Template.objects.named(key)
        answer = confirmation(
            self,
            request,
            [],
            question=_("Send yourself a message by {provider}").format(provider=provider),
            touched=[format_html('<span class="gh-mono">{}</span> {}', phones.masked(number), request.user)],
            button=_("Send"),
            note=_("It goes through this provider and no other, also while it is switched off, with example values."),
            form=TestForm(request.POST if is_confirmed(request) else None, initial={"template": "notice"}),
            back=reverse("admin:sms_provider_change", args=(provider.pk,)),
            harmless=True,
        )
        if not isinstance(answer, Confirmed):
            return answer
        if page := proof.ask(request):
            return page
        template = Template.objects.get(key=request.POST.get("template"))
        try:
            message = services.send_test(provider, template=template, by=request.user, reason=answer.reason)
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return redirect("admin:sms_provider_change", provider.pk)
        return redirect("admin:sms_message_change", message.pk)

    def _named(self, request: HttpRequest, object_id: str) -> Provider:
        provider = self.get_object(request, object_id)
        if provider is None:
            raise Http404
        return provider


class TestForm(forms.Form):
    """What a test says."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"] = TemplateChoice()
        self.fields["template"].queryset = Template.objects.in_use()  # type: ignore[attr-defined]  # a choice of rows
