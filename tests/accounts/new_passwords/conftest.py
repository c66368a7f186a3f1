"""Who is sent a link to a new password, and the links."""

import re

import pytest
from django.core import mail as outbox

from accounts.models import Mail, PasswordRequest
from integrations.sms.models import Message, Provider
from integrations.sms.providers import memory
from project.core import jobs

ANOTHER = "rain on the tin roof"


RESET, CONFIRM = "auth/password-reset", "auth/password-reset/confirm"


FORGOTTEN, NEW = "/admin/forgot-password/", "/admin/new-password/"


@pytest.fixture
def lena(hire):
    """Staff with a mail address."""
    return hire("lenabauer", email="Lena@example.com", language="en", is_staff=True)


def work() -> None:
    """Do what waits: requests first, then their mails."""
    jobs.registered()
    for model in (PasswordRequest, Mail):
        for row in jobs.due(model):
            jobs.run(model._meta.label, str(row.pk))


def token_in(message) -> str:
    found = re.search(r"^http\S+/admin/new-password/\?token=([A-Za-z0-9_-]{43})$", message.body, re.MULTILINE)
    assert found, message.body
    return found[1]


@pytest.fixture
def texts():
    """What was sent by a provider that keeps messages in memory."""
    Provider.objects.create(key="memory", name="Memory", kind="memory", sign_name="Gatehouse", cost_per_segment="0.05")
    memory.outbox.clear()
    yield memory.outbox
    memory.outbox.clear()


def token_in_text(texts) -> str:
    """Send the message that waits; return the token of its link."""
    jobs.registered()
    jobs.run("sms.Message", str(Message.objects.get().pk))
    found = re.search(r"/admin/new-password/\?token=([A-Za-z0-9_-]{43})", texts[-1].text)
    assert found, texts[-1].text
    return found[1]


def forget(program, name: str) -> str:
    """Ask for a link; return its token."""
    outbox.outbox.clear()
    assert program().post(RESET, {"username": name}).status_code == 202
    work()
    return token_in(outbox.outbox[0])
