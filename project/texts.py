"""What the dashboard says of text messages, for those who may see them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sms import looks, standing
from integrations.sms.days import midnight
from integrations.sms.models import Attempt, Message
from integrations.sms.shield import watch
from project.figures import TREND_DAYS, Figure, last_days, per_day

WENT_WRONG = (Message.State.FAILED, Message.State.DEAD)


def figures(request: HttpRequest) -> list[Figure]:
    """Return today's messages: sent, delivered, failed, what they cost, and whether codes are used."""
    if not request.user.has_perm("sms.view_message"):
        return []
    seen = Message.objects.seen_by(request.user)
    if not seen.exists():
        return []
    return [*_of_today(seen, Attempt.objects.seen_by(request.user).sent()), *_conversion(request)]


def trouble(request: HttpRequest) -> list[str]:
    """Return the providers that refuse us or are left alone, for those who look after them."""
    if not request.user.has_perm("sms.view_provider"):
        return []
    return [one.name for one in standing.in_trouble()]


def _of_today(seen: Any, sendings: Any) -> Iterator[Figure]:
    """A message counts on each day on which it was sent: one that is sent again does so once more."""
    days = last_days(TREND_DAYS)
    sent = per_day(sendings, days, "started_at", all=Q(), delivered=Q(receipt=Attempt.Receipt.DELIVERED))
    bad = per_day(seen, days, "finished_at", n=Q(state__in=WENT_WRONG))["n"]
    delivered = sent["delivered"][-1]
    yield Figure(
        _("SMS today"),
        number_format(sent["all"][-1]),
        _list("sent_at"),
        "sms",
        note=_("yesterday %(n)s") % {"n": number_format(sent["all"][-2])},
        trend=sent["all"],
    )
    yield Figure(
        _("Delivered"),
        number_format(delivered),
        _list("sent_at", state__exact=Message.State.DELIVERED),
        "done_all",
        note=_("%(percent)d %% of those sent") % {"percent": _percent(delivered, sent["all"][-1])},
        trend=sent["delivered"],
    )
    yield Figure(
        _("Failed"),
        number_format(bad[-1]),
        _list("finished_at", state__in=",".join(WENT_WRONG)),
        "sms_failed",
        note=_("yesterday %(n)s") % {"n": number_format(bad[-2])},
        tone="bad" if bad[-1] > 5 + 2 * max(bad[:-1]) else "",
        trend=bad,
    )
    parts = sendings.since(midnight()).aggregate(cost=Sum("cost"), n=Sum("message__segments"))
    n = parts["n"] or 0
    yield Figure(
        _("Cost of SMS today"),
        looks.money(parts["cost"] or Decimal(0)),
        _list("sent_at"),
        "payments",
        note=ngettext("%(n)s part", "%(n)s parts", n) % {"n": number_format(n)},
    )


def _conversion(request: HttpRequest) -> Iterator[Figure]:
    """Of the codes of the last day that can be used no more: how many were."""
    if not request.user.has_perm("sms.view_refusal"):
        return
    found = watch.conversions()
    sent, used = sum(one.sent for one in found), sum(one.used for one in found)
    if sent:
        yield Figure(
            _("Codes used"),
            f"{_percent(used, sent)} %",
            reverse("admin:sms_refusal_changelist"),
            "password",
            note=ngettext("of %(n)s code in a day", "of %(n)s codes in a day", sent) % {"n": number_format(sent)},
        )


def _list(moment: str, **narrowed: str) -> str:
    """The list of messages of which `moment` was since midnight."""
    since = timezone.localtime(midnight())
    asked = narrowed | {f"{moment}_from_0": f"{since:%Y-%m-%d}", f"{moment}_from_1": f"{since:%H:%M:%S}"}
    return f"{reverse('admin:sms_message_changelist')}?{urlencode(asked)}"


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
