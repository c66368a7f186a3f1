"""A second factor is set up, comes with recovery codes, and is removed."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import mails, second_factor, services
from accounts.models import Mail, RecoveryCode, SecondFactor
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.phones import Phone
from tests.accounts.second_factor.conftest import show

pytestmark = pytest.mark.django_db


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
