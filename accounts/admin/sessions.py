"""Where people are signed in."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from accounts import places, sessions
from accounts.admin import shown
from accounts.admin.filters import LiveFilter
from accounts.admin.forms import acting
from accounts.models import LoginSession
from project.core import audit
from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, ago, confirmation

SHOWN_AT_MOST = 50


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin, ModelAdmin[LoginSession]):
    """Everybody's sessions; ending one closes its sockets and voids its tokens at once."""

    list_display = (
        "shown_user",
        "shown_state",
        "shown_device",
        "shown_place",
        "shown_seen",
        "shown_created",
        "shown_until",
    )
    list_display_links = ("shown_user",)
    list_filter = (LiveFilter, "scope", "device_kind", "end_reason", ("created_at", RangeDateTimeFilter))
    list_select_related = ("user", "subject")
    search_fields = ("user__username", "user__real_name", "ip", "device", "browser")
    search_help_text = gettext_lazy("User name, name, address or device")
    actions = ("end_sessions",)
    fieldsets = (
        (None, {"fields": ("user", "shown_state", "scope", "kind", "sid")}),
        (gettext_lazy("Acting as somebody else"), {"fields": ("subject", "subject_until", "subject_writes")}),
        (
            gettext_lazy("Device"),
            {"fields": ("device", "browser", "os", "device_kind", "shown_country", "ip", "user_agent")},
        ),
        (
            gettext_lazy("Time"),
            {
                "fields": (
                    "created_at",
                    "last_seen_at",
                    "renewed_at",
                    "renew_count",
                    "shown_renewals",
                    "expires_at",
                    "absolute_expires_at",
                )
            },
        ),
        (gettext_lazy("End"), {"fields": ("ended_at", "end_reason", "ended_by", "replaced_by")}),
    )
    readonly_fields = (
        "sid",
        "subject",
        "subject_until",
        "subject_writes",
        "shown_state",
        "shown_country",
        "shown_renewals",
    )
    empty_state = gettext_lazy("A session appears here when somebody signs in, to the back office or to the API.")

    @display(description=gettext_lazy("Person"), ordering="user__username")
    def shown_user(self, session: LoginSession) -> SafeString:
        return shown.actor(session)

    @display(description=gettext_lazy("State"), ordering=F("ended_at").asc(nulls_first=True))
    def shown_state(self, session: LoginSession) -> SafeString:
        return shown.session_state(session)

    @display(description=gettext_lazy("Device"))
    def shown_device(self, session: LoginSession) -> SafeString:
        return shown.device(session)

    @display(description=pgettext_lazy("where from", "Place"), ordering="country")
    def shown_place(self, session: LoginSession) -> SafeString:
        return shown.place(session)

    @display(description=pgettext_lazy("where from", "Place"))
    def shown_country(self, session: LoginSession) -> str:
        return places.name_of(session.country, session.region)

    @display(description=gettext_lazy("Renewals left"))
    def shown_renewals(self, session: LoginSession) -> str:
        return shown.renewals(session)

    @display(description=gettext_lazy("Last seen"), ordering="last_seen_at")
    def shown_seen(self, session: LoginSession) -> SafeString:
        return ago(session.last_seen_at)

    @display(description=gettext_lazy("Signed in"), ordering="created_at")
    def shown_created(self, session: LoginSession) -> SafeString:
        return ago(session.created_at)

    @display(description=gettext_lazy("Until"), ordering="expires_at")
    def shown_until(self, session: LoginSession) -> SafeString:
        return ago(session.ended_at or session.runs_out_at)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.end_loginsession")

    @admin.action(description=gettext_lazy("End sessions…"), permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> HttpResponse | None:
        live = queryset.filter(pk__in=LoginSession.objects.live().values("pk")).select_related("user")
        return end(self, request, list(live))


def end(
    page: ModelAdmin[Any], request: HttpRequest, chosen: list[LoginSession], *, rows: Iterable[Model] | None = None
) -> HttpResponse | None:
    """Ask, then end those of `chosen` whose people rank below the person who asks.

    :param rows: what was ticked in the list, where that is not the sessions themselves.
    """
    mine = [one for one in chosen if request.user.has_perm("accounts.end_loginsession", one)]
    if not mine:
        page.message_user(
            request, _("None of these can be ended by you: they are over, or of higher rank."), messages.WARNING
        )
        return None
    answer = confirmation(
        page,
        request,
        mine if rows is None else rows,
        question=what(mine),
        touched=[_touched(one) for one in mine[:SHOWN_AT_MOST]],
        button=what(mine),
        note=_skipped(len(chosen) - len(mine)),
    )
    if not isinstance(answer, Confirmed):
        return answer
    for one in mine:
        sessions.end(one, reason=LoginSession.Reason.REVOKED, actor=acting(request))
    people = sorted({one.user.username for one in mine})
    audit.record("sessions.ended", actor=request.user, reason=answer.reason, people=people, number=len(mine))
    page.message_user(request, told(mine), messages.SUCCESS)
    return None


def what(chosen: list[LoginSession]) -> str:
    """Say what ending `chosen` touches: "End 3 sessions of 2 people"."""
    number, people = len(chosen), len({one.user_id for one in chosen})
    of = ngettext("of %(n)d person", "of %(n)d people", people) % {"n": people}
    return ngettext("End %(n)d session %(of)s", "End %(n)d sessions %(of)s", number) % {"n": number, "of": of}


def told(ended: list[LoginSession]) -> str:
    """Say what was done."""
    number = len(ended)
    return ngettext(
        "%(n)d session is over; its tokens and sockets are dead.",
        "%(n)d sessions are over; their tokens and sockets are dead.",
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
