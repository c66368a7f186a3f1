"""Text messages: the list, each one's history, sending again and cancelling."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from integrations.sms import looks, pages, services
from integrations.sms.admin import sending
from integrations.sms.admin.filters import CountryFilter, PurposeFilter, TimeFilter
from integrations.sms.admin.masked import MaskedPhones
from integrations.sms.models import Message
from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, ago, confirmation, row_or_404
from project.core.errors import GatehouseError

SHOWN_AT_MOST = 50
TWICE = "twice"


@admin.register(Message)
class MessageAdmin(MaskedPhones, ReadOnlyAdmin, ModelAdmin[Message]):
    """Every text message, and what became of it."""

    list_display = (
        "shown_phone",
        "shown_person",
        "shown_state",
        "template",
        "shown_purpose",
        "shown_provider",
        "shown_cost",
        "shown_when",
    )
    list_display_links = ("shown_phone",)
    list_filter = (
        "state",
        PurposeFilter,
        "provider",
        CountryFilter,
        "template",
        ("campaign", AutocompleteSelectFilter),
        ("created_at", TimeFilter),
        ("sent_at", TimeFilter),
        ("finished_at", TimeFilter),
    )
    list_select_related = ("template", "provider", "person")
    search_fields = ("phone",)
    ordering = ("-created_at",)
    actions = ("send_again", "cancel")
    empty_state = gettext_lazy(
        "No text message yet. Set up a provider and a template, then send one: what became of it is shown here."
    )

    # --- who may ---

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("sms.send_message")

    def has_send_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("sms.send_message")

    def has_resend_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("sms.resend_message")

    # --- list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return Message.objects.seen_by(request.user)

    @display(description=gettext_lazy("Person"))
    def shown_person(self, message: Message) -> Any:
        return message.person.get_full_name() if message.person else None

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, message: Message) -> SafeString:
        why = pages.why(message)
        return (
            format_html('{} <small class="sms-why">{}</small>', looks.state(message), why)
            if why
            else looks.state(message)
        )

    @display(description=gettext_lazy("SMS provider"), ordering="provider")
    def shown_provider(self, message: Message) -> Any:
        return format_html('<span class="gh-nowrap">{}</span>', message.provider) if message.provider else None

    @display(description=gettext_lazy("Purpose"), ordering="purpose")
    def shown_purpose(self, message: Message) -> Any:
        return looks.purpose(message.purpose)

    @display(description=gettext_lazy("Cost"), ordering="cost")
    def shown_cost(self, message: Message) -> Any:
        cost = looks.cost(message)
        return format_html('<span class="gh-nowrap">{}</span>', cost) if cost else None

    @display(description=gettext_lazy("Asked for"), ordering="created_at")
    def shown_when(self, message: Message) -> SafeString:
        return ago(message.created_at)

    # --- one message ---

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("<uuid:pk>/again/", inside(self.again_view), name="sms_message_again"),
            path("<uuid:pk>/cancel/", inside(self.cancel_view), name="sms_message_cancel"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return sending.page(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        message = self._found(request, object_id)
        template = "sms/message_body.html" if "part" in request.GET else "sms/message.html"
        shown = self.admin_site.each_context(request) | {"title": _("Text message"), "opts": self.opts}
        may = {"may_cancel": self.has_send_permission(request), "may_resend": self.has_resend_permission(request)}
        return TemplateResponse(request, template, shown | may | pages.of_message(message, request.user))

    def again_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask, then send one message again."""
        if not self.has_resend_permission(request):
            raise PermissionDenied
        message = self._found(request, pk)
        back = reverse("admin:sms_message_change", args=(message.pk,))
        if not message.can_be_sent_again:
            messages.error(request, _("This message cannot be sent again."))
            return redirect(back)
        return self._send_again(request, [message], back=back) or redirect(back)

    def cancel_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Ask, then cancel one message that waits."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        message = self._found(request, pk)
        back = reverse("admin:sms_message_change", args=(message.pk,))
        return self._cancel(request, [message], back=back) or redirect(back)

    # --- many ---

    @admin.action(description=gettext_lazy("Send again…"), permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse | None:
        return self._send_again(request, [one for one in queryset.select_related("template") if one.can_be_sent_again])

    @admin.action(description=gettext_lazy("Cancel…"), permissions=["send"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse | None:
        return self._cancel(request, list(queryset.filter(state=Message.State.PENDING).select_related("template")))

    def _send_again(self, request: HttpRequest, chosen: list[Message], back: str = "") -> HttpResponse | None:
        if not chosen:
            self.message_user(request, _("None of these can be sent again."), messages.WARNING)
            return None
        unknown = [one for one in chosen if one.state == Message.State.UNKNOWN]
        n = len(chosen)
        question = ngettext("Send %(n)d message again", "Send %(n)d messages again", n) % {"n": n}
        note = ngettext(
            "It is not known whether %(n)d message arrived: this person may get it twice.",
            "It is not known whether %(n)d messages arrived: these people may get them twice.",
            len(unknown),
        )
        answer = confirmation(
            self,
            request,
            chosen,
            question=question,
            touched=_touched(request, chosen),
            button=question,
            note=note % {"n": len(unknown)} if unknown else "",
            options={TWICE: _("Send those too that may arrive twice")} if unknown else None,
            back=back,
        )
        if not isinstance(answer, Confirmed):
            return answer
        wanted = [one for one in chosen if one not in unknown or TWICE in answer.options]
        done = _each(wanted, lambda one: services.send_again(one, by=request.user, reason=answer.reason))
        told = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", done) % {"n": done}
        self.message_user(request, told, messages.SUCCESS if done == n else messages.WARNING)
        return None

    def _cancel(self, request: HttpRequest, chosen: list[Message], back: str = "") -> HttpResponse | None:
        if not chosen or chosen[0].state != Message.State.PENDING:
            self.message_user(request, _("None of these waits any more."), messages.WARNING)
            return None
        question = ngettext("Cancel %(n)d message", "Cancel %(n)d messages", len(chosen)) % {"n": len(chosen)}
        touched = _touched(request, chosen)
        answer = confirmation(
            self, request, chosen, question=question, touched=touched, button=question, back=back,
            note=_("It is not sent. What is on its way already cannot be stopped."),
        )  # fmt: skip
        if not isinstance(answer, Confirmed):
            return answer
        done = _each(chosen, lambda one: services.cancel(one, by=request.user, reason=answer.reason))
        told = ngettext("%(n)d message is cancelled.", "%(n)d messages are cancelled.", done) % {"n": done}
        self.message_user(request, told, messages.SUCCESS if done == len(chosen) else messages.WARNING)
        return None

    def _found(self, request: HttpRequest, pk: Any) -> Message:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("template", "provider", "person", "created_by")
        return row_or_404(rows, pk)


def _touched(request: HttpRequest, chosen: list[Message]) -> list[Any]:
    lines: list[Any] = [
        format_html(
            '<span class="gh-mono">{}</span> {} {}',
            looks.phone(one.phone, request.user),
            one.template,
            looks.state(one),
        )
        for one in chosen[:SHOWN_AT_MOST]
    ]
    more = len(chosen) - SHOWN_AT_MOST
    return lines + ([ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}] if more > 0 else [])


def _each(chosen: list[Message], act: Any) -> int:
    """Do it with each; those that moved on meanwhile are left alone."""
    done = 0
    for one in chosen:
        try:
            act(one)
        except GatehouseError:
            continue
        done += 1
    return done
