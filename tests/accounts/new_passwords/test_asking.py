"""Who forgot their password asks for a link, and learns nothing of others."""

import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import services
from accounts.models import PasswordRequest
from accounts.passwords import asked
from project.core import jobs
from tests.accounts.captchas import knock_at_page, solved
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.new_passwords.conftest import FORGOTTEN, RESET, forget, token_in, work

pytestmark = pytest.mark.django_db


class TestAsking:
    @pytest.mark.parametrize("name", ["lenabauer", "LenaBauer", " lena@EXAMPLE.com ", "ｌｅｎａｂａｕｅｒ"])
    def test_brings_a_link_by_user_name_or_mail_address(self, lena, program, mailoutbox, name):
        assert forget(program, name)

        message = mailoutbox[0]
        assert message.to == ["Lena@example.com"]
        assert message.subject == "Choose a new password for Gatehouse"
        assert token_in(message) in message.alternatives[0][0]
        assert LogEntry.objects.filter(additional_data__event="user.password_link_asked").count() == 1

    def test_is_answered_alike_after_the_same_work_whoever_is_meant(self, lena, hire, program, mailoutbox):
        hire("goneaway", email="gone@example.com", is_active=False)
        hire("nomailhere")
        program().post(RESET, {"username": "firstofall"})  # whatever a process looks up once
        seen = {}
        names = ("lenabauer", "goneaway", "nomailhere", "nobodyatall", "gone@example.com", "a\u4e2d")
        for number, name in enumerate(names):
            with CaptureQueriesContext(
                connection,
            ) as made:
                answer = program().post(RESET, {"username": name}, REMOTE_ADDR=f"203.0.113.{number}")
            shapes = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in made.captured_queries]
            seen[name] = (answer.status_code, answer.content, len(shapes), [one[:60] for one in shapes])

        assert len({str(one) for one in seen.values()}) == 1, seen
        assert seen["lenabauer"][:2] == (202, b"")
        work()
        assert [message.to for message in mailoutbox] == [["Lena@example.com"]]

    def test_with_an_address_of_two_people_brings_nothing(self, lena, hire, program, mailoutbox):
        hire("lenaschmidt", email="lena@example.com")

        program().post(RESET, {"username": "lena@example.com"})
        work()

        assert not mailoutbox

    @pytest.mark.parametrize("name", ["lenabauer", "nobodyatall"])
    def test_is_limited_for_one_name_known_or_not(self, lena, program, mailoutbox, name):
        for _ in range(asked.OF_ONE_NAME):
            assert program().post(RESET, {"username": name}).status_code == 202

        answer = program().post(RESET, {"username": name.upper()})

        assert code_of(answer) == (429, "10007")
        assert 0 < int(answer["Retry-After"]) <= 900
        with time_machine.travel(timezone.now() + asked.WINDOW + timedelta(seconds=1), tick=True):
            assert program().post(RESET, {"username": name}).status_code == 202

    def test_is_limited_from_one_address(self, lena, program):
        for number in range(asked.FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        assert code_of(program().post(RESET, {"username": "lenabauer"})) == (429, "10007")
        assert program().post(RESET, {"username": "lenabauer"}, REMOTE_ADDR="203.0.113.9").status_code == 202

    @pytest.mark.parametrize("name", ["lenabauer", "nobodyatall"])
    def test_wants_a_captcha_after_some_from_one_address(self, lena, program, name):
        for number in range(asked.FREE_FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        answer = program().post(RESET, {"username": name})

        assert code_of(answer) == (403, "20009")
        given = {"username": name, "captcha": solved(answer.json()["error"])}
        assert program().post(RESET, given).status_code == 202
        assert code_of(program().post(RESET, given)) == (403, "20009")
        assert program().get("auth/captcha?for=password-reset").json()["due"] is True

    def test_wants_it_on_the_page_too(self, lena):
        assert "captcha" not in Client().get(FORGOTTEN).content.decode()
        for number in range(asked.FREE_FROM_ONE_ADDRESS):
            PasswordRequest.objects.create(name=f"name{number}", ip="127.0.0.1")

        refused = Client().post(FORGOTTEN, {"username": "lenabauer"}, headers={"accept-language": "en"})
        answer = knock_at_page(Client(), {"username": "lenabauer"}, FORGOTTEN)

        assert "One more check is needed" in refused.content.decode()
        assert answer["Location"] == f"{FORGOTTEN}?sent=1"

    def test_under_many_names_still_brings_few_mails(self, lena, mailoutbox):
        for number in range(asked.TO_ONE_PERSON + 3):
            request = PasswordRequest.objects.create(name="lenabauer", ip=f"203.0.113.{number}")
            jobs.registered()
            jobs.run("accounts.PasswordRequest", str(request.pk))
        work()

        assert len(mailoutbox) == asked.TO_ONE_PERSON

    def test_from_an_address_that_is_not_allowed_is_refused(self, lena, program):
        services.create_address_rule(by=None, effect="deny", pattern="203.0.113.0/24")

        answer = program().post(RESET, {"username": "lenabauer"}, REMOTE_ADDR="203.0.113.9")

        assert code_of(answer) == (403, "10009")
        assert not PasswordRequest.objects.exists()

    @pytest.mark.parametrize("body", [{}, {"username": ""}, {"username": 7}, {"username": "x" * 255}, {"name": "x"}])
    def test_garbage_is_named(self, db, program, body):
        assert fields_of(program().post(RESET, body))
