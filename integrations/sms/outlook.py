"""What a message would say and cost, before it is asked for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sms import examples, looks, routing, segments
from integrations.sms.models import Provider
from integrations.sms.models.templates import filled, places_of
from integrations.sms.phones import CHINA


def of_text(text: str, values: Mapping[str, str], prefix: int = CHINA) -> dict[str, Any]:
    """Return what somebody with a number of this country would read, and what that costs by the first who carries it.

    Parameters without a value are shown with an example.
    """
    given = {name: value for name, value in values.items() if value}
    whole = filled(text, examples.of(places_of(text)) | given)
    carrier = next(iter(routing.route(prefix)), None)
    sign = carrier.sign_name if carrier else ""
    parts = segments.count(whole, prefix, sign) if whole else 0
    return {
        "text": whole,
        "sign": sign,
        "letters": len(f"【{sign}】{whole}" if sign else whole),
        "parts": parts,
        "carrier": carrier.name if carrier else "",
        "cost": looks.money(_cost(carrier, parts)),
    }


def _cost(carrier: Provider | None, parts: int) -> Decimal:
    return carrier.cost_per_segment * parts if carrier else Decimal(0)
