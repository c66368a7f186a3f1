"""New people are sent a link to choose their password."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services
from accounts.errors import CannotBeInvited, LinkOver, NotAbove, NotForMachines
from accounts.models import Machine, Mail, PasswordLink, User
from integrations.sms.models import Message
from tests.accounts.conftest import code_of
from tests.accounts.new_passwords.conftest import ANOTHER, CONFIRM, token_in, token_in_text, work
from tests.accounts.test_back_office import browser_of

pytestmark = pytest.mark.django_db


class TestInvitation:
    def test_lets_a_new_person_choose_their_password(self, clerk, phone_of, program, mailoutbox):
        office = phone_of(clerk)
        new = {"username": "newcomer1", "email": "new@example.com", "real_name": "Nia", "language": "zh-hans"}
        person = office.post("users/", new).json()["id"]

        answer = office.post(f"users/{person}/invite")

        assert answer.status_code == 202
        assert answer.json()["address"] == "new@example.com"
        assert "token" not in answer.content.decode()
        work()
        message = mailoutbox[0]
        assert message.subject == "您的 Gatehouse 账号：请设置密码"
        with time_machine.travel(timezone.now() + timedelta(hours=71), tick=True):
            done = program().post(CONFIRM, {"token": token_in(message), "new_password": ANOTHER})
        assert done.status_code == 204
        assert program().sign_in(User.objects.get(pk=person), ANOTHER)

    def test_goes_to_nobody_above_nor_to_who_has_no_address(self, clerk, boss, mei, hans, phone_of):
        office = phone_of(clerk)
        User.objects.filter(pk=boss.pk).update(email="boss@example.com")

        assert code_of(office.post(f"users/{boss.pk}/invite")) == (403, "10009")
        assert code_of(office.post(f"users/{mei.pk}/invite")) == (409, "10005")
        assert code_of(office.post("users/999999/invite")) == (404, "10008")
        assert code_of(phone_of(hans).post(f"users/{mei.pk}/invite")) == (403, "10009")
        assert not Mail.objects.exists()

    def test_goes_by_text_message_to_who_has_no_address(self, boss, mei, phone_of, program, texts):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")

        answer = phone_of(boss).post(f"users/{mei.pk}/invite")

        assert (answer.status_code, answer.json()["address"], answer.json()["phone"]) == (202, "", "138****8000")
        row = Message.objects.get()
        token = token_in_text(texts)
        assert token not in f"{row.parameters}{row.secret}{Message.objects.get().secret}"
        assert program().post(CONFIRM, {"token": token, "new_password": ANOTHER}).status_code == 204
        assert program().sign_in(User.objects.get(pk=mei.pk), ANOTHER)

    def test_by_text_message_is_void_once_the_number_is_another(self, boss, mei, phone_of, program, texts):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        phone_of(boss).post(f"users/{mei.pk}/invite")
        User.objects.filter(pk=mei.pk).update(phone="13800138001")

        assert program().post(CONFIRM, {"token": token_in_text(texts), "new_password": ANOTHER}).status_code == 400

    def test_by_text_message_wants_a_number_that_is_theirs_and_who_may_write_there(self, clerk, boss, mei, phone_of):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        assert code_of(phone_of(clerk).post(f"users/{mei.pk}/invite")) == (409, "10005")
        User.objects.filter(pk=mei.pk).update(phone_claimed="13800138000")
        assert code_of(phone_of(boss).post(f"users/{mei.pk}/invite")) == (409, "10005")

        assert not Message.objects.exists()
        assert not PasswordLink.objects.exists()

    def test_page_tells_whose_number_it_goes_to(self, boss, mei):
        User.objects.filter(pk=mei.pk).update(email="", phone="13800138000")
        browser, path = browser_of(boss), f"/admin/accounts/user/{mei.pk}/invite/"
        assert "+86138****8000" in browser.get(path).content.decode()

        answer = browser.post(path, {"confirmed": "yes", "reason": "new here"}, follow=True)

        assert "138****8000" in answer.content.decode()
        assert Message.objects.get().person == mei

    def test_is_no_machines_work(self, boss, lena, program):
        made = services.create_api_token(
            owner=boss, name="x", scopes=["accounts.change_user"], expires_at=timezone.now() + timedelta(days=1)
        )
        bearer = {"authorization": f"Bearer {made.text}"}

        assert code_of(program().post(f"users/{lena.pk}/invite", headers=bearer)) == (403, "10009")
        given = {"new_password": ANOTHER}
        assert code_of(program().post(f"users/{lena.pk}/password", given, headers=bearer)) == (403, "10009")
        with pytest.raises(NotForMachines):
            services.invite(user=lena, by=Machine.of(made.token))

    def test_is_refused_by_the_service_too(self, clerk, boss, mei):
        with pytest.raises(NotAbove):
            services.invite(user=boss, by=clerk)
        with pytest.raises(CannotBeInvited):
            services.invite(user=mei, by=clerk)
        with pytest.raises(LinkOver):
            services.choose_password(token="none", password=ANOTHER)

    def test_is_sent_from_the_persons_page(self, boss, lena, mailoutbox):
        browser, path = browser_of(boss), f"/admin/accounts/user/{lena.pk}/invite/"
        asking = browser.get(path).content.decode()
        assert "It goes to Lena@example.com" in asking
        assert 'href="../"' in asking
        assert not PasswordLink.objects.exists()

        answer = browser.post(path, {"confirmed": "yes", "reason": "forgot it"}, follow=True)

        assert "A link is on its way to Lena@example.com." in answer.content.decode()
        work()
        assert token_in(mailoutbox[-1])
        entry = LogEntry.objects.filter(additional_data__event="user.invited").get()
        assert entry.additional_data["reason"] == "forgot it"

    def test_says_on_the_page_why_not(self, boss, mei):
        path = f"/admin/accounts/user/{mei.pk}/invite/"

        answer = browser_of(boss).post(path, {"confirmed": "yes"}, follow=True)

        assert "cannot be sent a link" in answer.content.decode()
