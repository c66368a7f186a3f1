"""Text messages the invented company has sent. None of them, nor any later one, reaches a telephone."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.sms import phones
from integrations.sms.models import Attempt, Campaign, Message, Provider, Recipient, Template, TemplateText

NUMBER, DAYS = 360, 14
PRICE = Decimal("0.045")
State, Outcome = Message.State, Attempt.Outcome
FATES = ((State.DELIVERED, 88), (State.SENT, 5), (State.FAILED, 5), (State.UNKNOWN, 1), (State.EXPIRED, 1))
TEXTS = {
    "zh-hans": "${name}您好，您的包裹${number}已到前台，请凭工牌领取。",
    "en": "Hello ${name}, your parcel ${number} is at reception.",
}


def all_of_them(people: list[User], chance: random.Random) -> list[Any]:
    """Providers, templates, messages and a campaign; what hangs on them goes with them."""
    account, made = providers()
    said = template()
    sent = messages(people, account, chance)
    done, theirs = campaign(people, said, account, chance)
    return [*made, said, *sent, done, *theirs]


def providers() -> tuple[Provider, list[Any]]:
    """An account that is switched off, and the terminal, which stays in use; and those of them that are new."""
    account, fresh = Provider.objects.get_or_create(
        key="demo", defaults={"name": "Alibaba Cloud", "kind": "aliyun", "enabled": False, "position": 1}
        | {"sign_name": "Gatehouse", "prefixes": [phones.CHINA], "cost_per_segment": PRICE, "daily_quota": 5_000},
    )  # fmt: skip
    terminal, new = Provider.objects.get_or_create(key="console", defaults={"name": "Terminal", "kind": "console"})
    return account, [*([account] if fresh else []), *([terminal] if new else [])]


def template() -> Template:
    """What the campaign says."""
    with translation.override(settings.LANGUAGE_CODE):
        made = Template.objects.create(key="demo-parcel", name=_("Parcel at reception"))
    TemplateText.objects.bulk_create(
        TemplateText(template=made, language=language, text=text) for language, text in TEXTS.items()
    )
    return made


def messages(people: list[User], provider: Provider, chance: random.Random) -> list[Any]:
    """Codes and notices of the last two weeks, more of them by day than by night."""
    reached = [one for one in people if one.phone]
    kinds = [(Template.objects.named("verification"), "login"), (Template.objects.named("notice"), "notice")]
    now = timezone.now()
    rows = []
    for _place in range(NUMBER):
        said, purpose = chance.choices(kinds, weights=(4, 1))[0]
        at = now - timedelta(minutes=5 + chance.random() ** 1.5 * DAYS * 24 * 60)
        state = chance.choices([one for one, _weight in FATES], weights=[weight for _one, weight in FATES])[0]
        rows.append(_message(chance.choice(reached), said, purpose, provider, state, at))
    Message.objects.bulk_create(rows)
    Attempt.objects.bulk_create(_try(one, provider) for one in rows if one.state != State.EXPIRED)
    return rows


def campaign(people: list[User], said: Template, provider: Provider, chance: random.Random) -> tuple[Any, list[Any]]:
    """A campaign that is done, and its messages."""
    reached = [one for one in people if one.phone][:48]
    by = next(one for one in people if one.is_staff)
    at = timezone.now() - timedelta(hours=5)
    numbers = {one.pk: f"{chance.randrange(10**10):010}" for one in reached}
    states = [chance.choices((State.DELIVERED, State.FAILED), weights=(12, 1))[0] for _one in reached]
    with translation.override(settings.LANGUAGE_CODE):
        name = _("Parcels of this week")
    made = Campaign.objects.create(
        name=name, template=said, state=Campaign.State.DONE, audience={"people": [one.pk for one in reached]},
        good=len(reached), done=len(reached), total=len(reached), segments=len(reached), cost=PRICE * len(reached),
        currency=settings.SMS_CURRENCY, created_by=by, confirmed_by=by, created_at=at, confirmed_at=at,
        finished_at=at + timedelta(seconds=9),
    )  # fmt: skip
    rows = [
        _message(
            one, said, "campaign", provider, state, at,
            campaign=made, parameters=_values(one, numbers[one.pk]), created_by=by,
        )
        for one, state in zip(reached, states, strict=True)
    ]  # fmt: skip
    Message.objects.bulk_create(rows)
    Attempt.objects.bulk_create(_try(one, provider) for one in rows)
    Recipient.objects.bulk_create(
        Recipient(
            campaign=made, number=place, phone=row.phone, person=row.person, language=row.language,
            parameters=row.parameters, queued=True, message=row,
        )
        for place, row in enumerate(rows, start=1)
    )  # fmt: skip
    return made, rows


def _values(person: User, number: str) -> dict[str, str]:
    return {"name": person.get_full_name(), "number": number}


def _message(
    person: User, said: Any, purpose: str, provider: Provider, state: str, at: datetime, **more: Any
) -> Message:
    left = state not in {State.EXPIRED, State.FAILED}
    values: dict[str, Any] = {"parameters": {"text": "Gatehouse"}}
    if purpose == "login":
        values = {"parameters": {"minutes": "5"}, "secret_names": ["code"]}
    failed = {"error_code": "isv.BUSINESS_LIMIT_CONTROL", "error": "Permits:10"} if state == State.FAILED else {}
    return Message(
        phone=phones.as_sent(str(person.phone)), prefix=phones.CHINA, template=said, purpose=purpose, person=person,
        language=person.language or settings.LANGUAGE_CODE, provider=provider, state=state, cost=PRICE,
        currency=settings.SMS_CURRENCY, created_at=at, next_at=at, sent_at=at if left else None,
        finished_at=at + timedelta(seconds=6), delivered_at=at if state == State.DELIVERED else None,
        **values | failed | more,
    )  # fmt: skip


def _try(message: Message, provider: Provider) -> Attempt:
    outcome = {State.FAILED: Outcome.REFUSED, State.UNKNOWN: Outcome.UNKNOWN}.get(
        State(message.state), Outcome.ACCEPTED
    )
    arrived = message.state == State.DELIVERED
    return Attempt(
        message=message, number=1, provider=provider, provider_key=provider.key, started_at=message.created_at,
        ended_at=message.created_at + timedelta(milliseconds=240), outcome=outcome, cost=message.cost,
        error_code=message.error_code, error=message.error, receipt=Attempt.Receipt.DELIVERED if arrived else Attempt.Receipt.NONE,
        receipt_at=message.created_at + timedelta(seconds=6) if arrived else None,
    )  # fmt: skip
