"""Machines, their owner and their tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import User
from tests.accounts.conftest import Program

SEES_PEOPLE = "accounts.view_user"


@pytest.fixture
def mechanic(hire, role) -> User:
    """Staff of rank 50 who looks after people, and has machines."""
    powers = [f"accounts.{deed}_user" for deed in ("view", "add", "change", "delete")]
    return hire("mechanic", is_staff=True, roles=[role("mechanics", 50, *powers, "accounts.add_apitoken")])


@pytest.fixture
def token_of():
    """Make a token: `token_of(mechanic, "accounts.view_user")`."""

    def make(owner: User, *scopes: str, **more) -> services.NewToken:
        given: dict[str, Any] = {"name": "nightly export", "expires_at": timezone.now() + timedelta(days=30)}
        return services.create_api_token(owner=owner, scopes=scopes or [SEES_PEOPLE], **given | more)

    return make


@pytest.fixture
def machine_with():
    """A program that shows a token."""

    def start(made: services.NewToken | str) -> Program:
        program = Program()
        program.tokens = {"access": made if isinstance(made, str) else made.text}
        return program

    return start
