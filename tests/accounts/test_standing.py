"""What is known of sessions with a shared cache, and when the cache or the database is away."""

import pytest
from django.db import OperationalError, connection
from redis import Redis

from accounts import services, sessions, standing
from accounts.models import LoginSession, User
from project.core import cache
from project.core.errors import Unreachable
from tests.accounts.conftest import code_of
from tests.core.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def redis(tmp_path, settings):
    """A Redis of this test's own, and everything kept in it."""
    server = RedisServer(tmp_path).start()
    settings.CACHES = {
        "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": server.url},
        "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": server.url},
    }
    yield server
    server.stop()


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


class TestWithMemory:
    def test_sees_what_another_process_wrote(self, phone_of, mei):
        phone = phone_of(mei)
        phone.get("auth/me")

        LoginSession.objects.update(ended_at="2026-01-01T00:00:00Z", end_reason="revoked")

        assert code_of(phone.get("auth/me")) == (401, "20002")

    def test_takes_one_query(self, mei, open_session, django_assert_num_queries):
        sid = open_session(mei).sid

        with django_assert_num_queries(1):
            assert sessions.state_of(sid).user == User(pk=mei.pk)
