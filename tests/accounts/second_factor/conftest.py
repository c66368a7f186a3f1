"""People with a second factor, and those whose role demands one."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import second_factor, services
from tests.accounts.conftest import PASSWORD
from tests.accounts.phones import Phone


def later(**span):
    return time_machine.travel(timezone.now() + timedelta(**span), tick=True)


@pytest.fixture
def set_up():
    """Set up somebody's second factor; return their phone and recovery codes."""

    def act(user):
        begun = second_factor.begin(user, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        return phone, second_factor.confirm(begun, phone.code(-1))

    return act


@pytest.fixture
def knock(program):
    """Give somebody's right password; return the answer and the program."""

    def act(user, **more):
        one = program()
        return one.knock({"username": user.username, "password": PASSWORD}, **more), one

    return act


@pytest.fixture
def challenge_for():
    """Make the challenge that somebody's right password is answered with."""

    def act(user, user_agent=""):
        return second_factor.begin_challenge(user, scope="api", device="", user_agent=user_agent).token

    return act


@pytest.fixture
def guarded(role, hire):
    """Somebody whose role demands a second factor, and who has none."""
    demanding = role("guards", 5)
    services.update_role(by=None, role=demanding, second_factor_required=True)
    return hire("theguard", roles=[demanding])


def show(program, challenge, code, **more):
    return program().post("auth/second-factor", {"challenge": challenge, "code": code}, **more)
