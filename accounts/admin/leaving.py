"""The buttons of a person's page by which they leave, and are forgotten."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.decorators import action
from unfold.widgets import UnfoldBooleanSwitchWidget

from accounts import services
from accounts.admin import choices, shown
from accounts.admin.forms import acting
from accounts.admin.step_up import ask
from accounts.models import User
from project.core import leaving
from project.core.admin import Confirmed, ModelAdmin, confirmation, is_confirmed
from project.core.errors import GatehouseError

NAMED_AT_MOST = 5


class LeavingActions(ModelAdmin[User]):
    """Person leaves; anonymise."""

    @action(description=gettext_lazy("Person leaves…"), icon="logout", url_path="leave", permissions=["leave"])
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self._subject(request, object_id, "accounts.change_user")
        form = _form(request, person)
        answer = confirmation(
            self,
            request,
            [],
            question=_("%(name)s leaves") % {"name": person},
            touched=_owned(person),
            button=_("Let them leave"),
            note=_(
                "They are signed out everywhere at once and cannot sign in any more. What they own goes where each line "
                "says. Who returns can be activated again, unless they were anonymised."
            ),
            form=form,
        )
        if not isinstance(answer, Confirmed):
            return answer
        anonymise = form.cleaned_data.get("anonymise", False)
        if anonymise and (page := ask(request)):
            return page
        return self._or_back(
            request,
            person,
            lambda: _told_of_leaving(
                services.leave(
                    by=acting(request),
                    user=person,
                    successor=form.cleaned_data["successor"],
                    reason=answer.reason,
                    anonymise=anonymise,
                )
            ),
        )

    @action(description=gettext_lazy("Anonymise…"), icon="domino_mask", url_path="anonymise", permissions=["anonymise"])
    def anonymise(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self._subject(request, object_id, "accounts.delete_user")
        answer = confirmation(
            self,
            request,
            [],
            question=_("Anonymise %(name)s") % {"name": person},
            touched=[shown.person(person)],
            button=_("Anonymise for good"),
            note=_(
                "This cannot be taken back. Names, phone, mail address, picture, roles, second factor, devices, mails and "
                "where they signed in from are forgotten, in the audit trail too. What they did stays, under a number."
            ),
            reason_required=True,
        )
        if not isinstance(answer, Confirmed):
            return answer
        if page := ask(request):
            return page

        def forget() -> str:
            services.anonymise_user(by=acting(request), user=person, reason=answer.reason)
            return _("Nobody knows any more who that was.")

        return self._or_back(request, person, forget)

    def has_leave_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        person = self.get_object(request, str(object_id))
        other = person is not None and person.pk != request.user.pk and person.anonymised_at is None
        return other and request.user.has_perm("accounts.change_user", person)

    def has_anonymise_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        person = self.get_object(request, str(object_id))
        gone = person is not None and not person.is_active and person.anonymised_at is None
        return gone and request.user.has_perm("accounts.delete_user", person)

    def _subject(self, request: HttpRequest, object_id: str, permission: str) -> User:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404
        if not request.user.has_perm(permission, person):
            raise PermissionDenied
        return person

    def _or_back(self, request: HttpRequest, person: User, act: Any) -> HttpResponse:
        """Tell what was done, or why it was not, on the person's page."""
        try:
            self.message_user(request, act(), messages.SUCCESS)
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.ERROR)
        except ValidationError as problem:
            self.message_user(request, " ".join(problem.messages), messages.ERROR)
        return redirect("admin:accounts_user_change", person.pk)


class LeavingForm(forms.Form):
    """Who takes over, and whether the leaver is to be forgotten."""

    anonymise = forms.BooleanField(
        label=gettext_lazy("Anonymise at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Forgets who they were, for good; needs a reason. It can be done later, too."),
    )

    def clean_anonymise(self) -> bool:
        wanted = bool(self.cleaned_data["anonymise"])
        if wanted and not self.data.get("reason", "").strip():
            raise ValidationError(_("Say why: this cannot be taken back."))
        return wanted


def _form(request: HttpRequest, person: User) -> forms.Form:
    form = LeavingForm(request.POST if is_confirmed(request) else None)
    help_text = _("Gets what can be handed over. Left empty: nobody.")
    form.fields["successor"] = choices.person(request, _("Successor"), required=False, help_text=help_text)
    form.order_fields(["successor"])
    if not request.user.has_perm("accounts.delete_user", person):
        del form.fields["anonymise"]
    return form


def _owned(person: User) -> list[SafeString]:
    """What they own, kind by kind; first what there is."""
    counted = [(kind, kind.rows(person).count()) for kind in leaving.belongings()]
    return [_line(kind, person) for kind, _number in sorted(counted, key=lambda one: not one[1])]


def _line(kind: leaving.Belonging, person: User) -> SafeString:
    """One kind of thing: how many, which, and what becomes of them."""
    rows = kind.rows(person)
    number = rows.count()
    comma = pgettext("between the items of a list", ", ")
    names = comma.join(str(row) for row in rows[:NAMED_AT_MOST]) + ("…" if number > NAMED_AT_MOST else "")
    said = format_html("<small>{}</small><small>{}</small>", names, kind.becomes) if number else ""
    return format_html('<span class="gh-feed-text"><b class="gh-strong">{}: {}</b>{}</span>', kind.title, number, said)


def _told_of_leaving(left: Any) -> str:
    said = [_("%(name)s has left.") % {"name": left.person}]
    for kind, result in left.handed:
        if result.done:
            said.append(_("%(what)s: %(n)d settled.") % {"what": kind.title, "n": result.done})
        if result.left:
            text = _("%(what)s: %(n)d left alone, because you may not change them.")
            said.append(text % {"what": kind.title, "n": result.left})
    return " ".join(said)
