"""Signing in with codes besides the password, over the API."""

import pytest

from accounts import second_factor, services
from accounts.models import LoginEvent, LoginSession, Role, SignInChallenge
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone
from tests.accounts.second_factor.conftest import later, show

pytestmark = pytest.mark.django_db


class TestSigningIn:
    @pytest.mark.every_database
    def test_takes_two_steps(self, mei, set_up, knock, program):
        phone, _ = set_up(mei)
        LoginSession.objects.all().delete()

        answer, _program = knock(mei)

        error = answer.json()["error"]
        assert code_of(answer) == (401, "20005")
        assert (error["expires_in"], "enrolment" in error) == (300, False)
        assert not LoginSession.objects.exists()
        done = show(program, error["challenge"], phone.code())
        assert done.status_code == 200
        assert done["Cache-Control"] == "no-store"
        assert set(done.json()) == {
            "access", "refresh", "access_expires_in", "refresh_expires_in", "session", "user", "password_due",
        }  # fmt: skip
        one = program()
        one.tokens = done.json()
        assert one.get("auth/me").json()["username"] == "meiling"

    def test_keeps_the_device_named_in_the_first(self, mei, set_up, program):
        phone, _ = set_up(mei)
        asked = {"username": "meiling", "password": PASSWORD, "device": "my phone"}
        challenge = program().post("auth/login", asked).json()["error"]["challenge"]

        assert show(program, challenge, phone.code()).json()["session"]["device"] == "my phone"

    def test_tells_nothing_to_who_does_not_know_the_password(self, mei, hans, set_up, program):
        set_up(mei)

        def body(username):
            answer = program().post("auth/login", {"username": username, "password": "wrong"})
            return answer.status_code, answer.json()["error"] | {"request_id": ""}

        assert body("meiling") == body("hansmeier") == body("nobody99")

    def test_writes_down_each_step(self, mei, set_up, knock, program):
        phone, _ = set_up(mei)
        LoginEvent.objects.all().delete()
        challenge = knock(mei)[0].json()["error"]["challenge"]
        show(program, challenge, phone.wrong())
        show(program, challenge, phone.code())
        show(program, challenge, phone.code(1))

        noted = LoginEvent.objects.order_by("pk").values_list("reason", flat=True)
        assert list(noted) == ["code_asked", "wrong_code", "ok", "challenge_over"]

    @pytest.mark.parametrize("body", [{}, {"challenge": "x"}, {"code": "123456"}, {"challenge": 1, "code": 2}])
    def test_survives_bad_bodies(self, db, program, body):
        assert fields_of(program().post("auth/second-factor", body))

    @pytest.mark.parametrize("code", ["", "x", "0", "00000000000", "１２３４５６", "a\0b", "-" * 30])
    def test_survives_odd_codes(self, mei, set_up, challenge_for, program, code):
        set_up(mei)

        assert show(program, challenge_for(mei), code).status_code == 400

    @pytest.mark.parametrize("steps", [-1, 0, 1])
    def test_takes_clocks_that_are_half_a_minute_wrong(self, mei, set_up, challenge_for, program, steps):
        phone, _ = set_up(mei)

        with later(minutes=2):
            assert show(program, challenge_for(mei), phone.code(steps)).status_code == 200

    @pytest.mark.parametrize("steps", [-3, 3])
    def test_takes_no_clock_that_is_more_wrong(self, mei, set_up, challenge_for, program, steps):
        phone, _ = set_up(mei)

        with later(minutes=3):
            assert code_of(show(program, challenge_for(mei), phone.code(steps))) == (400, "20006")

    def test_takes_a_code_once(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        code = phone.code()

        assert show(program, challenge_for(mei), code).status_code == 200
        assert code_of(show(program, challenge_for(mei), code)) == (400, "20006")
        assert code_of(show(program, challenge_for(mei), phone.code(-1))) == (400, "20006")

    def test_takes_a_recovery_code_once(self, mei, set_up, challenge_for, program, phone_of):
        _, (first, second, *_) = set_up(mei)

        assert show(program, challenge_for(mei), first).status_code == 200
        assert code_of(show(program, challenge_for(mei), first)) == (400, "20006")
        assert show(program, challenge_for(mei), second.upper().replace("-", " ")).status_code == 200
        assert second_factor.state_of(mei).recovery_codes_left == 8

    def test_is_spared_nobody_who_is_disabled_meanwhile(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)
        services.deactivate_user(user=mei, by=None)

        assert code_of(show(program, challenge, phone.code())) == (400, "20006")


class TestChallenge:
    def test_is_good_once(self, mei, set_up, challenge_for, program):
        phone, recovery_codes = set_up(mei)
        challenge = challenge_for(mei)
        show(program, challenge, phone.code())

        again = show(program, challenge, recovery_codes[0])

        assert code_of(again) == (400, "20006")
        assert "Begin again" in again.json()["error"]["message"]

    def test_is_over_after_five_minutes(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)

        with later(minutes=5, seconds=1):
            assert "Begin again" in show(program, challenge, phone.code()).json()["error"]["message"]

    def test_is_over_after_five_tries(self, mei, set_up, challenge_for, program, settings):
        settings.LOGIN_MAX_FAILURES = 100
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)
        for _ in range(5):
            assert code_of(show(program, challenge, phone.wrong())) == (400, "20006")

        assert "Begin again" in show(program, challenge, phone.code()).json()["error"]["message"]
        assert show(program, challenge_for(mei), phone.code()).status_code == 200

    def test_belongs_to_the_program_that_has_it(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei, "Mine/1")

        assert code_of(show(program, challenge, phone.code(), headers={"user-agent": "Theirs/1"})) == (400, "20006")
        mine = {"user-agent": "Mine/1", "accept-language": "en"}
        assert show(program, challenge, phone.code(), headers=mine).status_code == 200

    def test_is_void_after_a_new_password(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)
        services.set_password(user=mei, password="an entirely new sentence")

        assert code_of(show(program, challenge, phone.code())) == (400, "20006")

    def test_cannot_be_guessed_or_read(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)

        assert code_of(show(program, "x" * 43, phone.code())) == (400, "20006")
        kept = SignInChallenge.objects.get()
        assert challenge not in str(vars(kept))
        assert code_of(show(program, kept.token_hash, phone.code())) == (400, "20006")

    def test_is_forgotten_in_the_end(self, mei, set_up, challenge_for):
        set_up(mei)
        challenge_for(mei)

        assert second_factor.forget_run_out() == 0
        with later(minutes=11):
            assert second_factor.forget_run_out() == 1


