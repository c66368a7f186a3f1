"""Messages, templates and providers for the back office's pages, and who looks after them."""

from typing import Any

import pytest

from integrations.sms import services
from integrations.sms.models import Message, Provider
from tests.admin.conftest import flat

PHONE = "+8613812345678"


@pytest.fixture
def provider() -> Provider:
    """Somebody who carries messages."""
    return Provider.objects.create(
        key="memory", name="Memory", kind="memory", sign_name="Gatehouse", cost_per_segment="0.05"
    )


@pytest.fixture
def message(provider: Provider) -> Message:
    """A notice that waits."""
    return services.enqueue(
        phone=PHONE, template="notice", parameters={"text": "Lunch is ready."}, language="en", purpose="notice"
    )


@pytest.fixture
def desk(hire: Any, role: Any) -> Any:
    """Staff who look after messages and see no whole number."""
    powers = ("sms.view_message", "sms.resend_message", "sms.send_message", "sms.view_template", "sms.view_provider")
    return hire("thedesk", is_staff=True, roles=[role("desk", 50, *powers)])


def seen(answer: Any) -> str:
    """A page's text in one line, and its source."""
    html = answer.content.decode()
    return f"{flat(html)} {html}"
