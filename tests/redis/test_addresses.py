"""REDIS_URL in all its forms: passwords with signs in them, TLS, Unix sockets, a database's number."""

from pathlib import Path
from urllib.parse import quote

import kombu
import pytest
import redis

from project.core import redis_trouble, redis_url
from project.core.cache.redis import connect
from tests.core.redis_server import RedisServer, free_port
from tests.deploy.certificates import Authority
from tests.office import Office

PASSWORD = "p@ss/w:ord#1?&%"  # nobody's
PREFIXES = ("plain", "tls", "unix")
PERMITTED = [*(f"{sign}{one}:*" for one in PREFIXES for sign in "~&"), "+@all", "-@dangerous", "+info"]
"""What docs/redis.md says the account needs."""
NAMED = ("--user", "gate", "on", f">{PASSWORD}", *PERMITTED)
SIGNS = quote(PASSWORD, safe="")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """One Redis that is reached in three ways, and what its certificate is checked with."""
    folder: Path = tmp_path_factory.mktemp("redis")
    port, authority = free_port(), Authority(folder / "authority")
    certificate, key = authority.issue("redis")
    secure = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    secure += ["--tls-ca-cert-file", str(authority.root), "--tls-auth-clients", "no"]
    server = RedisServer(folder, *secure, "--unixsocket", str(folder / "redis.sock"), *NAMED)
    server.start()
    yield (
        server,
        {
            "plain": f"redis://gate:{SIGNS}@127.0.0.1:{server.port}/3",
            "tls": f"rediss://gate:{SIGNS}@localhost:{port}/4?ssl_ca_certs={authority.root}",
            "unix": f"unix://gate:{SIGNS}@{folder / 'redis.sock'}?db=5",
            "tls of strangers": f"rediss://gate:{SIGNS}@localhost:{port}/4",
        },
    )
    server.stop()


@pytest.mark.parametrize(("kind", "database"), [("plain", 3), ("tls", 4), ("unix", 5)])
class TestAHouseAt:
    def test_an_address_uses_it_for_everything(self, places, tmp_path, kind, database):
        server, urls = places

        arguments = ("--only", "web", "--port", "0", "--no-demo")
        with Office(tmp_path / "home", *arguments, REDIS_URL=urls[kind], REDIS_PREFIX=kind) as office:
            ready = office.visitor().get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "ok"), ready.text + office.log
            boss = office.sign_in()
            with boss.socket() as line:
                assert line.ask("join", {"group": "public.lobby"})["data"]["members"] == 1
                assert boss.get("realtime/nodes").json()["results"][0]["in_touch"] is True
            keys = server_keys(server, database)
            assert PASSWORD not in office.log
            assert SIGNS not in office.log

        assert {key.split(":")[1] for key in keys if key.startswith(f"{kind}:")} >= {"state", "presence", "health"}
        elsewhere = [key for number in range(16) if number != database for key in server_keys(server, number)]
        assert not [key for key in elsewhere if key.startswith(kind)]


class TestACertificateNobodyTrusts:
    def test_is_refused_by_the_caches(self, places):
        with pytest.raises(redis.ConnectionError) as refused:
            connect(places[1]["tls of strangers"]).ping()

        assert redis_trouble.words(refused.value) == "The certificate of Redis cannot be trusted."

    def test_is_refused_by_the_broker(self, places):
        url = redis_url.for_broker(places[1]["tls of strangers"])

        with kombu.Connection(url) as link, pytest.raises(kombu.exceptions.OperationalError) as refused:
            link.ensure_connection(max_retries=1, timeout=2)

        assert redis_trouble.words(refused.value) == "The certificate of Redis cannot be trusted."


def server_keys(server: RedisServer, database: int) -> list[str]:
    with server.operator(database) as client:
        return [str(key) for key in client.scan_iter()]
