"""Mail addresses and phone numbers let people in: who may change them, and who hears of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import LoginSession, Mail, User
from project.core import jobs
from tests.accounts import sms
from tests.accounts.conftest import code_of
from tests.accounts.sms import E164, PHONE, codes

pytestmark = pytest.mark.django_db
ANOTHER = "13900139000"


@pytest.fixture
def lena(hire):
    return hire("lenabauer", phone=PHONE, email="lena@example.com", language="en")


def long_ago() -> None:
    """All sign-ins were long ago."""
    LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))


def told() -> list[tuple[str, str]]:
    """Which mails wait, and where they go."""
    return sorted(Mail.objects.values_list("name", "address"))


class TestMailAddress:
    @pytest.mark.every_database
    def test_is_not_changed_by_a_session_that_may_be_stolen(self, lena, phone_of):
        office = phone_of(lena)
        long_ago()

        assert code_of(office.patch("auth/me", {"email": "mallory@example.org"})) == (403, "20008")

        assert User.objects.get(pk=lena.pk).email == "lena@example.com"
        assert office.patch("auth/me", {"email": "lena@EXAMPLE.com", "nickname": "Leni"}).status_code == 200
        assert told() == []

    def test_is_changed_by_who_has_just_signed_in_and_told_where_it_was(self, lena, phone_of, mailoutbox):
        assert phone_of(lena).patch("auth/me", {"email": "lena@example.org"}).json()["email"] == "lena@example.org"

        assert told() == [("mail_address_changed", "lena@example.com")]
        for mail in jobs.due(Mail):
            jobs.run("accounts.Mail", str(mail.pk))
        assert mailoutbox[-1].to == ["lena@example.com"]
        assert mailoutbox[-1].subject == "The mail address of your Gatehouse account was changed"

    def test_is_told_whoever_changes_it(self, lena, boss, phone_of):
        assert phone_of(boss).patch(f"users/{lena.pk}", {"email": ""}).status_code == 200

        assert told() == [("mail_address_changed", "lena@example.com")]

    def test_is_told_nobody_who_had_none(self, mei, boss, phone_of):
        assert phone_of(boss).patch(f"users/{mei.pk}", {"email": "mei@example.com"}).status_code == 200

        assert told() == []


class TestNumber:
    def test_is_told_whoever_changes_it_and_where_the_person_reads_it(self, lena, boss, phone_of):
        changes = {"phone": ANOTHER, "email": "lena@example.org"}

        assert phone_of(boss).patch(f"users/{lena.pk}", changes).status_code == 200

        assert told() == [("mail_address_changed", "lena@example.com"), ("phone_changed", "lena@example.com")]

    def test_is_told_when_it_goes_and_not_when_there_was_none(self, lena, mei, boss, phone_of):
        office = phone_of(boss)
        for nobodys in ("", None):
            office.patch(f"users/{mei.pk}", {"phone": nobodys, "email": "mei@example.com"})
        assert told() == []

        phone_of(lena).patch("auth/me", {"phone": None})

        assert told() == [("phone_changed", "lena@example.com")]

    def test_that_comes_back_is_proven_anew(self, lena, phone_of):
        sms.verify(lena)
        office = phone_of(lena)
        office.patch("auth/me", {"phone": ANOTHER})
        long_ago()

        answer = office.patch("auth/me", {"phone": PHONE})

        assert (answer.json()["phone"], answer.json()["phone_verified_at"]) == (PHONE, None)

    def test_that_staff_type_is_no_claim_any_more(self, lena, boss, phone_of, program):
        sms.connect()
        office, top = phone_of(lena), phone_of(boss)
        long_ago()
        office.patch("auth/me", {"phone": ANOTHER})
        for number in (PHONE, ANOTHER):
            services.update_user(by=boss, user=lena, phone=number)

        program().post("auth/sms-code", {"phone": ANOTHER, "purpose": "login"})

        assert top.get(f"users/{lena.pk}").json()["phone"] == ANOTHER
        assert codes("+8613900139000")

    @pytest.mark.every_database
    def test_goes_to_who_has_the_phone_from_who_only_claimed_it(self, mei, hire, phone_of):
        sms.connect()
        claimant = hire("claimant9", email="claimant@example.com")
        office = phone_of(claimant)
        long_ago()
        assert office.patch("auth/me", {"phone": PHONE}).status_code == 200
        assert told() == [("phone_changed", "claimant@example.com")]
        phone_of(mei).post("auth/sms-code", {"phone": PHONE, "purpose": "bind"})

        answer = phone_of(mei).call("PUT", "auth/phone", {"phone": PHONE, "code": codes(E164)[0]})

        assert answer.status_code == 200, answer.content
        assert answer.json()["phone"] == PHONE
        assert User.objects.get(pk=claimant.pk).phone is None
        assert told() == [("phone_changed", "claimant@example.com")] * 2
