"""Refresh tokens: rotation, lost answers, copies."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import errors, services, sessions, tokens
from accounts.models import LoginSession, User
from tests.accounts.conftest import code_of
from tests.accounts.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def later(**span):
    """The time some while from now."""
    return time_machine.travel(timezone.now() + timedelta(**span), tick=True)


class TestRefresh:
    @pytest.mark.attack("T-RT-1")
    def test_of_a_used_token_after_the_grace_ends_the_session(self, phone_of, mei):
        phone = phone_of(mei)
        first = phone.tokens["refresh"]
        phone.tokens = phone.refresh().json()

        with later(seconds=11):
            answer = phone.refresh(first)

            assert code_of(answer) == (401, "20004")
            assert code_of(phone.get("auth/me")) == (401, "20002")
            assert code_of(phone.refresh()) == (401, "20004")
        assert LoginSession.objects.get().end_reason == "reuse"

    def test_rotates_both_tokens(self, phone_of, mei):
        phone = phone_of(mei)

        answer = phone.refresh()

        assert answer.status_code == 200
        assert set(answer.json()) == set(phone.tokens)
        assert answer.json()["refresh"] != phone.tokens["refresh"]
        assert phone.get("auth/me").status_code == 200

    @pytest.mark.attack("T-RT-4")
    def test_gives_a_lost_answer_once_more_to_the_byte(self, phone_of, mei):
        phone = phone_of(mei)

        lost = phone.refresh().json()
        with later(seconds=3):
            again = phone.refresh().json()

        assert (again["refresh"], again["access"]) == (lost["refresh"], lost["access"])

    @pytest.mark.attack("T-RT-3")
    def test_knows_no_grace_for_the_last_but_one(self, phone_of, mei):
        phone = phone_of(mei)
        first = phone.tokens["refresh"]
        second = phone.refresh(first).json()["refresh"]
        phone.refresh(second)

        assert code_of(phone.refresh(first)) == (401, "20004")

    @pytest.mark.attack("T-RT-5")
    def test_counts_generations_not_seconds(self, phone_of, mei):
        phone = phone_of(mei)
        first = token = phone.tokens["refresh"]
        for _ in range(20):
            token = phone.refresh(token).json()["refresh"]

        assert code_of(phone.refresh(first)) == (401, "20004")

    @pytest.mark.attack("T-RT-6")
    def test_is_refused_when_the_person_is_gone(self, phone_of, mei, hans, boss):
        of_mei, of_hans = phone_of(mei), phone_of(hans)
        User.objects.filter(pk=mei.pk).update(is_active=False)
        services.delete_user(user=hans, by=None)

        assert code_of(of_mei.refresh()) == (401, "20002")
        assert code_of(of_hans.refresh()) == (401, "20003")
        assert LoginSession.objects.get(user=mei).end_reason == "disabled"

    def test_is_refused_after_a_new_password(self, phone_of, mei):
        phone = phone_of(mei)
        services.set_password(user=mei, password="another long sentence")

        assert code_of(phone.refresh()) == (401, "20002")

    def test_is_refused_when_the_session_ran_out(self, phone_of, mei):
        phone = phone_of(mei)

        with later(days=8):
            assert code_of(phone.refresh()) == (401, "20003")

        assert LoginSession.objects.get().end_reason == "expired"

    @pytest.mark.parametrize(
        "token", ["x", "a.b.c", "0" * 32 + ".0." + "A" * 43, "0" * 32 + ".99999999999.x", "é" * 40, " "]
    )
    def test_refuses_made_up_tokens(self, program, db, token):
        assert code_of(program().refresh(token)) == (401, "20003")

    @pytest.mark.parametrize("body", [{}, {"refresh": 5}, {"refresh": None}, {"refresh": []}, {"refresh": "x", "a": 1}])
    def test_refuses_a_wrong_form(self, program, db, body):
        assert code_of(program().post("auth/refresh", body)) == (400, "10000")

    def test_refuses_a_proof_of_another_generation(self, phone_of, mei):
        phone = phone_of(mei)
        sid, _generation, proof = phone.tokens["refresh"].split(".")

        assert code_of(phone.refresh(f"{sid}.1.{proof}")) == (401, "20003")
        assert phone.refresh().status_code == 200

    def test_leaves_nothing_to_replay_in_the_table(self, phone_of, mei):
        phone = phone_of(mei)
        row = LoginSession.objects.values().get()

        proof = phone.tokens["refresh"].rpartition(".")[2]
        assert not any(proof in str(value) for value in row.values())

    def test_survives_a_change_of_the_secret_key_with_a_fallback(self, phone_of, mei, settings):
        phone = phone_of(mei)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another secret key that is long enough for this test, surely"

        assert phone.refresh().status_code == 200

    def test_without_grace_takes_each_token_once(self, phone_of, mei, settings):
        settings.REFRESH_GRACE_SECONDS = 0
        phone = phone_of(mei)

        assert phone.refresh().status_code == 200
        assert code_of(phone.refresh()) == (401, "20004")


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    @pytest.mark.attack("T-RT-2")
    def test_get_the_same_successor(self, mei):
        session = sessions.open(user=mei, scope="api")
        token = tokens.refresh(session)

        answers = together(8, lambda _number: tokens.refresh(sessions.refresh(token)))

        assert len(set(answers)) == 1, answers
        assert LoginSession.objects.get().gen == 1

    def test_end_up_with_the_same_access_token_too(self, mei):
        token = tokens.refresh(sessions.open(user=mei, scope="api"))

        answers = together(8, lambda _number: tokens.access(sessions.refresh(token)))

        assert len(set(answers)) == 1, answers

    @pytest.mark.attack("T-SL-2")
    def test_sign_ins_leave_one_session(self, mei):
        opened = together(20, lambda _number: sessions.open(user=mei, scope="api"))

        assert not [one for one in opened if isinstance(one, Exception)]
        assert LoginSession.objects.live().count() == 1
        assert LoginSession.objects.filter(end_reason="displaced").count() == 19

    @pytest.mark.attack("T-AR-3")
    def test_renewals_never_revive_a_session(self, mei, settings):
        settings.SESSION_REFRESH_INTERVAL, settings.SESSION_MAX_REFRESH_TIMES = 0, -1
        renewals = 0
        for _round in range(25):
            session = sessions.open(user=mei, scope="api")
            done = threading.Event()

            def act(number, session=session, done=done):
                if number == 0:
                    sessions.end(session, reason="logout")
                    done.set()
                    return 0
                tried = 0
                while not done.is_set() or tried < 20:
                    sessions.renew(session)
                    tried += 1
                return tried

            answers = together(3, act)
            assert not [one for one in answers if isinstance(one, Exception)]
            renewals += sum(one for one in answers if isinstance(one, int))

            session.refresh_from_db()
            assert (session.end_reason, session.is_live) == ("logout", False)
            assert sessions.state_of(session.sid).reason == "logout"
        assert renewals >= 1_000

    @pytest.mark.attack("T-AR-1")
    def test_calls_renew_once(self, mei):
        session = sessions.open(user=mei, scope="api")
        LoginSession.objects.update(renewed_at=timezone.now() - timedelta(days=2))

        renewed = together(30, lambda _number: sessions.renew(session))

        assert renewed.count(True) == 1
        assert renewed.count(False) == 29
        session.refresh_from_db()
        assert session.renew_count == 1


class TestErrors:
    def test_tell_why(self, mei, open_session):
        first = open_session(mei)
        token = tokens.refresh(first)
        open_session(mei)

        with pytest.raises(errors.Displaced):
            sessions.refresh(token)
