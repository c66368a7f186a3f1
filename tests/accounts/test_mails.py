"""Mails wait for a mail server that is away, and say things in their readers' language."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import mails
from accounts.models import Mail
from project.core import breaker, jobs
from tests.core.redis_server import free_port
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db

VALUES = {"device": "Firefox", "scope": "API", "place": "Shanghai", "ip": "203.0.113.9"}


@pytest.fixture
def reader(hire):
    return hire("thereader", email="reader@example.com", language="en", time_zone="Asia/Shanghai")


def queue(reader, **options):
    happened_at = timezone.now().replace(year=2026, month=3, day=5, hour=20, minute=0)
    return mails.send(reader, "new_device", {**VALUES, "happened_at": happened_at}, **options)


def work_on(mail):
    jobs.registered()  # imports what works on them
    Mail.objects.filter(pk=mail.pk).update(next_at=timezone.now())
    jobs.run("accounts.Mail", str(mail.pk))
    mail.refresh_from_db()
    return mail


@pytest.fixture
def no_mail_server(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.EMAIL_TIMEOUT = 2


class TestMail:
    def test_is_written_in_the_readers_language_and_time_zone(self, reader, mailoutbox):
        assert work_on(queue(reader)).state == "done"

        message = mailoutbox[0]
        assert message.to == ["reader@example.com"]
        assert message.subject == "New sign-in to Gatehouse from Firefox"
        assert "2026-03-06 04:00" in message.body
        assert "Shanghai (203.0.113.9)" in message.body
        html, kind = message.alternatives[0]
        assert kind == "text/html"
        assert "203.0.113.9" in html

    def test_is_written_in_chinese_for_who_reads_that(self, reader, mailoutbox):
        reader.language = "zh-hans"
        work_on(queue(reader))

        assert mailoutbox[0].subject == "您的 Gatehouse 账号在新设备上登录：Firefox"

    def test_shows_markup_as_what_it_is(self, reader, mailoutbox):
        work_on(
            mails.send(reader, "new_device", {**VALUES, "device": "<b>&\r\nBcc: all@example.com", "happened_at": None})
        )

        message = mailoutbox[0]
        assert message.subject.endswith("<b>& Bcc: all@example.com")
        assert message.recipients() == ["reader@example.com"]
        assert "&lt;b&gt;&amp;" in message.alternatives[0][0]

    def test_leaves_nothing_to_read_in_the_database(self, reader, mailoutbox):
        mail = queue(reader)
        assert "Shanghai" not in mail.values

        assert work_on(mail).values == ""

    def test_is_not_queued_for_who_has_no_address(self, hire):
        assert mails.send(hire("nomailbox"), "new_device", VALUES) is None

    def test_waits_for_a_mail_server_that_is_away(self, reader, settings, mailoutbox, no_mail_server):
        mail = queue(reader)
        for attempt in range(1, 8):
            assert work_on(mail).state == "queued"
            assert mail.attempts == attempt
        assert mail.error

        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        breaker.named("mail").reset()
        assert work_on(mail).state == "done"
        assert len(mailoutbox) == 1

    def test_is_given_up_when_it_is_of_no_use_any_more(self, reader, mailoutbox):
        mail = queue(reader, good_for=timedelta(minutes=5))

        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert work_on(mail).state == "failed"
        assert not mailoutbox

    def test_is_given_up_when_its_address_does_not_exist(self, reader, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with MailServer(refuses="550 no such box") as server:
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

            mail = work_on(queue(reader))

        assert mail.state == "failed"
        assert "550 no such box" in mail.error
        assert mail.values == ""

    def test_waits_for_a_mail_server_that_is_busy(self, reader, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with MailServer(refuses="451 greylisted") as server:
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port

            assert work_on(queue(reader)).state == "queued"
