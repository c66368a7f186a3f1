"""The dashboard's numbers, read from the rows themselves, for those who may see the rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import places, sign_in_log
from accounts.models import LoginEvent, LoginSession
from integrations.jenkins import rights
from integrations.jenkins.models import Build
from integrations.sheets import services as sheets
from integrations.sheets.models import ImportJob
from project.core.admin import duration
from project.core.errors import GatehouseError
from project.templatetags.gatehouse import Day, Share
from realtime import gateway

TREND_DAYS = 14
CHART_DAYS = 30
PLACES = 6
STEPS = (LoginEvent.Reason.UNLOCKED, LoginEvent.Reason.CODE_ASKED, LoginEvent.Reason.CAPTCHA)
# what a first step of two leaves, and what staff did, is no failure to sign in
FAILED = Q(succeeded=False) & ~Q(reason__in=STEPS)


@dataclass(frozen=True)
class Figure:
    """One number, where it leads, and how it went lately."""

    label: str
    value: str
    url: str
    icon: str
    note: str = ""
    tone: str = ""
    key: str = ""
    trend: list[int] = field(default_factory=list)


def figures(request: HttpRequest) -> list[Figure]:
    """Return the first row of the dashboard, as far as the person who asks may see it."""
    return [
        *_online(request),
        *_sign_ins(request),
        *_sessions(request),
        *_imports(request),
        *_builds(request),
    ]


def sign_ins(request: HttpRequest) -> list[Day]:
    """Return how sign-ins went on each of the last 30 days; nothing without the permission."""
    if not request.user.has_perm("accounts.view_loginevent"):
        return []
    days = last_days(CHART_DAYS)
    found = per_day(sign_in_log.seen_by(request.user), days, ok=Q(succeeded=True), bad=FAILED)
    return [Day(day, ok, bad) for day, ok, bad in zip(days, found["ok"], found["bad"], strict=True)]


def countries(request: HttpRequest) -> list[Share]:
    """Return the countries most sign-ins of the last 30 days came from; nothing without the permission."""
    url = reverse("admin:accounts_loginevent_changelist")
    return [
        Share(places.name_of(one["country"]), one["all"], f"{url}?country={one['country'] or '-'}", failed=one["bad"])
        for one in _most(request, "country", CHART_DAYS)
    ]


def addresses(request: HttpRequest) -> list[Share]:
    """Return the addresses most sign-ins of the last week came from; nothing without the permission."""
    url = reverse("admin:accounts_loginevent_changelist")
    return [
        Share(one["ip"], one["all"], f"{url}?{urlencode({'q': one['ip']})}", failed=one["bad"])
        for one in _most(request, "ip", 7, only=Q(ip__isnull=False))
    ]


def failures(request: HttpRequest) -> list[Share]:
    """Return why sign-ins of the last 30 days failed, most frequent first; nothing without the permission."""
    url = reverse("admin:accounts_loginevent_changelist")
    names = dict(LoginEvent.Reason.choices)
    return [
        Share(str(names.get(one["reason"], one["reason"])), one["bad"], f"{url}?reason__exact={one['reason']}")
        for one in _most(request, "reason", CHART_DAYS, only=FAILED)
    ]


def _most(request: HttpRequest, field: str, days: int, only: Q | None = None) -> list[dict[str, Any]]:
    if not request.user.has_perm("accounts.view_loginevent"):
        return []
    since = _midnight(last_days(days)[0])
    rows = sign_in_log.seen_by(request.user).filter(only or Q(), created_at__gte=since).order_by()
    counted = rows.values(field).annotate(all=Count("pk"), bad=Count("pk", filter=FAILED))
    return list(counted.order_by("-all", field)[:PLACES])


def nodes(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what each node carries; nothing without the permission."""
    if not request.user.has_perm("realtime.view_connection"):
        return []
    return [_node(one) for one in _from_gateway(gateway.nodes)]


def last_days(number: int) -> list[date]:
    """Return the last `number` days up to today, oldest first."""
    today = timezone.localdate()
    return [today - timedelta(days=back) for back in reversed(range(number))]


def per_day(rows: Any, days: list[date], moment: str = "created_at", **wanted: Q) -> dict[str, list[int]]:
    """Count `rows` per day and question in one query.

    Days are cut here and not by the database: MySQL knows no time zones unless somebody loads them.
    """
    edges = [_midnight(day) for day in [*days, days[-1] + timedelta(days=1)]]
    counts = {
        f"{name}_{i}": Count("pk", filter=asked & Q(**{f"{moment}__gte": edges[i], f"{moment}__lt": edges[i + 1]}))
        for name, asked in wanted.items()
        for i in range(len(days))
    }
    found = rows.filter(**{f"{moment}__gte": edges[0]}).order_by().aggregate(**counts)
    return {name: [found[f"{name}_{i}"] for i in range(len(days))] for name in wanted}


