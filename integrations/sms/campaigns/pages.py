"""What the pages of campaigns show."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sms import looks, outlook
from integrations.sms.campaigns.progress import tallies
from integrations.sms.models import Attempt, Campaign, Message, Recipient
from integrations.sms.phones import prefix_of
from integrations.sms.shield import budget

PAGE = 25
SAMPLES = 3
ORDER = ("pending", "sending", "sent", "delivered", "failed", "unknown", "dead", "expired", "cancelled")


def in_a_word(campaign: Campaign) -> str:
    """How it stands, in a few words of a list."""
    if not campaign.good and not campaign.bad:
        return "–"
    if campaign.confirmed_at:
        return f"{number_format(campaign.done)} / {number_format(campaign.good)}"
    return ngettext("%(n)s recipient", "%(n)s recipients", campaign.good) % {"n": number_format(campaign.good)}


def chosen(campaign: Campaign) -> str:
    """Where its recipients come from."""
    match campaign.source:
        case "people":
            n = len(campaign.audience["people"])
            return ngettext("%(n)d chosen person", "%(n)d chosen people", n) % {"n": n}
        case "rows":
            n = len(campaign.audience["rows"]) or campaign.good + campaign.bad
            return ngettext("%(n)d number by a program", "%(n)d numbers by a program", n) % {"n": n}
    return campaign.file_name


def recipients(campaign: Campaign, query: Mapping[str, str]) -> "QuerySet[Recipient]":
    """Its rows, as the page's tabs narrow them: the bad ones, or those that get a message."""
    rows = campaign.recipients.select_related("person", "message", "message__template")
    return rows.exclude(problem="") if _shows_bad(campaign, query) else rows.filter(problem="")


def of_campaign(campaign: Campaign, user: Any, page: Any, query: Mapping[str, str]) -> dict[str, Any]:
    """The page of one campaign."""
    bad = campaign.recipients.exclude(problem="").count()
    good = campaign.good
    return {
        "campaign": campaign,
        "running": campaign.state in Campaign.CLAIMABLE,
        "percent": min(100, round(100 * campaign.done / campaign.total)) if campaign.total else 0,
        "chosen": chosen(campaign),
        "cost": looks.money(campaign.cost, campaign.currency),
        "spent": looks.money(_spent(campaign), campaign.currency),
        "beyond": _beyond(campaign),
        "budget": looks.money(Decimal(settings.SMS_DAILY_BUDGET or 0)),
        "figures": _figures(campaign),
        "samples": _samples(campaign) if campaign.state == Campaign.State.READY else [],
        "shows_bad": _shows_bad(campaign, query),
        "tabs": [
            {"key": "bad", "label": _("Left out"), "number": bad, "active": _shows_bad(campaign, query)},
            {"key": "good", "label": _("Recipients"), "number": good, "active": not _shows_bad(campaign, query)},
        ],
        "rows": [_row(one, user) for one in page],
    }


def _figures(campaign: Campaign) -> list[dict[str, Any]]:
    if not campaign.confirmed_at:
        return []
    counted = tallies(campaign)
    url = reverse("admin:sms_message_changelist")
    names = dict(Message.State.choices)
    return [
        {
            "label": names[state],
            "tone": looks.STATES[state][0],
            "number": number_format(counted[state]),
            "url": f"{url}?{urlencode({'campaign__id__exact': campaign.pk, 'state__exact': state})}",
        }
        for state in ORDER
        if counted.get(state)
    ]


def _samples(campaign: Campaign) -> list[dict[str, Any]]:
    """What the first of them will read."""
    rows = campaign.recipients.filter(problem="").select_related("person")[:SAMPLES]
    return [
        outlook.of_text(campaign.template.text_in(one.language), one.parameters, prefix_of(one.phone or ""))
        for one in rows
    ]


def _row(one: Recipient, user: Any) -> dict[str, Any]:
    message = one.message
    return {
        "number": one.number,
        "phone": looks.phone(one.phone, user) if one.phone else looks.as_given(one.given, user),
        "person": one.person.get_full_name() if one.person else "",
        "problem": one.problem,
        "parameters": [(name, one.parameters[name]) for name in sorted(one.parameters)],
        "state": looks.state(message) if message else "",
        "url": reverse("admin:sms_message_change", args=(message.pk,)) if message else "",
    }


def _shows_bad(campaign: Campaign, query: Mapping[str, str]) -> bool:
    wanted = query.get("show", "")
    ready = campaign.state == Campaign.State.READY
    return wanted == "bad" or (wanted != "good" and ready and campaign.bad > 0)


def _spent(campaign: Campaign) -> Decimal:
    sent = Attempt.objects.filter(message__campaign=campaign).sent()
    return sent.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)


def _beyond(campaign: Campaign) -> bool:
    """Whether it costs more than campaigns may spend of what is left today."""
    limit = settings.SMS_DAILY_BUDGET
    return bool(
        limit and campaign.state == Campaign.State.READY and budget.spent_today() + campaign.cost > limit * budget.NEAR
    )
