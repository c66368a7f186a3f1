"""A house in production, behind nginx as deploy/ configures it."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients import Caller
from tests.core.redis_server import free_port
from tests.deploy.certificates import Authority
from tests.deploy.nginx import Nginx
from tests.environment import need
from tests.nodes.databases import postgres
from tests.nodes.house import House
from tests.office import Office

KEEPER, PASSWORD = "keeper", "Secret1word"
PROXIES = "127.0.0.1,127.0.0.2"
PRODUCTION = {
    "GATEHOUSE_ENV": "prod",
    "ALLOWED_HOSTS": "localhost",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "DJANGO_SUPERUSER_USERNAME": KEEPER,
    "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
}


@dataclass(frozen=True)
class Site:
    """nginx, and the two nodes behind it."""

    proxy: Nginx
    nodes: tuple[Office, Office]
    authority: Authority

    def caller(self, address: str = "", url: str = "") -> Caller:
        """Somebody outside, who comes from `address` and trusts our authority."""
        return Caller(url or self.proxy.url, trust=str(self.authority.root), address=address)

    def keeper(self, address: str = "", url: str = "") -> Caller:
        """The administrator, signed in."""
        caller = self.caller(address, url)
        caller.sign_in(KEEPER, PASSWORD)
        return caller


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Authority) -> tuple[Path, Path]:
    return authority.issue("server")


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, certificate: tuple[Path, Path]
) -> Iterator[Site]:
    """Two nodes in production on PostgreSQL and Redis, behind nginx."""
    folder = tmp_path_factory.mktemp("site")
    more = {"REDIS_URL": need("REDIS_URL"), "REDIS_PREFIX": f"site-{secrets.token_hex(4)}"}
    more |= {"TRUSTED_PROXIES": PROXIES, "MULTI_LOGIN": "true", "GATEWAY_IDLE_SECONDS": "6"}
    with postgres() as database:
        house = House(folder, background=False, DATABASE_URL=database, **PRODUCTION, **more)
        for node in house.nodes:  # one that restarts must find the port nginx knows
            node.arguments = ("--only", "web", "--port", str(free_port()), "--no-demo")
        with house, Nginx(folder / "nginx", [node.url for node in house.nodes], certificate) as proxy:
            yield Site(proxy, house.nodes, authority)


@pytest.fixture
def new_proxy(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Callable[..., Nginx]]:
    """Put another nginx in front of something."""
    opened: list[Nginx] = []

    def open_one(nodes: list[str], **how: str) -> Nginx:
        one = Nginx(tmp_path / f"nginx-{len(opened)}", nodes, certificate, **how).__enter__()
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        one.__exit__()
