"""What would fail later, or in silence, stops the start: one message, exit code 78."""

import socketserver
import threading
from collections.abc import Iterator

import pytest
from channels_redis.core import RedisChannelLayer

from project import checks, env
from project.core import redis_server as server_facts
from tests.clients import until
from tests.core.redis_server import RedisServer, free_port
from tests.office import Office
from tests.redis.house import House

pytestmark = pytest.mark.attack("T-F-7")


def refused(office: Office) -> str:
    """Start it; return what it said when it refused to."""
    office.start()
    code = office.wait()
    assert code == env.EX_CONFIG, office.log
    return office.log


class TestAStart:
    @pytest.mark.parametrize("arguments", [["--only", "web"], ["--only", "worker"], ["--workers", "2"]])
    def test_in_several_processes_wants_nothing_kept_in_one(self, tmp_path, arguments):
        said = refused(Office(tmp_path / "home", *arguments, "--port", "0"))

        assert "3 setting(s) are wrong" in said
        for name in ("CACHE_URL", "CHANNEL_LAYER_URL", "CELERY_BROKER_URL"):
            assert f"  {name}: got memory; expected a server that all processes reach (set REDIS_URL for all" in said

    def test_names_only_what_is_kept_in_memory(self, tmp_path, redis_server):
        home = tmp_path / "home"
        said = refused(Office(home, "--only", "worker", CELERY_BROKER_URL=redis_server.url, CACHE_URL=redis_server.url))

        assert "1 setting(s) are wrong" in said
        assert "  CHANNEL_LAYER_URL: got memory" in said

    def test_wants_a_redis_that_takes_changes(self, tmp_path, redis_server):
        redis_server.order("REPLICAOF", "127.0.0.1", free_port())

        said = refused(Office(tmp_path / "home", REDIS_URL=redis_server.url))

        assert "  REDIS_URL: got a read-only replica; expected its primary" in said
        assert said.count("read-only replica") == 1

    def test_wants_a_redis_that_is_whole(self, tmp_path):
        server = RedisServer(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())).start()
        try:
            said = refused(Office(tmp_path / "home", CACHE_URL=server.url))
        finally:
            server.stop()

        assert "  CACHE_URL: got a node of a Redis Cluster; expected a single Redis" in said

    def test_is_refused_where_another_installation_uses_the_prefix(self, house: House, tmp_path):
        boss = house.east.sign_in()
        until(lambda: boss.get("realtime/nodes").json()["count"] == 2, "both nodes are listed in Redis")
        stranger = {"SECRET_KEY": "x" * 60, "REDIS_URL": house.server.url}

        said = refused(Office(tmp_path / "home", "--port", "0", "--no-demo", **stranger))

        assert "REDIS_PREFIX: got 'gatehouse', which an installation with another SECRET_KEY uses just now" in said
        assert "x" * 60 not in said

        with Office(tmp_path / "home", "--port", "0", "--no-demo", REDIS_PREFIX="gatehouse-2", **stranger) as office:
            assert office.visitor().get("/healthz").status_code == 200


class TestServers:
    @pytest.fixture
    def old(self) -> Iterator[str]:
        """A server that says it is Redis 5."""

        class Old(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                text = b"redis_version:5.0.14\r\nrole:master\r\n"
                while line := self.rfile.readline():
                    words = [self._word() for _ in range(int(line[1:]))]
                    self.wfile.write(b"$%d\r\n%b\r\n" % (len(text), text) if words[0] == b"INFO" else b"+OK\r\n")

            def _word(self) -> bytes:
                self.rfile.readline()
                return self.rfile.readline().strip()

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Old) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
            server.shutdown()

    def test_that_are_too_old_are_named_with_their_version(self, settings, old):
        settings.CACHE_URL = old

        assert [str(one).split("; for")[0].strip() for one in checks.problems_of_servers()] == [
            "CACHE_URL: got Redis 5.0.14; expected Redis 6.2 or newer"
        ]

    def test_that_may_throw_away_what_is_needed_are_doubtful(self, settings, redis_server):
        redis_server.order("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        settings.REDIS_URL = settings.CACHE_URL = redis_server.url
        assert checks.doubts_of_servers() == []  # without a limit nothing is thrown away

        redis_server.order("CONFIG", "SET", "maxmemory", "100mb")

        [doubt] = checks.doubts_of_servers()
        assert (doubt.name, doubt.given) == ("REDIS_URL", "a Redis with maxmemory-policy allkeys-lru")
        assert "maxmemory-policy allkeys-lru" in str(server_facts.described(redis_server.url))
        assert checks.problems_of_servers() == []

    def test_that_do_not_permit_the_question_are_believed(self, settings, redis_server):
        redis_server.order("ACL", "SETUSER", "default", "-info")
        settings.CACHE_URL = redis_server.url

        assert checks.problems_of_servers() == []
        assert server_facts.described(redis_server.url) == "Redis"


class TestTheChannelLayer:
    def problems(self, settings, backend: str, **config: object) -> list[str]:
        settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"channels_redis.{backend}", "CONFIG": config}}
        return [f"{one.name}: {one.given}; {one.expected}" for one in checks.problems_of_settings()]

    def test_as_we_set_it_is_fine(self, settings):
        assert self.problems(settings, "pubsub.RedisPubSubChannelLayer", hosts=[{"address": "redis://h"}]) == []

    def test_has_one_host(self, settings):
        [problem] = self.problems(settings, "pubsub.RedisPubSubChannelLayer", hosts=["redis://a", "redis://b"])

        assert problem.startswith("CHANNEL_LAYERS: 2 hosts; one host")

    @pytest.mark.parametrize("seconds", [1, RedisChannelLayer.brpop_timeout])
    def test_of_the_other_kind_waits_longer_than_a_message_takes(self, settings, seconds):
        host = {"address": "redis://h", "socket_timeout": seconds}

        [problem] = self.problems(settings, "core.RedisChannelLayer", hosts=[host])

        assert problem.startswith(f"CHANNEL_LAYERS: socket_timeout {seconds}; more than 5 s")

    @pytest.mark.parametrize(
        ("option", "value"), [("capacity", 0), ("expiry", 0), ("group_expiry", 59), ("group_expiry", -1)]
    )
    def test_of_the_other_kind_keeps_messages_and_members(self, settings, option, value):
        host = {"address": "redis://h", "socket_timeout": 15}

        [problem] = self.problems(settings, "core.RedisChannelLayer", hosts=[host], **{option: value})

        assert problem.startswith(f"CHANNEL_LAYERS: {option} {value}; at least")

    def test_needs_a_library_it_works_with(self, settings, monkeypatch):
        monkeypatch.setattr("redis.VERSION", (8, 1, 0))
        monkeypatch.setattr("redis.__version__", "8.1.0")

        [problem] = self.problems(settings, "pubsub.RedisPubSubChannelLayer", hosts=["redis://h"])

        assert problem.startswith("redis-py: 8.1.0; 5 to 7")
