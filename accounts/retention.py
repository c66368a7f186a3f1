"""How long sign-ins, sessions, devices and mails are kept, and what is known of leavers."""

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from accounts import lockout, mails
from accounts.models import Device, LoginEvent, LoginSession, User
from accounts.passwords import asked, links
from accounts.services import anonymise_user
from project.core import audit
from project.core.errors import Conflict

log = structlog.get_logger(__name__)
BATCH = 1_000
LEAVERS_AT_ONCE = 200
MOST_BATCHES = 1_000
"""In one run; the next goes on."""


def purge() -> dict[str, int]:
    """Forget what is older than the settings say; return how many rows of each kind.

    Live sessions stay, and whatever lock-outs still count.
    """
    now = timezone.now()
    events_before = min(now - timedelta(days=settings.LOGIN_EVENT_DAYS), now - lockout.WINDOW)
    sessions_before = now - timedelta(days=settings.SESSION_HISTORY_DAYS)
    newer = Device.objects.filter(user=OuterRef("user"), last_seen_at__gt=OuterRef("last_seen_at"))
    gone = {
        "sign_ins": _forget(LoginEvent.objects.filter(created_at__lt=events_before)),
        "sessions": _forget(LoginSession.objects.filter(ended_at__lt=sessions_before)),
        # a person's latest stays: without any, the next device of all would pass for their first
        "devices": _forget(Device.objects.filter(Exists(newer), last_seen_at__lt=events_before)),
        "mails": mails.purge(),
        "password_links": asked.purge() + links.forget_run_out(),
        "leavers": _anonymise_leavers(),
    }
    log.info("sign_ins.purged", **gone)
    if any(gone.values()):
        audit.record("sign_ins.purged", rows=gone)
    return gone


def _anonymise_leavers() -> int:
    """Forget who left so long ago; one by one, so that no failure keeps the others."""
    if not settings.LEAVER_ANONYMISE_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.LEAVER_ANONYMISE_DAYS)
    due = User.objects.get_queryset().filter(left_at__lt=before, is_active=False, anonymised_at=None).order_by("pk")
    done = 0
    for person in due[:LEAVERS_AT_ONCE]:
        try:
            anonymise_user(by=None, user=person, reason="LEAVER_ANONYMISE_DAYS")
            done += 1
        except Conflict:  # came back, or was anonymised, in between
            continue
    return done


def _forget(rows: QuerySet[Any]) -> int:
    """Delete in small transactions: nobody who signs in waits for this."""
    model: type[Model] = rows.model
    gone = 0
    for _batch in range(MOST_BATCHES):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        gone += model._default_manager.filter(pk__in=keys).delete()[1].get(model._meta.label, 0)
        if len(keys) < BATCH:
            break
    return gone
