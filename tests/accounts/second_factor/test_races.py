"""One code, brought by many in the same moment."""

from collections import Counter

import pytest

from accounts import second_factor
from accounts.models import LoginEvent, LoginSession
from tests.accounts.conftest import PASSWORD, code_of
from tests.accounts.phones import Phone
from tests.accounts.together import together

pytestmark = [pytest.mark.every_database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(mei):
    """Mei's phone, with her second factor set up, and her recovery codes."""
    begun = second_factor.begin(mei, begun_for="here")
    found = Phone(second_factor.to_show(begun)["otpauth_uri"])
    return found, second_factor.confirm(begun, found.code(-1))


@pytest.fixture
def challenges(mei, settings):
    """As many challenges for Mei as wanted."""
    settings.LOGIN_MAX_FAILURES = 5
    return lambda number: [
        second_factor.begin_challenge(mei, scope="api", device="", user_agent="").token for _ in range(number)
    ]


def act_with(program, tokens, code):
    def act(number):
        answer = program().post("auth/second-factor", {"challenge": tokens[number], "code": code})
        return answer.status_code

    return act


def test_lets_one_of_many_in_with_one_code(program, phone, challenges, settings):
    settings.LOGIN_MAX_FAILURES = 100
    found = together(6, act_with(program, challenges(6), phone[0].code()))

    assert Counter(found) == {200: 1, 400: 5}


def test_lets_one_of_many_in_with_one_recovery_code(program, phone, challenges, settings):
    settings.LOGIN_MAX_FAILURES = 100
    found = together(6, act_with(program, challenges(6), phone[1][0]))

    assert Counter(found) == {200: 1, 400: 5}


def test_lets_one_of_many_in_with_one_challenge(program, phone, challenges, settings):
    settings.LOGIN_MAX_FAILURES = 100
    tokens = challenges(1) * 6
    LoginSession.objects.all().delete()

    together(6, lambda number: act_with(program, tokens, phone[1][number])(number))

    assert LoginSession.objects.count() == 1
    assert second_factor.state_of(LoginSession.objects.get().user).recovery_codes_left == 9


def test_checks_no_more_guesses_than_allowed(program, phone, challenges):
    tokens = challenges(12)

    found = together(12, act_with(program, tokens, phone[0].wrong()))

    assert Counter(found) == {400: 5, 429: 7}
    assert LoginEvent.objects.filter(reason="wrong_code").count() == 5
    refused = program().post("auth/login", {"username": "meiling", "password": PASSWORD})
    assert code_of(refused) == (429, "20007")


def test_sets_up_one_factor_when_two_begin_at_once(mei):
    found = together(4, lambda number: second_factor.begin(mei, begun_for=f"session {number % 2}").pk)

    assert len(set(found)) == 1
