"""Old sign-ins and sessions are forgotten on their day, and nothing that still matters with them."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import lockout, retention, sessions, sign_in
from accounts.errors import BadCredentials, Locked
from accounts.models import Device, LoginEvent, LoginSession, Mail
from project.events import EVENTS, event_of

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

MINUTE = timedelta(minutes=1)
API = sign_in.Caller(scope="api", ip="203.0.113.7")


@pytest.fixture(autouse=True)
def days(settings):
    settings.LOGIN_EVENT_DAYS, settings.SESSION_HISTORY_DAYS = 180, 90


def attempt(age: timedelta, **about) -> LoginEvent:
    given = {"username": "meiling", "succeeded": False, "reason": "wrong_password", "scope": "api"} | about
    return LoginEvent.objects.create(created_at=timezone.now() - age, **given)


def ended(person, ago: timedelta | None, opened: timedelta = timedelta(days=400)) -> LoginSession:
    session = sessions.open(user=person, scope="api")
    now = timezone.now()
    if ago is not None:
        sessions.end(session, reason="logout")
        LoginSession.objects.filter(pk=session.pk).update(ended_at=now - ago)
    LoginSession.objects.filter(pk=session.pk).update(created_at=now - opened)
    return session


class TestPurge:
    def test_forgets_sign_ins_on_their_day_and_not_before(self):
        kept, _gone = attempt(timedelta(days=180) - MINUTE), attempt(timedelta(days=180) + MINUTE)

        assert retention.purge()["sign_ins"] == 1
        assert list(LoginEvent.objects.all()) == [kept]

    def test_forgets_ended_sessions_on_their_day_and_not_before(self, mei):
        gone = ended(mei, timedelta(days=90) + MINUTE)
        kept = ended(mei, timedelta(days=90) - MINUTE)

        assert retention.purge()["sessions"] == 1
        assert list(LoginSession.objects.all()) == [kept]
        assert not LoginSession.objects.filter(pk=gone.pk).exists()

    def test_keeps_a_session_that_lives_however_old_it_is(self, mei):
        alive = ended(mei, None)

        assert retention.purge()["sessions"] == 0
        assert LoginSession.objects.live().get() == alive

    def test_keeps_what_lock_outs_count_however_short_the_log_is(self, mei, settings):
        settings.LOGIN_EVENT_DAYS = 0  # no operator can say that
        settings.CAPTCHA_AFTER_FAILURES = -1
        for _one in range(settings.LOGIN_MAX_FAILURES):
            with pytest.raises(BadCredentials):
                sign_in.authenticate(username="meiling", password="no", caller=API)
        attempt(lockout.WINDOW + MINUTE)

        assert retention.purge()["sign_ins"] == 1
        with pytest.raises(Locked):
            sign_in.authenticate(username="meiling", password="no", caller=API)

    def test_leaves_the_sign_in_of_a_forgotten_session(self, mei):
        old = ended(mei, timedelta(days=100))
        event = attempt(timedelta(days=100), user=mei, session=old, succeeded=True, reason="ok")
        newer = sessions.open(user=mei, scope="api")
        LoginSession.objects.filter(pk=old.pk).update(replaced_by=newer)

        retention.purge()

        event.refresh_from_db()
        assert event.session is None
        assert LoginSession.objects.get() == newer

    def test_leaves_a_session_whose_successor_is_forgotten(self, mei):
        old, kept = ended(mei, timedelta(days=100)), ended(mei, timedelta(days=10))
        LoginSession.objects.filter(pk=kept.pk).update(replaced_by=old)

        retention.purge()

        kept.refresh_from_db()
        assert kept.replaced_by is None

    def test_works_in_batches_until_all_is_done(self, monkeypatch):
        monkeypatch.setattr(retention, "BATCH", 3)
        for _one in range(8):
            attempt(timedelta(days=200))

        assert retention.purge()["sign_ins"] == 8

    def test_keeps_a_persons_latest_device(self, mei, hans):
        long_ago = timezone.now() - timedelta(days=500)
        for person, key, days_later in ((mei, "a", 0), (mei, "b", 1), (hans, "c", 0)):
            moment = long_ago + timedelta(days=days_later)
            Device.objects.create(user=person, key=key, first_seen_at=moment, last_seen_at=moment)

        assert retention.purge()["devices"] == 1
        assert set(Device.objects.values_list("key", flat=True)) == {"b", "c"}

    def test_forgets_mails_that_were_sent_and_none_that_wait(self, mei):
        def mail(state: str, days: int | None) -> Mail:
            moment = timezone.now()
            finished = moment - timedelta(days=days) if days else None
            return Mail.objects.create(
                user=mei, name="new_device", address="a@b.c", state=state, good_until=moment, finished_at=finished
            )

        kept = {mail("queued", None).pk, mail("done", 29).pk}
        mail("done", 31)
        mail("failed", 31)

        assert retention.purge()["mails"] == 2
        assert set(Mail.objects.values_list("pk", flat=True)) == kept

    def test_is_in_the_audit_trail_once_and_only_when_something_went(self):
        retention.purge()
        assert not LogEntry.objects.filter(additional_data__event="sign_ins.purged").exists()

        attempt(timedelta(days=200))
        attempt(timedelta(days=200))
        retention.purge()

        (entry,) = LogEntry.objects.filter(additional_data__event="sign_ins.purged")
        assert entry.additional_data["details"]["rows"]["sign_ins"] == 2
        assert event_of(entry) in EVENTS
