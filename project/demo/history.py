"""A month in the life of the invented company: sessions, sign-ins, audit entries."""

import random
import secrets
from datetime import datetime, time, timedelta
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts import devices
from accounts.models import LoginEvent, LoginSession, User

DAYS = 30
CHUNK = 1000
MARK = {"demo": True}
Reason = LoginSession.Reason
Outcome = LoginEvent.Reason

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
EDGE = f"{CHROME} Edg/130.0.0.0"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
PROGRAMS = (
    (CHROME, ""),
    (CHROME, ""),
    (EDGE, ""),
    (SAFARI, "MacBook"),
    (IPHONE, "iPhone"),
    (FIREFOX, ""),
    (ANDROID, "Pixel 9"),
)
GATES = {"203.0.113.10": 9, "203.0.113.26": 6, "198.51.100.8": 4, "192.0.2.44": 3, "": 5}
"""The offices' addresses, and how many people come through each; the rest works from home."""
OFFICES = {"203.0.113": "CN", "198.51.100": "SG", "192.0.2": "DE"}
"""Where the offices are, by the first three numbers of their addresses."""
STRANGERS = ("root", "test", "administrator", "oracle", "guest01")
EVENTS = (
    ("", 9),  # a change that is noted by itself
    ("user.created", 3),
    ("session.revoked", 3),
    ("user.roles_changed", 2),
    ("user.deactivated", 1),
    ("user.password_set", 2),
)


def sessions(people: list[User], chance: random.Random) -> list[LoginSession]:
    """Sign most people in somewhere, and let older sessions have ended in every way there is."""
    rows: list[LoginSession] = []
    for person in people:
        if not person.is_active:
            continue
        if chance.random() < 0.45:
            rows.append(_session(person, chance, ended=False))
        rows += [_session(person, chance, ended=True) for _one in range(chance.choice((0, 0, 1, 1, 2)))]
    LoginSession.objects.bulk_create(rows, batch_size=CHUNK)
    return list(LoginSession.objects.filter(sid__in=[one.sid for one in rows]))


def sign_ins(people: list[User], chance: random.Random) -> list[LoginEvent]:
    """Let people sign in on working days, mistype now and then, and strangers try their luck."""
    before = LoginEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows: list[LoginEvent] = []
    latest: dict[int, datetime] = {}
    for day in _days():
        share = 0.5 if day.weekday() < 5 else 0.08
        for person in people:
            if person.is_active and chance.random() < share:
                rows += _attempts(person, _at(day, chance), chance)
                latest[person.pk] = rows[-1].created_at
        rows += [_stranger(_at(day, chance), chance) for _one in range(chance.choice((0, 0, 0, 1, 4)))]
    now = timezone.now()
    rows = sorted((one for one in rows if one.created_at < now), key=lambda one: one.created_at)
    LoginEvent.objects.bulk_create(rows, batch_size=CHUNK)
    for person in people:
        person.last_login = min(latest[person.pk], now) if person.pk in latest else None
    User.objects.bulk_update(people, ["last_login"])
    return list(LoginEvent.objects.filter(pk__gt=before).only("pk"))


def audit(people: list[User], chance: random.Random) -> list[int]:
    """Write down what staff did; return the entries' ids."""
    staff = [one for one in people if one.is_staff]
    kind = ContentType.objects.get_for_model(User)
    before = LogEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = []
    for day in _days():
        for _one in range(chance.randrange(2, 7)):
            rows.append(_entry(chance.choice(staff), chance.choice(people), kind, _at(day, chance), chance))
    now = timezone.now()
    rows = sorted((one for one in rows if one.timestamp < now), key=lambda one: one.timestamp)
    LogEntry.objects.bulk_create(rows, batch_size=CHUNK)
    return list(LogEntry.objects.filter(pk__gt=before, additional_data__demo=True).values_list("pk", flat=True))


def marker(event: str, made: dict[str, Any]) -> dict[str, Any]:
    """The fields of the entry that says what the demo data is."""
    kind = ContentType.objects.get_for_model(User)
    return {
        "content_type": kind,
        "object_pk": "",
        "object_repr": "",
        "action": LogEntry.Action.CREATE,
        "additional_data": {"event": event, "made": made},
    }