class TestGuessing:
    @pytest.mark.attack("T-US-5")
    def test_locks_like_wrong_passwords(self, mei, set_up, challenge_for, program):
        phone, _ = set_up(mei)
        first, second = challenge_for(mei), challenge_for(mei)

        answers = [show(program, one, phone.wrong()).status_code for one in (first, first, first, second, second)]

        assert answers == [400] * 5
        locked = show(program, second, phone.code())
        assert code_of(locked) == (429, "20007")
        assert 0 < int(locked["Retry-After"]) <= 900
        assert code_of(program().post("auth/login", {"username": "meiling", "password": PASSWORD})) == (429, "20007")
        with later(minutes=15, seconds=1):
            assert show(program, challenge_for(mei), phone.code()).status_code == 200

    def test_is_not_forgotten_by_giving_the_password_again(self, mei, set_up, knock, program):
        phone, _ = set_up(mei)
        for _ in range(5):
            show(program, knock(mei)[0].json()["error"]["challenge"], phone.wrong())

        assert code_of(program().post("auth/login", {"username": "meiling", "password": PASSWORD})) == (429, "20007")

    def test_counts_at_all_doors(self, mei, set_up, phone_of, challenge_for, program):
        phone, _ = set_up(mei)
        challenge = challenge_for(mei)
        program_of_mei = program()
        program_of_mei.tokens = show(program, challenge, phone.code()).json()

        answers = [program_of_mei.post("auth/confirm", {"code": phone.wrong()}).status_code for _ in range(6)]

        assert answers == [400] * 5 + [429]


class TestRolesThatDemandIt:
    def test_let_people_set_it_up_with_their_next_sign_in(self, guarded, knock, program):
        answer, _ = knock(guarded)
        error = answer.json()["error"]
        phone = Phone(error["enrolment"]["otpauth_uri"])

        assert code_of(answer) == (401, "20005")
        assert code_of(show(program, error["challenge"], phone.wrong())) == (400, "20006")
        done = show(program, error["challenge"], phone.code())
        assert done.status_code == 200
        assert len(done.json()["recovery_codes"]) == 10
        assert second_factor.state_of(guarded).enabled

    def test_never_show_one_secret_to_two(self, guarded, knock, program):
        first, second = (knock(guarded)[0].json()["error"] for _ in range(2))
        early, late = (Phone(one["enrolment"]["otpauth_uri"]) for one in (first, second))

        assert early.given["secret"] != late.given["secret"]
        assert show(program, first["challenge"], early.code()).status_code == 400
        assert show(program, first["challenge"], late.code()).status_code == 400
        assert show(program, second["challenge"], late.code()).status_code == 200

    def test_leave_open_sessions_alone(self, guarded, phone_of, role, hire):
        plain = hire("thewalker", roles=[role("walkers", 1)])
        program = phone_of(plain)
        services.update_role(by=None, role=Role.objects.get(key="walkers"), second_factor_required=True)

        assert program.get("auth/me").status_code == 200
        assert program.get("auth/totp").json()["required"] is True

    def test_are_changed_over_the_api(self, boss, phone_of, role):
        made = role("walkers", 1)
        program = phone_of(boss)

        assert program.get(f"roles/{made.pk}/").json()["second_factor_required"] is False
        changed = program.patch(f"roles/{made.pk}/", {"second_factor_required": True})
        assert changed.json()["second_factor_required"] is True

    def test_include_superusers_where_the_house_says_so(self, boss, knock, settings):
        assert knock(boss)[0].status_code == 200
        settings.SUPERUSER_SECOND_FACTOR = True
        assert code_of(knock(boss)[0]) == (401, "20005")
