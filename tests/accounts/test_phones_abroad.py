"""People have numbers of other countries too; a number is one number, however it was written."""

import pytest

from accounts import services
from accounts.models import LoginSession, User
from tests.accounts import sms
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.sms import codes

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
ABROAD, WRITTEN = "+6581234567", "+65 8123 4567"
ASK = "auth/sms-code"


@pytest.fixture(autouse=True)
def telephone(db, settings):
    settings.SMS_COUNTRIES = [86, 65]
    sms.connect()


@pytest.fixture
def lena(hire):
    return hire("lenabauer", phone=ABROAD, email="lena@example.com", language="en", is_staff=True)


class TestOneNumber:
    @pytest.mark.parametrize("spelling", [WRITTEN, ABROAD, "+65-8123-4567"])
    def test_is_answered_in_e164_whatever_way_it_was_written(self, mei, phone_of, spelling):
        assert phone_of(mei).patch("auth/me", {"phone": spelling}).json()["phone"] == ABROAD

    def test_of_china_is_answered_as_ever(self, mei, phone_of):
        phone = phone_of(mei)

        for spelling in ("13800138000", "+8613800138000", "+86 138 0013 8000"):
            assert phone.patch("auth/me", {"phone": spelling}).json()["phone"] == "13800138000"

    @pytest.mark.parametrize("spelling", [WRITTEN, "+65 81234567"])
    def test_belongs_to_one_person(self, lena, boss, mei, phone_of, spelling):
        assert fields_of(phone_of(mei).patch("auth/me", {"phone": spelling})) == {"phone"}
        assert fields_of(phone_of(boss).post("users/", {"username": "newcomer", "phone": spelling})) == {"phone"}

    @pytest.mark.parametrize("wrong", ["6581234567", "+65 6123 4567", "+999 123456789", "+", "+" + "1" * 39])
    def test_that_is_none_is_refused(self, mei, phone_of, wrong):
        assert fields_of(phone_of(mei).patch("auth/me", {"phone": wrong})) == {"phone"}

    def test_that_is_written_otherwise_changes_nothing(self, boss, phone_of, mei):
        services.update_own_profile(user=mei, phone="13800138000", proven=True)

        phone_of(boss).patch(f"users/{mei.pk}", {"phone": "+86 138 0013 8000"})
        phone_of(mei).patch("auth/me", {"phone": "+8613800138000"})

        mei.refresh_from_db()
        assert (mei.phone, mei.phone_claimed) == ("13800138000", "")

    @pytest.mark.parametrize("sought", [ABROAD, WRITTEN, "8123 4567", "8123-45"])
    def test_is_found_by_any_part(self, lena, mei, sought):
        found = list(User.objects.get_queryset().search(sought))

        assert found == [lena]


class TestCodes:
    def test_let_people_in(self, lena, program):
        assert program().post(ASK, {"phone": WRITTEN, "purpose": "login"}).status_code == 202

        answer = program().post("auth/login/sms", {"phone": ABROAD, "code": codes(ABROAD)[0]})

        assert (answer.status_code, answer.json()["user"]["phone"]) == (200, ABROAD)

    def test_bind_a_number(self, mei, phone_of):
        phone = phone_of(mei)
        phone.post(ASK, {"phone": WRITTEN, "purpose": "bind"})

        answer = phone.call("PUT", "auth/phone", {"phone": WRITTEN, "code": codes(ABROAD)[0]})

        assert (answer.json()["phone"], bool(answer.json()["phone_verified_at"])) == (ABROAD, True)

    def test_go_to_listed_countries_only(self, lena, program, settings):
        settings.SMS_COUNTRIES = [86]

        assert code_of(program().post(ASK, {"phone": ABROAD, "purpose": "login"})) == (400, "50100")
        assert not LoginSession.objects.exists()
