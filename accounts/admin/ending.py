"""How staff end sessions in the back office: told first what it touches, asked for a reason, told what happened."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from unfold.decorators import action

from accounts import scope, services, sessions
from accounts.admin import shown
from accounts.admin.forms import acting
from accounts.admin.step_up import ask
from accounts.errors import NotWhileActing
from accounts.impersonation.middleware import refusal
from accounts.models import Department, LoginSession, User, UserQuerySet
from project.core.admin import Confirmed, ModelAdmin, confirmation

SHOWN_AT_MOST = 50
MINE_TOO = "mine_too"


def end(
    page: ModelAdmin[Any], request: HttpRequest, chosen: list[LoginSession], *, rows: Iterable[Model] | None = None
) -> HttpResponse | None:
    """Ask, then end those of `chosen` whose people rank below the person who asks.

    :param rows: what was ticked in the list, where that is not the sessions themselves.
    """
    people = User.objects.get_queryset().filter(pk__in={one.user_id for one in chosen})
    below = set(scope.below(request.user, people).values_list("pk", flat=True))
    mine = [one for one in chosen if one.user_id in below]
    if not mine:
        page.message_user(
            request, _("None of these can be ended by you: they are over, or of higher rank."), messages.WARNING
        )
        return None
    question = what(len(mine), len({one.user_id for one in mine}))
    answer = confirmation(
        page,
        request,
        mine if rows is None else rows,
        question=question,
        touched=[_touched(one) for one in mine[:SHOWN_AT_MOST]],
        button=question,
        note=_skipped(len(chosen) - len(mine)),
    )
    if not isinstance(answer, Confirmed):
        return answer
    try:
        done = services.end_chosen_sessions(by=acting(request), chosen=mine, reason=answer.reason)
    except NotWhileActing as refused:
        return refusal(request, refused)
    page.message_user(request, told(done), messages.SUCCESS)
    return None


def end_everybodys(page: ModelAdmin[Any], request: HttpRequest) -> HttpResponse | None:
    """Ask, then end the sessions of all whom the person who asks sees and stands above, and their own others."""
    people, here = services.people_of(acting(request)), _here(request)
    answer = _asked(page, request, people, [], options={MINE_TOO: _("And this session of mine")})
    if not isinstance(answer, Confirmed):
        return answer
    keep = None if MINE_TOO in answer.options else here
    done = services.end_everybodys_sessions(by=acting(request), keep=keep, reason=answer.reason)
    page.message_user(request, told(done), messages.SUCCESS)
    return None


def end_of_departments(
    page: ModelAdmin[Any], request: HttpRequest, departments: Sequence[Department], *, sub_departments: bool
) -> HttpResponse | None:
    """Ask, then end the sessions of the people of `departments`."""
    by = acting(request)
    people = services.people_of(by, departments, sub_departments=sub_departments)
    names = pgettext("between the items of a list", ", ").join(one.name for one in departments)
    about = _("%(names)s, sub-departments included.") if sub_departments else _("%(names)s, without sub-departments.")
    answer = _asked(page, request, people, departments, about=about % {"names": names})
    if not isinstance(answer, Confirmed):
        return answer
    done = services.end_sessions_of_departments(
        by=by, departments=departments, sub_departments=sub_departments, keep=_here(request), reason=answer.reason
    )
    page.message_user(request, told(done), messages.SUCCESS)
    return None


class EndsSessionsOfDepartments(ModelAdmin[Department]):
    """Departments whose people's sessions can be ended, from the list and from a department's own page."""

    actions: Any = ("end_sessions", "end_sessions_below")
    actions_detail: Any = ("end_sessions_of_one",)

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.end_loginsession")

    @admin.action(description=gettext_lazy("End sessions…"), permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Department]) -> HttpResponse | None:
        return end_of_departments(self, request, list(queryset), sub_departments=False)

    @admin.action(description=gettext_lazy("End sessions, sub-departments too…"), permissions=["end"])
    def end_sessions_below(self, request: HttpRequest, queryset: QuerySet[Department]) -> HttpResponse | None:
        return end_of_departments(self, request, list(queryset), sub_departments=True)

    @action(
        description=gettext_lazy("End sessions, sub-departments too"),
        icon="key_off",
        url_path="end-sessions",
        permissions=["end"],
    )
    def end_sessions_of_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        department = self.get_object(request, object_id)
        if department is None:
            raise Http404
        answer = end_of_departments(self, request, [department], sub_departments=True)
        return answer or redirect("admin:accounts_department_change", department.pk)


def what(number: int, people: int) -> str:
    """Say what it touches: "End 3 sessions of 2 people"."""
    of = ngettext("of %(n)d person", "of %(n)d people", people) % {"n": people}
    return ngettext("End %(n)d session %(of)s", "End %(n)d sessions %(of)s", number) % {"n": number, "of": of}


def told(done: sessions.Ended) -> str:
    """Say what was done, and whom it left alone."""
    text = ngettext(
        "%(n)d session is over; its tokens and sockets are dead.",
        "%(n)d sessions are over; their tokens and sockets are dead.",
        done.sessions,
    ) % {"n": done.sessions}
    return f"{text} {_left_alone(done.left_alone)}".strip()


def _asked(
    page: ModelAdmin[Any],
    request: HttpRequest,
    people: UserQuerySet,
    rows: Sequence[Model],
    *,
    about: str = "",
    options: dict[str, str] | None = None,
) -> Confirmed | HttpResponse | None:
    """Ask for an answer and a recent sign-in; None, and a word to the person, when there is nothing to end."""
    by, here = acting(request), _here(request)
    touched = sessions.preview(by, people, keep=here)
    if not touched.sessions and not options and request.POST.get("confirmed") != "yes":
        nothing = _("Nobody is signed in there whose sessions you could end.")
        page.message_user(request, f"{nothing} {_left_alone(touched.left_alone)}".strip(), messages.WARNING)
        return None
    question = what(touched.sessions, touched.people)
    live = LoginSession.objects.live().filter(user__in=sessions.reach(by, people).values("pk"))
    others = live.exclude(pk=here.pk) if here else live
    listed = others.select_related("user").order_by("user__username", "pk")
    lines: list[Any] = [_touched(one) for one in listed[:SHOWN_AT_MOST]]
    if touched.sessions > SHOWN_AT_MOST:
        lines.append(_("… and %(n)d more") % {"n": touched.sessions - SHOWN_AT_MOST})
    notes = [about, _left_alone(touched.left_alone), _("Your own present session stays.") if here else ""]
    answer = confirmation(
        page,
        request,
        rows,
        question=question,
        touched=lines,
        button=question,
        note=" ".join(filter(None, notes)),
        options=options,
    )
    if isinstance(answer, Confirmed) and (proof := ask(request)):
        return proof
    return answer


def _here(request: HttpRequest) -> LoginSession | None:
    session: LoginSession | None = getattr(request, "login_session", None)
    return session


def _left_alone(number: int) -> str:
    if not number:
        return ""
    return ngettext(
        "%(n)d person ranks as high as you and is left alone.",
        "%(n)d people rank as high as you and are left alone.",
        number,
    ) % {"n": number}


def _skipped(number: int) -> str:
    if not number:
        return ""
    return ngettext(
        "%(n)d other is left alone: over already, or of a person who ranks as high as you.",
        "%(n)d others are left alone: over already, or of people who rank as high as you.",
        number,
    ) % {"n": number}


def _touched(session: LoginSession) -> SafeString:
    return format_html(
        '{}<span class="gh-feed-text" style="text-align: right">{}<small>{}</small></span>',
        shown.person(session.user),
        shown.device_name(session),
        session.ip or "",
    )
