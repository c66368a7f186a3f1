"""What staff do to many people at once: each action says whom it touches, asks, and tells whom it left alone."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accounts import services
from accounts.admin import choices, shown
from accounts.admin.ending import end
from accounts.admin.forms import acting
from accounts.models import LoginSession, User
from accounts.services.bulk import Action, Done
from accounts.services.people import may_touch
from integrations.sms import campaigns
from integrations.sms.forms import chosen as chosen_template
from project.core.admin import Confirmed, ModelAdmin, confirmation, is_confirmed
from project.core.errors import GatehouseError

SHOWN_AT_MOST = 50
NAMED_AT_MOST = 5
EXPORTED_AT_MOST = 500
"""By choosing: so many ids fit into an address. The button above the list takes all."""


class BulkActions(ModelAdmin[User]):
    """Actions on the people ticked in the list."""

    actions = (
        "give_role",
        "take_role",
        "move",
        "set_manager",
        "end_all_sessions",
        "deactivate",
        "activate",
        "require_password",
        "export_chosen",
        "write_to",
    )

    @admin.action(description=gettext_lazy("Give a role…"), permissions=["change"])
    def give_role(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Give %(n)d person a role", "Give %(n)d people a role", queryset.count())
        return self._change(request, queryset, Action.GIVE_ROLE, question, role=choices.role(request, _("Role")))

    @admin.action(description=gettext_lazy("Take a role…"), permissions=["change"])
    def take_role(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Take a role from %(n)d person", "Take a role from %(n)d people", queryset.count())
        return self._change(request, queryset, Action.TAKE_ROLE, question, role=choices.role(request, _("Role")))

    @admin.action(description=gettext_lazy("Move to a department…"), permissions=["change"])
    def move(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Move %(n)d person", "Move %(n)d people", queryset.count())
        field = choices.department(_("Department"), required=False, empty_label=_("No department"))
        return self._change(request, queryset, Action.MOVE, question, department=field)

    @admin.action(description=gettext_lazy("Set the manager…"), permissions=["change"])
    def set_manager(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Set the manager of %(n)d person", "Set the manager of %(n)d people", queryset.count())
        field = choices.person(request, _("Manager"), required=False, help_text=_("Left empty: none."))
        return self._change(request, queryset, Action.SET_MANAGER, question, manager=field)

    @admin.action(description=gettext_lazy("End all sessions…"), permissions=["end"])
    def end_all_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        live = LoginSession.objects.live().filter(user__in=queryset.values("pk")).select_related("user")
        return end(self, request, list(live), rows=queryset)

    @admin.action(description=gettext_lazy("Deactivate…"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Deactivate %(n)d person", "Deactivate %(n)d people", queryset.count())
        note = _("They are signed out everywhere at once and cannot sign in any more; their data stay.")
        return self._change(request, queryset, Action.DEACTIVATE, question, note=note)

    @admin.action(description=gettext_lazy("Activate…"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext("Activate %(n)d person", "Activate %(n)d people", queryset.count())
        return self._change(request, queryset, Action.ACTIVATE, question, note=_("They may sign in again."))

    @admin.action(description=gettext_lazy("Require a new password…"), permissions=["change"])
    def require_password(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        question = ngettext(
            "Require a new password of %(n)d person", "Require a new password of %(n)d people", queryset.count()
        )
        note = _("From their next page or call on they can do nothing else before they have chosen one.")
        return self._change(request, queryset, Action.REQUIRE_PASSWORD, question, note=note)

    @admin.action(description=gettext_lazy("Export…"), permissions=["view"])
    def export_chosen(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        ids = list(queryset.values_list("pk", flat=True)[: EXPORTED_AT_MOST + 1])
        if len(ids) > EXPORTED_AT_MOST:
            text = _("At most %(n)d people can be exported by choosing them. Filter the list and use Export above it.")
            self.message_user(request, text % {"n": EXPORTED_AT_MOST}, messages.WARNING)
            return None
        query = urlencode({"resource": "users", "ids": ",".join(map(str, ids))})
        return redirect(f"{reverse('admin:sheets_exportjob_add')}?{query}")

    def has_write_to_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sms.send_campaign")

    @admin.action(description=gettext_lazy("Send a text message…"), permissions=["write_to"])
    def write_to(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        template = chosen_template("notice")
        if template is None:
            self.message_user(request, _("No template may be sent by staff: make one first."), messages.WARNING)
            return None
        ids = list(queryset.order_by("pk").values_list("pk", flat=True)[: campaigns.MOST_PEOPLE + 1])
        try:
            campaign = campaigns.start_from_people(
                ids=ids, by=acting(request), name="", template=template.key, parameters={}
            )
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.WARNING)
            return None
        return redirect("admin:sms_campaign_change", campaign.pk)

    def _change(
        self,
        request: HttpRequest,
        queryset: QuerySet[User],
        action: Action,
        question: str,
        *,
        note: str = "",
        **fields: forms.Field,
    ) -> HttpResponse | None:
        """Ask on a page that says whom it touches, then carry the action out and tell what became of each."""
        chosen = list(queryset)
        mine = may_touch(acting(request), chosen)
        if not mine:
            text = _("None of these can be changed by you: they rank as high as you.")
            self.message_user(request, text, messages.WARNING)
            return None
        form = _form(request, fields) if fields else None
        question %= {"n": len(mine)}
        answer = confirmation(
            self,
            request,
            chosen,
            question=question,
            touched=_touched(mine),
            button=question,
            note=f"{note}{left_alone(len(chosen) - len(mine))}".strip(),
            form=form,
        )
        if not isinstance(answer, Confirmed):
            return answer
        given = form.cleaned_data if form else {}
        done = services.change_many(by=acting(request), chosen=chosen, action=action, reason=answer.reason, **given)
        self.message_user(request, *_told(done))
        return None


def _form(request: HttpRequest, fields: dict[str, forms.Field]) -> forms.Form:
    kind: Any = type("Choice", (forms.Form,), dict(fields))
    form: forms.Form = kind(request.POST if is_confirmed(request) else None)
    return form


def _touched(people: list[User]) -> list[Any]:
    more = len(people) - SHOWN_AT_MOST
    faces: list[Any] = [shown.person(one) for one in people[:SHOWN_AT_MOST]]
    return faces + ([ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}] if more > 0 else [])


def _told(done: list[Done]) -> tuple[str, int]:
    """Say what became of whom, and how serious that is."""
    changed = sum(one.changed for one in done)
    refused = [one for one in done if one.problem]
    same = len(done) - changed - len(refused)
    said = [ngettext("%(n)d person was changed.", "%(n)d people were changed.", changed) % {"n": changed}]
    if same:
        said.append(ngettext("%(n)d was so already.", "%(n)d were so already.", same) % {"n": same})
    comma = pgettext("between the items of a list", ", ")
    for why, number in Counter(str(one.problem) for one in refused).items():
        names = [str(one.person) for one in refused if str(one.problem) == why][:NAMED_AT_MOST]
        named = comma.join(names) + ("…" if number > NAMED_AT_MOST else "")
        text = ngettext("Left alone: %(names)s. %(why)s", "%(n)d left alone: %(names)s. %(why)s", number)
        said.append(text % {"n": number, "names": named, "why": why})
    return " ".join(said), messages.WARNING if refused or not changed else messages.SUCCESS


def left_alone(number: int) -> str:
    """Say how many of the chosen were not touched, if any."""
    if not number:
        return ""
    return " " + ngettext(
        "%(n)d other ranks as high as you and is left alone.",
        "%(n)d others rank as high as you and are left alone.",
        number,
    ) % {"n": number}
