"""Beginning and ending to act as somebody, many at the same moment."""

from collections import Counter

import pytest
from auditlog.models import LogEntry

from accounts import errors, impersonation, services, sessions, tokens
from accounts.models import LoginSession, User
from tests.accounts.conftest import Program
from tests.accounts.together import together

pytestmark = [pytest.mark.every_database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two_bosses(boss, hire) -> list[User]:
    return [boss, hire("otherboss", is_superuser=True)]


def entries(event: str) -> int:
    return LogEntry.objects.filter(additional_data__event=f"impersonation.{event}").count()


def begin(session: LoginSession, subject: User):
    return services.impersonate(session=session, subject=subject, by=session.user, reason="x")


def test_one_of_many_begins(boss, mei, hans, open_session):
    session = open_session(boss)

    found = together(6, lambda number: begin(LoginSession.objects.get(pk=session.pk), (mei, hans)[number % 2]))

    kinds = Counter(type(one) for one in found)
    assert kinds == {LoginSession: 1, errors.ActsAlready: 5}, found
    assert entries("started") == 1


def test_one_of_many_ends(boss, mei, open_session):
    session = begin(open_session(boss), mei)

    found = together(6, lambda _: impersonation.end(session, why=impersonation.Why.STOPPED))

    assert Counter(found) == {True: 1, False: 5}
    assert entries("ended") == 1


def test_two_who_act_as_each_other_do_not_wait_for_each_other(two_bosses, open_session):
    held = [open_session(one) for one in two_bosses]

    for _ in range(3):
        begun = together(2, lambda number: begin(held[number], two_bosses[1 - number]))
        assert {type(one) for one in begun} == {LoginSession}, begun
        assert set(together(2, lambda number: services.stop_impersonating(session=held[number]))) == {True}


def test_a_session_that_ends_at_the_same_moment_acts_as_nobody(boss, mei, open_session):
    for _ in range(3):
        session = open_session(boss)

        def act(number: int, session: LoginSession = session):
            return begin(session, mei) if number else sessions.end(session, reason="revoked")

        found = together(2, act)

        assert found[0] is True
        assert isinstance(found[1], LoginSession | errors.NotSignedIn), found
        assert LoginSession.objects.get(pk=session.pk).subject is None
    assert entries("started") == entries("ended")


def test_a_subject_who_is_disabled_at_the_same_moment_is_acted_as_no_more(boss, mei, open_session):
    session = open_session(boss)
    program = Program()
    program.tokens = {"access": tokens.access(session)}

    together(2, lambda number: begin(session, mei) if number else services.deactivate_user(user=mei, by=boss))

    program.get("auth/me")  # may be the call that finds it over
    assert program.get("auth/me").json()["username"] == "theboss"


def test_of_many_calls_none_is_done_in_the_wrong_name(boss, mei, hire, open_session):
    """While one call ends it, others ask: each is answered as the subject, as oneself, or refused, and changes nothing."""
    subject = hire("subject", is_superuser=True)
    session = open_session(boss)
    program = Program()
    program.tokens = {"access": tokens.access(session)}
    begin(session, subject)

    def act(number: int) -> tuple[int, str]:
        if number == 0:
            return program.delete("auth/impersonation").status_code, ""
        answer = program.get("auth/me")
        return answer.status_code, answer.json().get("username", "")

    found = together(6, act)

    assert found[0] == (204, "")
    assert set(found[1:]) <= {(200, "subject"), (200, "theboss")}
    assert program.get("auth/me").json()["username"] == "theboss"
