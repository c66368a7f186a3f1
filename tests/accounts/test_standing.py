"""What is known of sessions with a shared cache, and when the cache or the database is away."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from redis import Redis

from accounts import keys, services, sessions, standing, verified
from accounts.models import LoginSession, User
from project.core import cache, sqlite_watch
from project.core.errors import Unreachable
from tests.accounts.conftest import code_of
from tests.clients import until

pytestmark = pytest.mark.django_db(transaction=True)


class TestWithRedis:
    def test_takes_no_query_once_it_is_known(self, redis, mei, open_session, django_assert_num_queries):
        sid = open_session(mei).sid
        sessions.state_of(sid)

        with django_assert_num_queries(0):
            found = sessions.state_of(sid)
            assert (found.reason, found.user.username, found.session.sid) == ("", "meiling", sid)
            assert found.session.runs_out_at

        assert found.user.password  # left out of the snapshot: read from the row when somebody asks

    def test_keeps_no_secrets_there(self, redis, mei, open_session):
        session = open_session(mei)
        sessions.state_of(session.sid)

        kept = str(cache.state.get("session", session.sid))

        assert "argon2" not in kept
        assert "family_secret" not in kept

    def test_ends_at_once(self, redis, phone_of, mei):
        phone = phone_of(mei)
        phone.get("auth/me")
        phone_of(mei)

        assert code_of(phone.get("auth/me")) == (401, "20001")

    def test_is_not_revived_by_a_late_reader(self, redis, mei, open_session):
        session = LoginSession.objects.select_related("user").get(pk=open_session(mei).pk)
        sessions.end(LoginSession.objects.get(pk=session.pk), reason="revoked")

        standing._keep(session)

        assert sessions.state_of(session.sid).reason == "revoked"

    def test_follows_changes_of_the_person(self, redis, phone_of, mei):
        phone = phone_of(mei)
        phone.get("auth/me")

        phone.patch("auth/me", {"nickname": "Mei"})

        assert phone.get("auth/me").json()["nickname"] == "Mei"

    def test_follows_deactivation(self, redis, phone_of, mei):
        phone = phone_of(mei)
        phone.get("auth/me")

        services.deactivate_user(user=mei, by=None)

        assert code_of(phone.get("auth/me")) == (401, "20002")

    @pytest.mark.attack("T-SL-6")
    def test_survives_a_flush(self, redis, phone_of, mei):
        phone, laptop = phone_of(mei), phone_of(mei)
        laptop.get("auth/me")
        with Redis.from_url(redis.url) as client:
            client.flushall()

        assert laptop.get("auth/me").status_code == 200
        assert code_of(phone.get("auth/me")) == (401, "20001")

    @pytest.mark.attack("T-SL-5")
    def test_is_asked_of_the_database_when_redis_is_away(self, redis, phone_of, mei):
        phone = phone_of(mei)
        redis.stop()

        assert phone.get("auth/me").status_code == 200
        laptop = phone_of(mei)
        assert code_of(phone.get("auth/me")) == (401, "20001")
        assert laptop.get("auth/me").status_code == 200
        assert code_of(laptop.post("auth/ticket")) == (503, "10004")

    def test_lets_nobody_in_whom_a_process_remembers(self, redis, phone_of, mei, open_session):
        """A replay of the snapshot a node understood before the session ended."""
        sid = open_session(mei).sid
        sessions.state_of(sid)
        sessions.state_of(sid)
        sessions.end(LoginSession.objects.get(sid=sid), reason="revoked")

        assert sessions.state_of(sid).reason == "revoked"
        redis.stop()
        assert sessions.state_of(sid).reason == "revoked"

    def test_of_many_that_end_while_redis_is_silent_is_told_it_afterwards(self, redis, boss, open_session):
        people = User.objects.bulk_create(User(username=f"crowd{number}") for number in range(30))
        sids = [open_session(one).sid for one in people]
        assert {sessions.state_of(sid).reason for sid in sids} == {""}  # Redis has them all
        redis.freeze()
        try:
            assert services.end_everybodys_sessions(by=boss).sessions == 30
            assert {sessions.state_of(sid).reason for sid in sids} == {"revoked"}
        finally:
            redis.thaw()

        until(lambda: all(redis_says(sid) == {"ended": "revoked"} for sid in sids), "Redis has been told")


def redis_says(sid):
    try:
        return cache.state.get("session", sid)
    except Unreachable:
        return None


class TestWithoutDatabase:
    @pytest.mark.attack("T-F-1")
    def test_says_unreachable_not_signed_out(self, phone_of, mei):
        phone = phone_of(mei)

        def gone(*_call):
            raise OperationalError("database is locked")

        with connection.execute_wrapper(gone):
            assert code_of(phone.get("auth/me")) == (503, "10004")
            assert code_of(phone.refresh()) == (503, "10004")
            with pytest.raises(Unreachable):
                sessions.state_of("0" * 32)

        assert phone.get("auth/me").status_code == 200


@pytest.mark.skipif(connection.vendor != "sqlite", reason="other databases are asked each time")
class TestWithMemory:
    def test_takes_no_query_while_nobody_writes(self, mei, open_session, django_assert_num_queries):
        sid = open_session(mei).sid
        sessions.state_of(sid)

        with django_assert_num_queries(0):
            found = sessions.state_of(sid)
            assert (found.reason, found.user, found.user.role_keys) == ("", mei, ())
            assert not found.user.has_perm("accounts.view_user")

    def test_sees_what_another_process_wrote(self, phone_of, mei):
        phone = phone_of(mei)
        assert [phone.get("auth/me").status_code for _ in range(3)] == [200] * 3

        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as shell, shell:
            shell.execute("UPDATE accounts_loginsession SET ended_at = '2026-01-01 00:00:00', end_reason = 'revoked'")

        assert code_of(phone.get("auth/me")) == (401, "20002")

    def test_hears_of_a_new_file_in_the_place_of_the_old(self, tmp_path):
        """A backup that is put back while nobody stopped the server."""
        file = tmp_path / "rows.sqlite3"
        watch = sqlite_watch.Watch(file)
        assert watch.version() is None
        sqlite3.connect(file).execute("CREATE TABLE t (n)").connection.close()
        before = watch.version()
        assert before is not None
        assert before == watch.version()

        file.rename(tmp_path / "old.sqlite3")
        sqlite3.connect(file).execute("CREATE TABLE t (n)").connection.close()

        assert watch.version() not in (None, before)

    def test_asks_within_a_transaction_of_its_own(self, mei, open_session):
        sid = open_session(mei).sid
        sessions.state_of(sid)

        with transaction.atomic():
            LoginSession.objects.update(end_reason="revoked", ended_at=timezone.now())
            assert sessions.state_of(sid).reason == "revoked"
            transaction.set_rollback(True)

        assert sessions.state_of(sid).reason == ""

    def test_hands_out_rows_that_are_nobody_elses(self, clerk, open_session):
        sid = open_session(clerk).sid
        sessions.state_of(sid)
        one = sessions.state_of(sid)

        one.user.is_superuser, one.session.end_reason = True, "revoked"
        one.user.roles.clear()

        other = sessions.state_of(sid)
        assert (other.user.is_superuser, other.session.end_reason, other.user.rank) == (False, "", 50)
        other.user.nickname = "Mei"
        other.user.save(update_fields=["nickname"])
        assert sessions.state_of(sid).user.nickname == "Mei"

    def test_runs_out_by_the_clock(self, mei, open_session):
        sid = open_session(mei).sid
        sessions.state_of(sid)

        with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
            assert sessions.state_of(sid).reason == "expired"


@pytest.fixture(params=["memory", "redis"])
def house(request):
    """A house that keeps what it knows in each way."""
    if request.param == "redis":
        request.getfixturevalue("redis")
    return request.param


@pytest.mark.skipif(connection.vendor != "sqlite", reason="with memory, other databases are asked each time")
@pytest.mark.usefixtures("house")
class TestRights:
    def test_cost_no_query(self, clerk, open_session, django_assert_num_queries):
        sid = open_session(clerk).sid
        sessions.state_of(sid)

        with django_assert_num_queries(0):
            user = sessions.state_of(sid).user
            assert user.has_perm("accounts.view_user")
            assert not user.has_perm("accounts.rotate_keys")
            assert (user.rank, user.role_keys) == (50, ("clerks",))

    @pytest.mark.attack("T-US-2")
    def test_change_with_the_next_call(self, phone_of, clerk, role):
        phone = phone_of(clerk)
        assert [phone.get("users/").status_code for _ in range(2)] == [200, 200]

        services.set_roles(by=None, user=clerk, roles=[])
        assert code_of(phone.get("users/")) == (403, "10009")

        readers = role("readers", 10, "accounts.view_user")
        services.set_roles(by=None, user=clerk, roles=[readers])
        assert phone.get("users/").status_code == 200
        services.update_role(by=None, role=readers, permissions=[])
        assert code_of(phone.get("users/")) == (403, "10009")

    def test_of_a_change_that_was_taken_back_are_not_kept(self, clerk, open_session):
        sid = open_session(clerk).sid
        with transaction.atomic():
            services.set_roles(by=None, user=clerk, roles=[])
            sessions.state_of(sid)
            transaction.set_rollback(True)

        assert sessions.state_of(sid).user.has_perm("accounts.view_user")
        services.set_roles(by=None, user=clerk, roles=list(clerk.roles))
        assert sessions.state_of(sid).user.has_perm("accounts.view_user")


class TestVerifiedTokens:
    """A signature that was verified is not verified again; everything else is looked at each time."""

    def test_count_for_no_session_that_is_over(self, phone_of, mei):
        phone = phone_of(mei)
        phone.get("auth/me")
        LoginSession.objects.update(ended_at=timezone.now(), end_reason="revoked")

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert verified.claims_of(phone.tokens["access"]) is None

    @pytest.mark.attack("T-JWT-5")
    def test_run_out_like_others(self, phone_of, mei, settings):
        phone = phone_of(mei)
        phone.get("auth/me")
        late = timedelta(seconds=settings.ACCESS_TOKEN_EXPIRES)

        with time_machine.travel(timezone.now() + late + timedelta(seconds=20), tick=True):
            assert phone.get("auth/me").status_code == 200
        with time_machine.travel(timezone.now() + late + timedelta(seconds=40), tick=True):
            assert code_of(phone.get("auth/me")) == (401, "20002")

    @pytest.mark.attack("T-JWT-5")
    def test_are_not_good_before_they_were_made(self, phone_of, mei):
        """The server's clock jumps an hour back: tokens of the future are refused, and nothing that is over comes back."""
        phone, gone = phone_of(mei), phone_of(mei)
        gone.get("auth/me")
        gone.post("auth/logout")

        with time_machine.travel(timezone.now() - timedelta(hours=1), tick=True):
            assert code_of(phone.get("auth/me")) in {(401, "20002"), (401, "20001")}
            assert code_of(gone.get("auth/me")) == (401, "20002")
            assert code_of(gone.refresh()) == (401, "20003")
        assert code_of(gone.get("auth/me")) == (401, "20002")

    def test_count_by_no_key_that_is_gone(self, phone_of, mei, settings):
        settings.JWT_KEYS_DIR, settings.JWT_ALGORITHM = None, "EdDSA"
        keys.forget()
        phone = phone_of(mei)
        phone.get("auth/me")

        services.retire_key(by=None, kid=keys.current().kid, stolen=True)

        assert code_of(phone.get("auth/me")) == (401, "20002")
        keys.forget()
