"""Text messages, and the worker that sends them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.sms import services
from integrations.sms.models import Message, Provider, Template, TemplateCode
from integrations.sms.providers import memory
from integrations.sms.providers.interface import Outgoing
from project.core import breaker, jobs
from tests.fakes.alibaba import KEY_ID, KEY_SECRET, Alibaba

RECEIPT_SECRET = "what receipts are signed with"
Ask = Callable[..., Message]


@pytest.fixture(autouse=True)
def _fresh_breakers() -> Iterator[None]:
    """A breaker belongs to the process, and a test may have opened it."""
    yield
    for one in breaker.snapshots():
        if one.name.startswith("sms-"):
            breaker.named(one.name).reset()


@pytest.fixture
def outbox(db: None) -> Iterator[list[Outgoing]]:
    """What was sent by a provider that keeps messages in memory."""
    Provider.objects.create(key="memory", name="Memory", kind="memory", sign_name="Gatehouse", cost_per_segment="0.05")
    memory.outbox.clear()
    memory.refusals.clear()
    yield memory.outbox
    memory.outbox.clear()
    memory.refusals.clear()


@pytest.fixture
def ask(db: None) -> Ask:
    """Ask for a message: a code, unless the test says otherwise."""

    def one(**given: Any) -> Message:
        values: dict[str, Any] = {
            "phone": "+8613800000000",
            "template": "verification",
            "parameters": {"minutes": "5"},
            "secret": {"code": "314159"},
            "language": "en",
            "purpose": "login",
        }
        return services.enqueue(**values | given)

    return one


@pytest.fixture
def ask_notice(ask: Ask) -> Ask:
    """Ask for a notice, in which nothing is secret."""

    def one(**given: Any) -> Message:
        values = {"template": "notice", "parameters": {"text": "Lunch is ready."}, "secret": None, "purpose": "notice"}
        return ask(**values | given)

    return one


def work(message: Message) -> Message:
    """Do what the worker would; return the message as the database knows it afterwards."""
    jobs.registered()
    jobs.run("sms.Message", str(message.pk))
    message.refresh_from_db()
    return message


@pytest.fixture
def gateway() -> Iterator[Alibaba]:
    """Alibaba's gateway, on a port of its own."""
    with Alibaba() as opened:
        yield opened


@pytest.fixture
def aliyun(gateway: Alibaba, db: None) -> Provider:
    """An account there, with the ids of our templates."""
    return account_at(gateway.url)


def account_at(url: str, **given: Any) -> Provider:
    values = {
        "key": "aliyun",
        "name": "Alibaba",
        "kind": "aliyun",
        "sign_name": "Gatehouse",
        "cost_per_segment": "0.045",
    }
    provider = Provider(endpoint=url, **values | given)
    provider.seal({"access_key_id": KEY_ID, "access_key_secret": KEY_SECRET, "receipt_secret": RECEIPT_SECRET})
    provider.save()
    for key, code in (("verification", "SMS_100000001"), ("notice", "SMS_100000002")):
        template = Template.objects.named(key)
        assert template is not None
        TemplateCode.objects.create(template=template, provider=provider, code=code)
    return provider
