"""The buttons of a person's page by which they get in again: a password, a link to choose one, no second factor."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from accounts import services
from accounts.admin import passwords, shown
from accounts.admin.forms import acting
from accounts.admin.passwords import PasswordForm
from accounts.admin.step_up import ask
from accounts.models import SecondFactor, User
from accounts.passwords import inviting
from integrations.sms import phones
from project.core.admin import Confirmed, ModelAdmin, confirmation
from project.core.errors import GatehouseError


class LettingInActions(ModelAdmin[User]):
    """Set password; send a link; remove second factor."""

    @action(
        description=gettext_lazy("Set password"), icon="password", url_path="password", permissions=["set_password"]
    )
    def set_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._below(request, object_id, "accounts.change_user")
        form = PasswordForm(request.POST or None, subject=user, actor=request.user)
        if request.method == "POST" and form.is_valid():
            told = ngettext("%(n)d session ended.", "%(n)d sessions ended.", form.ended) % {"n": form.ended}
            self.message_user(
                request, _("%(name)s has a new password.") % {"name": user} + " " + told, messages.SUCCESS
            )
            return redirect("admin:accounts_user_change", user.pk)
        return passwords.page(request, form, _("Set a password for %(name)s") % {"name": user}, self.model._meta)

    @action(
        description=gettext_lazy("Send a link"),
        icon="forward_to_inbox",
        url_path="invite",
        permissions=["set_password"],
    )
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._below(request, object_id, "accounts.change_user")
        answer = confirmation(
            self,
            request,
            [],
            question=_("Send %(name)s a link to choose a password") % {"name": user},
            touched=[shown.person(user)],
            button=_("Send a link"),
            note=_("It goes to %(address)s and is good once, for three days. Their present password stays until then.")
            % {"address": inviting.goes_to(user, acting(request)) or _("nowhere: there is no way to them")},
        )
        if not isinstance(answer, Confirmed):
            return answer
        try:
            link = services.invite(user=user, by=acting(request), reason=answer.reason)
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            to = link.address or phones.masked(link.phone)
            self.message_user(request, _("A link is on its way to %(to)s.") % {"to": to}, messages.SUCCESS)
        return redirect("admin:accounts_user_change", user.pk)

    @action(
        description=gettext_lazy("Remove second factor"),
        icon="no_encryption",
        url_path="remove-second-factor",
        permissions=["remove_second_factor"],
    )
    def remove_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._below(request, object_id, "accounts.remove_secondfactor")
        answer = confirmation(
            self,
            request,
            [],
            question=_("Remove the second factor of %(name)s") % {"name": user},
            touched=[shown.person(user)],
            button=_("Remove second factor"),
            note=_("The password alone lets them in then. They are told by mail. Make sure that it is they who ask."),
        )
        if not isinstance(answer, Confirmed):
            return answer
        if page := ask(request):
            return page
        services.remove_second_factor(user=user, by=acting(request), reason=answer.reason)
        self.message_user(request, _("%(name)s has no second factor any more.") % {"name": user}, messages.SUCCESS)
        return redirect("admin:accounts_user_change", user.pk)

    def has_set_password_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.change_user", self.get_object(request, str(object_id)))

    def has_remove_second_factor_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        subject = self.get_object(request, str(object_id))
        has_one = subject is not None and SecondFactor.objects.confirmed().filter(user=subject).exists()
        return has_one and request.user.has_perm("accounts.remove_secondfactor", subject)

    def _below(self, request: HttpRequest, object_id: str, permission: str) -> User:
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        if not request.user.has_perm(permission, user):
            raise PermissionDenied
        return user