def _online(request: HttpRequest) -> Iterator[Figure]:
    if not request.user.has_perm("realtime.view_connection"):
        return
    connections = sum(one.get("connections", 0) for one in _from_gateway(gateway.nodes))
    yield Figure(
        _("Online now"),
        number_format(sum(_from_gateway(lambda: [gateway.users_online()]))),
        reverse("admin:realtime_connection_changelist"),
        "sensors",
        note=ngettext("over %(n)d connection", "over %(n)d connections", connections) % {"n": connections},
        tone="live",
        key="connections",
    )


def _sign_ins(request: HttpRequest) -> Iterator[Figure]:
    if not request.user.has_perm("accounts.view_loginevent"):
        return
    found = per_day(sign_in_log.seen_by(request.user), last_days(TREND_DAYS), ok=Q(succeeded=True), bad=FAILED)
    url = reverse("admin:accounts_loginevent_changelist")
    yield Figure(
        _("Sign-ins today"),
        number_format(found["ok"][-1]),
        f"{url}?succeeded__exact=1",
        "login",
        note=_("yesterday %(n)s") % {"n": number_format(found["ok"][-2])},
        trend=found["ok"],
    )
    yield Figure(
        _("Failures today"),
        number_format(found["bad"][-1]),
        f"{url}?succeeded__exact=0",
        "gpp_maybe",
        note=_("yesterday %(n)s") % {"n": number_format(found["bad"][-2])},
        tone="bad" if found["bad"][-1] > 5 + 2 * max(found["bad"][:-1]) else "",
        trend=found["bad"],
    )


def _sessions(request: HttpRequest) -> Iterator[Figure]:
    if not request.user.has_perm("accounts.view_loginsession"):
        return
    mine = LoginSession.objects.seen_by(request.user)
    live = mine.live().aggregate(all=Count("pk"), people=Count("user", distinct=True))
    opened = per_day(mine, last_days(TREND_DAYS), n=Q())
    yield Figure(
        _("Live sessions"),
        number_format(live["all"]),
        reverse("admin:accounts_loginsession_changelist"),
        "key",
        note=ngettext("of %(n)d person", "of %(n)d people", live["people"]) % {"n": live["people"]},
        trend=opened["n"],
    )


def _imports(request: HttpRequest) -> Iterator[Figure]:
    if not request.user.has_perm("sheets.view_importjob"):
        return
    done = sheets.visible(ImportJob, request.user).filter(state="done")
    found = per_day(done, last_days(TREND_DAYS), "finished_at", n=Q())
    rows = (
        done.filter(finished_at__gte=_midnight(timezone.localdate())).aggregate(
            n=Sum(F("created_rows") + F("updated_rows"))
        )["n"]
        or 0
    )
    yield Figure(
        _("Imports today"),
        number_format(found["n"][-1]),
        reverse("admin:sheets_importjob_changelist"),
        "upload_file",
        note=ngettext("%(n)d row", "%(n)d rows", rows) % {"n": rows},
        trend=found["n"],
    )


def _builds(request: HttpRequest) -> Iterator[Figure]:
    if not request.user.has_perm("jenkins.view_job"):
        return
    seen = rights.builds_of(request.user, "view")
    going = seen.filter(state__in=(Build.State.APPROVED, Build.State.QUEUED, Build.State.RUNNING)).count()
    waiting = seen.waiting().count()
    yield Figure(
        _("Builds running"),
        number_format(going),
        f"{reverse('admin:jenkins_build_changelist')}?which=open",
        "play_circle",
        note=ngettext("%(n)d waits for approval", "%(n)d wait for approval", waiting) % {"n": waiting},
        tone="live" if going else "",
        trend=per_day(seen.filter(began_at__isnull=False), last_days(TREND_DAYS), "began_at", n=Q())["n"],
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _node(one: Any) -> dict[str, Any]:
    seconds = max(0.0, timezone.now().timestamp() - one["started_at"])
    return dict(one) | {"up": duration(timedelta(seconds=seconds))}


def _from_gateway(ask: Any) -> list[Any]:
    try:
        return list(ask())
    except GatehouseError:
        return []