def _session(person: User, chance: random.Random, *, ended: bool) -> LoginSession:
    now = timezone.now()
    api = chance.random() < (0.35 if person.is_staff else 1)
    scope = LoginSession.Scope.API if api else LoginSession.Scope.ADMIN
    agent, device = chance.choice(PROGRAMS)
    opened = now - timedelta(minutes=chance.randrange(5, 60 * 24 * (25 if ended else 5)))
    seen = opened + (now - opened) * chance.random()
    row = LoginSession(
        user=person,
        scope=scope,
        kind=LoginSession.Kind.JWT if api else LoginSession.Kind.DJANGO,
        device=device,
        **_from(_address(chance), agent),
        family_secret=secrets.token_bytes(32),
        created_at=opened,
        rotated_at=opened,
        renewed_at=opened,
        last_seen_at=seen,
        expires_at=opened + timedelta(days=7),
        absolute_expires_at=opened + timedelta(days=37),
        exclusive=True,
        live_key=None if ended else f"{person.pk}:{scope}",
    )
    if ended:
        reasons = (Reason.LOGOUT, Reason.DISPLACED, Reason.EXPIRED, Reason.REVOKED, Reason.PASSWORD)
        row.ended_at, row.end_reason = seen, chance.choices(reasons, (6, 4, 3, 1, 1))[0]
    return row


def _attempts(person: User, moment: datetime, chance: random.Random) -> list[LoginEvent]:
    wrong = chance.choices((0, 1, 2), (92, 6, 2))[0]
    scope = LoginSession.Scope.ADMIN if person.is_staff and chance.random() < 0.7 else LoginSession.Scope.API
    origin = _from(_address(chance), chance.choice(PROGRAMS)[0])
    common = {"user": person, "username": person.username, "scope": scope, **origin}
    rows = [
        LoginEvent(
            **common,
            succeeded=False,
            reason=Outcome.WRONG_PASSWORD,
            created_at=moment - timedelta(seconds=20 * one),
        )
        for one in range(wrong, 0, -1)
    ]
    return [*rows, LoginEvent(**common, succeeded=True, reason=Outcome.OK, created_at=moment)]


def _stranger(moment: datetime, chance: random.Random) -> LoginEvent:
    return LoginEvent(
        username=chance.choice(STRANGERS),
        succeeded=False,
        reason=Outcome.UNKNOWN_USER,
        scope=LoginSession.Scope.ADMIN,
        **_from(f"192.0.2.{chance.randrange(200, 206)}", "python-requests/2.32.3"),
        created_at=moment,
    )


def _entry(actor: User, subject: User, kind: ContentType, moment: datetime, chance: random.Random) -> LogEntry:
    event = chance.choices([name for name, _weight in EVENTS], [weight for _name, weight in EVENTS])[0]
    numbers = [f"1900000{chance.randrange(10**4):04d}" for _one in range(2)]
    changed = {} if event else {"phone": numbers}
    return LogEntry(
        content_type=kind,
        object_pk=str(subject.pk),
        object_id=subject.pk,
        object_repr=str(subject),
        action=LogEntry.Action.CREATE if event == "user.created" else LogEntry.Action.UPDATE,
        changes=changed,
        actor=actor,
        remote_addr=_address(chance),
        timestamp=moment,
        additional_data=MARK | ({"event": event} if event else {}),
    )


def _days() -> list[Any]:
    today = timezone.localdate()
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def _at(day: Any, chance: random.Random) -> datetime:
    hour = min(23.9, max(0.0, chance.gauss(9.6, 2.4)))
    moment = timezone.make_aware(datetime.combine(day, time(int(hour), int(hour % 1 * 60), chance.randrange(60))))
    now = timezone.now()
    # today's mornings are in the future for whoever starts at night: bring them near
    return moment if moment < now else now - timedelta(minutes=chance.randrange(1, 90))


def _from(ip: str, agent: str) -> dict[str, Any]:
    """These addresses are in no country; the company says where its offices stand."""
    known = devices.seen_from(ip, agent)
    return known | {"country": OFFICES.get(ip.rpartition(".")[0], known["country"])}


def _address(chance: random.Random) -> str:
    return (
        chance.choices(list(GATES), list(GATES.values()))[0]
        or f"100.64.{chance.randrange(4)}.{chance.randrange(1, 255)}"
    )
