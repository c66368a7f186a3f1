"""Codes besides the password, over the API."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import mails, second_factor, services
from accounts.models import LoginEvent, LoginSession, Mail, RecoveryCode, Role, SecondFactor, SignInChallenge
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone

pytestmark = pytest.mark.django_db


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


class TestSettingUp:
    def test_shows_a_secret_until_its_first_code_confirms_it(self, phone_of, mei):
        program = phone_of(mei)
        before = program.get("auth/totp").json()
        phone = Phone(before["otpauth_uri"])

        assert (before["enabled"], before["required"], before["since"]) == (False, False, None)
        assert program.get("auth/totp").json() == before
        assert phone.label == "/Gatehouse:meiling"
        assert phone.given["secret"] == before["secret"]
        confirmed = program.post("auth/totp", {"code": phone.code()})

        assert confirmed.status_code == 201
        assert len(set(confirmed.json()["recovery_codes"])) == 10
        assert confirmed["Cache-Control"] == "no-store"
        after = program.get("auth/totp").json()
        assert (after["enabled"], after["recovery_codes_left"]) == (True, 10)
        assert (after["secret"], after["otpauth_uri"]) == (None, None)

    def test_ends_no_session(self, phone_of, mei, settings, set_up):
        settings.MULTI_LOGIN = True
        other = phone_of(mei)
        set_up(mei)

        assert other.get("auth/me").status_code == 200

    def test_takes_the_code_of_the_secret_this_session_was_shown(self, phone_of, mei, settings):
        settings.MULTI_LOGIN = True
        one, other = phone_of(mei), phone_of(mei)
        phone = Phone(one.get("auth/totp").json()["otpauth_uri"])
        stranger = Phone(other.get("auth/totp").json()["otpauth_uri"])

        assert phone.given["secret"] != stranger.given["secret"]
        assert code_of(one.post("auth/totp", {"code": phone.code()})) == (400, "20006")
        assert code_of(one.post("auth/totp", {"code": stranger.code()})) == (400, "20006")
        assert other.post("auth/totp", {"code": stranger.code()}).status_code == 201

    def test_refuses_wrong_codes_and_a_second_app(self, phone_of, mei, set_up):
        program = phone_of(mei)
        phone = Phone(program.get("auth/totp").json()["otpauth_uri"])

        assert code_of(program.post("auth/totp", {"code": phone.wrong()})) == (400, "20006")
        assert fields_of(program.post("auth/totp", {})) == {"code"}
        program.post("auth/totp", {"code": phone.code()})
        assert code_of(program.post("auth/totp", {"code": phone.code(1)})) == (409, "10005")

    def test_is_not_undone_by_a_code_without_a_secret(self, phone_of, mei):
        assert code_of(phone_of(mei).post("auth/totp", {"code": "000000"})) == (400, "20006")

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_and_whatever_happens_to_it_later_is_told_the_person(self, hire, boss, set_up, language):
        ada = hire("adalovelace", email="ada@example.com", language=language)
        set_up(ada)
        second_factor.new_recovery_codes(ada)
        services.remove_second_factor(user=ada, by=boss)

        written = [mails.compose(one) for one in Mail.objects.order_by("created_at")]
        subjects = {
            "en": [
                "A second factor was added to your Gatehouse account",
                "Your Gatehouse recovery codes were replaced",
                "The second factor of your Gatehouse account was removed",
            ],
            "zh-hans": [
                "您的 Gatehouse 账号已启用两步验证",
                "您的 Gatehouse 恢复码已更换",
                "您的 Gatehouse 账号的两步验证已移除",
            ],
        }
        assert [one.subject for one in written] == subjects[language]
        assert "theboss" in written[-1].body

    def test_keeps_no_secret_that_could_be_read(self, mei, set_up):
        phone, recovery_codes = set_up(mei)

        kept = SecondFactor.objects.get()
        assert phone.given["secret"] not in kept.secret
        assert RecoveryCode.objects.count() == 10
        plain = {code.replace("-", "") for code in recovery_codes}
        assert not plain & set(RecoveryCode.objects.values_list("code_hash", flat=True))

    def test_goes_on_after_the_secret_key_was_rotated(self, mei, set_up, challenge_for, program, settings):
        phone, recovery_codes = set_up(mei)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]

        assert show(program, challenge_for(mei), phone.code()).status_code == 200
        assert show(program, challenge_for(mei), recovery_codes[0]).status_code == 200

    def test_is_lost_with_the_secret_key(self, mei, set_up, challenge_for, program, settings):
        phone, _ = set_up(mei)
        settings.SECRET_KEY = "another " * 8

        assert code_of(show(program, challenge_for(mei), phone.code())) == (400, "20006")


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


class TestRemoving:
    def test_lets_the_password_suffice_again(self, mei, set_up, challenge_for, program, knock):
        phone, _ = set_up(mei)
        one = program()
        one.tokens = show(program, challenge_for(mei), phone.code()).json()

        assert one.delete("auth/totp").status_code == 204
        assert knock(mei)[0].status_code == 200
        assert code_of(one.delete("auth/totp")) in {(409, "10005"), (401, "20001")}

    def test_by_staff_needs_permission_and_rank(self, mei, boss, clerk, role, hire, set_up, phone_of):
        for person in (mei, boss):
            set_up(person)
        helper = hire("thehelper", roles=[role("helpers", 50, "accounts.view_user", "accounts.remove_secondfactor")])
        of_clerk, of_helper = phone_of(clerk), phone_of(helper)

        assert of_helper.get(f"users/{mei.pk}/second-factor").json()["enabled"] is True
        assert of_helper.get("users/?second_factor=true").json()["count"] == 2
        assert code_of(of_clerk.delete(f"users/{mei.pk}/second-factor")) == (403, "10009")
        assert code_of(of_helper.delete(f"users/{boss.pk}/second-factor")) == (403, "10009")
        assert of_helper.delete(f"users/{mei.pk}/second-factor").status_code == 204
        assert code_of(of_helper.delete(f"users/{mei.pk}/second-factor")) == (409, "10005")
        assert of_helper.get("users/?second_factor=true").json()["count"] == 1

    def test_by_an_operator(self, mei, set_up, knock):
        set_up(mei)
        out = StringIO()

        call_command("rescue", "second-factor", "meiling", stdout=out)

        assert "removed" in out.getvalue()
        assert knock(mei)[0].status_code == 200
        with pytest.raises(CommandError, match="has no second factor"):
            call_command("rescue", "second-factor", "meiling")


class TestRecoveryCodes:
    def test_are_replaced_by_new_ones(self, mei, set_up, challenge_for, program):
        phone, (old, *_) = set_up(mei)
        one = program()
        one.tokens = show(program, challenge_for(mei), phone.code()).json()

        made = one.post("auth/totp/recovery-codes")

        assert made.status_code == 201
        new = made.json()["recovery_codes"]
        assert len(new) == 10
        assert code_of(show(program, challenge_for(mei), old)) == (400, "20006")
        assert show(program, challenge_for(mei), new[0]).status_code == 200

    def test_are_for_those_with_a_second_factor(self, mei, phone_of):
        assert code_of(phone_of(mei).post("auth/totp/recovery-codes")) == (409, "10005")
