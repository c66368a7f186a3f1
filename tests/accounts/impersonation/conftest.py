"""Who acts as somebody else, and their programs meanwhile."""

import pytest
from auditlog.models import LogEntry

from accounts.models import User

WHY = {"reason": "She cannot find the export"}


@pytest.fixture
def helper(hire, role) -> User:
    """Staff of rank 60 who may act as others, and change things meanwhile."""
    powers = ("view_user", "impersonate_user", "impersonate_write", "add_apitoken")
    office = role("helpers", 60, *(f"accounts.{power}" for power in powers))
    return hire("thehelper", real_name="Helga", is_staff=True, roles=[office])


@pytest.fixture
def acting(in_as, helper, clerk):
    """The helper's program, acting as the clerk."""
    one = in_as(helper)
    assert one.post(f"users/{clerk.pk}/impersonate", WHY).status_code == 200
    return one


@pytest.fixture
def writing(in_as, helper, clerk):
    """The helper's program, acting as the clerk, and changing things."""
    one = in_as(helper)
    assert one.post(f"users/{clerk.pk}/impersonate", WHY | {"read_only": False}).status_code == 200
    return one


def name_of(program) -> str:
    return program.get("auth/me").json()["username"]


def why_ended() -> list[str]:
    entries = LogEntry.objects.filter(additional_data__event="impersonation.ended")
    return [one.additional_data["details"]["why"] for one in entries]
