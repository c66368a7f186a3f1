"""Where people are signed in: one place at a time, renewed by use, ended at once."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services, sessions, standing
from accounts.models import LoginSession, User
from tests.accounts.conftest import PASSWORD, code_of

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def later(**span):
    """The time some while from now."""
    return time_machine.travel(timezone.now() + timedelta(**span), tick=True)


class TestSecondDevice:
    @pytest.mark.attack("T-SL-1")
    def test_displaces_the_first(self, phone_of, mei):
        phone = phone_of(mei)
        laptop = phone_of(mei)

        assert code_of(phone.get("auth/me")) == (401, "20001")
        assert code_of(phone.refresh()) == (401, "20001")
        assert laptop.get("auth/me").status_code == 200
        old, new = LoginSession.objects.order_by("pk")
        assert (old.end_reason, old.replaced_by, old.live_key) == ("displaced", new, None)
        assert new.live_key == f"{mei.pk}:api"

    def test_says_so_in_a_popup(self, phone_of, mei):
        phone = phone_of(mei)
        phone_of(mei)

        error = phone.get("auth/me").json()["error"]

        assert error["level"] == "2"
        assert error["popup_title"]
        assert error["popup_content"]

    def test_of_somebody_else_displaces_nobody(self, phone_of, mei, hans):
        phone = phone_of(mei)
        phone_of(hans)

        assert phone.get("auth/me").status_code == 200

    def test_in_another_scope_displaces_nobody(self, phone_of, mei, open_session):
        phone = phone_of(mei)
        open_session(mei, "admin")

        assert phone.get("auth/me").status_code == 200

    @pytest.mark.attack("T-SL-4")
    def test_is_welcome_with_multi_login(self, phone_of, mei, settings):
        settings.MULTI_LOGIN = True
        phone, laptop = phone_of(mei), phone_of(mei)

        assert phone.get("auth/me").status_code == laptop.get("auth/me").status_code == 200

    @pytest.mark.attack("T-SL-4")
    def test_remains_alone_once_multi_login_is_switched_off(self, phone_of, mei, settings):
        settings.MULTI_LOGIN = True
        first, second = phone_of(mei), phone_of(mei)
        settings.MULTI_LOGIN = False

        assert code_of(first.get("auth/me")) == (401, "20001")
        assert second.get("auth/me").status_code == 200
        assert LoginSession.objects.live().get().exclusive


class TestRenewal:
    @pytest.mark.attack("T-AR-1")
    def test_comes_with_use_after_the_interval(self, phone_of, mei):
        phone = phone_of(mei)
        before = LoginSession.objects.get()

        phone.get("auth/me")
        assert LoginSession.objects.get().renew_count == 0

        LoginSession.objects.update(renewed_at=before.renewed_at - timedelta(days=1, seconds=1))
        phone.get("auth/me")
        renewed = LoginSession.objects.get()
        assert renewed.renew_count == 1
        assert renewed.expires_at > before.expires_at

    @pytest.mark.attack("T-AR-1")
    def test_stops_at_the_limit(self, mei, open_session, settings):
        settings.SESSION_MAX_REFRESH_TIMES = 2
        session = open_session(mei)
        LoginSession.objects.update(renewed_at=timezone.now() - timedelta(days=2), renew_count=2)

        assert not sessions.renew(session)

    @pytest.mark.attack("T-AR-1")
    def test_has_no_limit_at_minus_one(self, mei, open_session, settings):
        settings.SESSION_MAX_REFRESH_TIMES = -1
        session = open_session(mei)
        LoginSession.objects.update(renewed_at=timezone.now() - timedelta(days=2), renew_count=4_000)

        assert sessions.renew(session)

    @pytest.mark.attack("T-AR-1")
    def test_can_be_switched_off(self, mei, open_session, settings):
        settings.SESSION_AUTO_REFRESH = False
        session = open_session(mei)
        LoginSession.objects.update(renewed_at=timezone.now() - timedelta(days=2))

        assert not sessions.renew(session)

    @pytest.mark.attack("T-AR-2")
    def test_never_passes_the_absolute_end(self, mei, open_session, settings):
        session = open_session(mei)
        end = timezone.now() + timedelta(hours=1)
        LoginSession.objects.update(renewed_at=timezone.now() - timedelta(days=2), absolute_expires_at=end)
        session.refresh_from_db()

        sessions.renew(session)

        assert LoginSession.objects.get().expires_at == end

    @pytest.mark.attack("T-AR-2")
    def test_lets_who_comes_once_a_week_live_no_longer_than_who_comes_daily(self, mei, open_session, settings):
        settings.SESSION_MAX_REFRESH_TIMES = -1
        session = open_session(mei)
        for day in (6, 12, 18, 24, 30, 36):
            with later(days=day):
                session.refresh_from_db()
                assert sessions.renew(session)
                session.refresh_from_db()
                assert session.expires_at <= session.absolute_expires_at
        with later(days=37, minutes=1):
            assert not sessions.renew(session)
            assert sessions.state_of(session.sid).reason == "expired"

    def test_does_not_help_a_session_that_ran_out(self, phone_of, mei):
        phone = phone_of(mei)
        LoginSession.objects.update(
            renewed_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(seconds=1)
        )

        assert code_of(phone.get("auth/me")) == (401, "20002")

    def test_notes_when_the_session_was_seen(self, phone_of, mei):
        phone = phone_of(mei)
        LoginSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))

        phone.get("auth/me")

        assert timezone.now() - LoginSession.objects.get().last_seen_at < timedelta(minutes=1)


class TestOwnSessions:
    def test_are_listed_with_the_asking_one_marked(self, phone_of, mei, hans, settings):
        settings.MULTI_LOGIN = True
        phone, laptop = phone_of(mei), phone_of(mei)
        phone_of(hans)

        page = laptop.get("auth/sessions").json()

        assert page["count"] == 2
        assert {one["id"]: one["current"] for one in page["results"]} == {
            phone.tokens["session"]["id"]: False,
            laptop.tokens["session"]["id"]: True,
        }

    def test_can_be_ended_one_by_one(self, phone_of, mei, settings):
        settings.MULTI_LOGIN = True
        phone, laptop = phone_of(mei), phone_of(mei)

        assert laptop.delete(f"auth/sessions/{phone.tokens['session']['id']}").status_code == 204

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert laptop.get("auth/me").status_code == 200

    @pytest.mark.parametrize(
        ("sid", "refusal"), [("nope", (404, "10008")), ("0" * 32, (404, "10008")), ("%00", (400, "10000"))]
    )
    def test_of_nobody_are_not_found(self, phone_of, mei, sid, refusal):
        assert code_of(phone_of(mei).delete(f"auth/sessions/{sid}")) == refusal

    def test_of_others_are_not_found(self, phone_of, mei, hans):
        of_hans = phone_of(hans)

        answer = phone_of(mei).delete(f"auth/sessions/{of_hans.tokens['session']['id']}")

        assert code_of(answer) == (404, "10008")
        assert of_hans.get("auth/me").status_code == 200

    def test_can_all_be_ended_but_this(self, phone_of, mei, settings):
        settings.MULTI_LOGIN = True
        others = [phone_of(mei), phone_of(mei)]
        laptop = phone_of(mei)

        assert laptop.post("auth/sessions/revoke-others").json() == {"ended": 2}

        assert [one.get("auth/me").status_code for one in others] == [401, 401]
        assert laptop.get("auth/me").status_code == 200


class TestEndedByStaff:
    def test_are_over_with_a_reason(self, phone_of, mei, clerk):
        phone, desk = phone_of(mei), phone_of(clerk)

        answer = desk.post(f"users/{mei.pk}/end-sessions", {"reason": "lost phone"})

        assert answer.json() == {"ended": 1}
        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert code_of(phone.refresh()) == (401, "20002")
        session = LoginSession.objects.get(user=mei)
        assert (session.end_reason, session.ended_by) == ("revoked", clerk)
        events = [entry.additional_data["event"] for entry in LogEntry.objects.exclude(additional_data=None)]
        assert "session.revoked" in events
        told = [entry.additional_data for entry in LogEntry.objects.exclude(additional_data=None)]
        assert [one["reason"] for one in told if one["event"] == "sessions.ended"] == ["lost phone"]

    def test_need_the_permission(self, phone_of, mei, hans):
        assert code_of(phone_of(mei).post(f"users/{hans.pk}/end-sessions")) == (403, "10009")

    def test_need_a_higher_rank(self, phone_of, clerk, boss, hire, role):
        equal = hire("othercler", roles=[role("equals", 50)])
        above = phone_of(boss)
        desk = phone_of(clerk)

        for person in (equal, boss):
            assert code_of(desk.post(f"users/{person.pk}/end-sessions")) == (403, "10009")
        assert above.get("auth/me").status_code == 200

    @pytest.mark.attack("T-US-1")
    def test_are_over_when_the_account_is_disabled(self, phone_of, mei, boss):
        phone = phone_of(mei)

        services.deactivate_user(user=mei, by=boss)

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert LoginSession.objects.get(user=mei).end_reason == "disabled"

    @pytest.mark.attack("T-US-1")
    def test_are_over_however_the_account_was_disabled(self, phone_of, mei):
        phone = phone_of(mei)
        User.objects.filter(pk=mei.pk).update(is_active=False)

        assert code_of(phone.get("auth/me")) == (401, "20002")


class TestPassword:
    @pytest.mark.attack("T-US-3")
    def test_change_keeps_this_session_and_ends_the_others(self, phone_of, mei, open_session, settings):
        settings.MULTI_LOGIN = True
        phone, laptop = phone_of(mei), phone_of(mei)

        answer = laptop.post("auth/password", {"old_password": PASSWORD, "new_password": "a much longer sentence"})

        assert answer.json() == {"ended": 1}
        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert laptop.get("auth/me").status_code == 200
        assert laptop.refresh().status_code == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"old_password": "wrong", "new_password": "a much longer sentence"}, "old_password"),
            ({"old_password": PASSWORD, "new_password": "short"}, "new_password"),
            ({"old_password": PASSWORD, "new_password": "password123"}, "new_password"),
            ({"old_password": PASSWORD}, "new_password"),
            ({"old_password": 5, "new_password": "a much longer sentence"}, "old_password"),
        ],
    )
    def test_change_names_what_is_wrong(self, phone_of, mei, body, field):
        answer = phone_of(mei).post("auth/password", body)

        assert code_of(answer) == (400, "10000")
        assert field in answer.json()["error"]["fields"]
        mei.refresh_from_db()
        assert mei.check_password(PASSWORD)

    @pytest.mark.attack("T-US-3")
    def test_hash_upgrade_signs_nobody_out(self, phone_of, program, mei, settings):
        settings.MULTI_LOGIN = True
        settings.PASSWORD_HASHERS = [
            "django.contrib.auth.hashers.PBKDF2PasswordHasher",
            "accounts.hashers.Argon2Hasher",
        ]
        before = User.objects.get(pk=mei.pk).password
        phone = phone_of(mei)

        program().sign_in(mei)

        assert User.objects.get(pk=mei.pk).password != before
        assert phone.get("auth/me").status_code == 200
        assert phone.refresh().status_code == 200


class TestStanding:
    def test_of_what_never_was_is_none(self, db):
        assert sessions.state_of("0" * 32) is None

    def test_tells_why_it_is_over(self, mei, open_session):
        session = open_session(mei)
        assert sessions.state_of(session.sid).reason == ""

        with later(days=38):
            assert sessions.state_of(session.sid).reason == "expired"
        sessions.end(session, reason="logout")
        assert sessions.state_of(session.sid).reason == "logout"

    def test_of_a_restored_session_is_void(self, mei, open_session):
        session = open_session(mei)
        User.objects.filter(pk=mei.pk).update(auth_epoch=7)

        assert sessions.state_of(session.sid).reason == "revoked"

    def test_ends_only_once(self, mei, open_session):
        session = open_session(mei)

        assert sessions.end(session, reason="logout")
        assert not sessions.end(session, reason="revoked")
        assert LoginSession.objects.get().end_reason == "logout"

    def test_of_run_out_sessions_is_written_down(self, mei, hans, open_session):
        open_session(mei)
        with later(days=8):
            fresh = open_session(hans)

            assert sessions.close_run_out() == 1

        assert LoginSession.objects.unended().get() == fresh
        assert standing.judge(LoginSession.objects.select_related("user").get(user=mei)) == "expired"
