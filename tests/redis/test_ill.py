"""Redis answers, but not as it should. Nobody is let in who should not be, and nobody is kept out."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from tests.clients import until
from tests.redis.house import PASSWORD, House

pytestmark = pytest.mark.attack("T-F-4")


@contextmanager
def full(house: House) -> Iterator[None]:
    house.server.order("CONFIG", "SET", "maxmemory", 1)
    try:
        yield
    finally:
        house.server.order("CONFIG", "SET", "maxmemory", 0)


@contextmanager
def a_replica(house: House) -> Iterator[None]:
    house.server.order("REPLICAOF", "127.0.0.1", 1)
    try:
        yield
    finally:
        house.server.order("REPLICAOF", "NO", "ONE")


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Its password was changed, and the lines were cut."""
    house.server.order("ACL", "SETUSER", "default", "resetpass", ">another")
    for kind in ("normal", "pubsub"):
        house.server.order("CLIENT", "KILL", "TYPE", kind)
    try:
        yield
    finally:
        open_to_all(house)


@contextmanager
def strict(house: House) -> Iterator[None]:
    """Its access list permits us little."""
    house.server.order("ACL", "SETUSER", "default", "reset", "on", "nopass", "+ping", "+client")
    try:
        yield
    finally:
        open_to_all(house)


def open_to_all(house: House) -> None:
    house.server.order("ACL", "SETUSER", "default", "on", "nopass", "~*", "&*", "+@all")


@contextmanager
def loading(house: House) -> Iterator[None]:
    """It was started again, and reads what it had saved, slowly."""
    house.server.order("CONFIG", "SET", "rdbcompression", "no")
    house.server.order("EVAL", "for i = 1, 6000 do redis.call('SET', 'old:' .. i, string.rep('x', 2048)) end", 0)
    house.server.order("SAVE")
    house.server.stop()
    house.server.start("--key-load-delay", "20000", "--loading-process-events-interval-bytes", "1024")
    try:
        yield
    finally:
        house.server.stop()
        house.server.start()


@contextmanager
def slow(house: House) -> Iterator[None]:
    house.line.delay = 2.0
    try:
        yield
    finally:
        house.line.mend()


@contextmanager
def cut_short(house: House) -> Iterator[None]:
    house.line.cut_answers()
    try:
        yield
    finally:
        house.line.mend()


@contextmanager
def frozen(house: House) -> Iterator[None]:
    house.server.freeze()
    try:
        yield
    finally:
        house.server.thaw()


FAULTS: dict[Callable[[House], AbstractContextManager[None]], str] = {
    full: "Redis is out of memory (noeviction)",
    a_replica: "This Redis is a read-only replica.",
    locked: "Redis refuses the password.",
    strict: "Redis does not permit this account",
    loading: "Redis is still loading its data.",
    slow: "Redis does not answer in time.",
    cut_short: "Redis cannot be reached.",
    frozen: "Redis does not answer in time.",
}


@pytest.mark.parametrize(("fault", "words"), FAULTS.items(), ids=[fault.__name__ for fault in FAULTS])
class TestARedisThatIs:
    def test_ill_lets_nobody_in_or_out_that_should_not_be(self, house: House, fault, words):
        mei, hans, nina = house.hire(), house.hire(), house.hire()
        phone, desk = house.east.sign_in(hans, PASSWORD), house.east.sign_in(mei, PASSWORD)
        desk_from_west, phone_from_west = (house.as_seen_from(house.west, one) for one in (desk, phone))
        assert {one.get("auth/me").status_code for one in (desk_from_west, phone_from_west)} == {200}

        with fault(house):
            # the database answers
            assert house.east.sign_in(mei, PASSWORD).get("auth/me").status_code == 200
            assert desk_from_west.get("auth/me").status_code == 200
            # who signs out is out, on every node
            assert phone.post("auth/logout").status_code == 204
            assert {one.get("auth/me").status_code for one in (phone, phone_from_west)} == {401}
            # what Redis alone would know is not guessed
            refused = desk.post("auth/ticket")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "10004")
            # limits count
            assert [guess(house, nina) for _ in range(6)] == [401] * 5 + [429]
            # strangers learn the names, staff the reason
            answer = house.west.visitor().get("/readyz")
            assert answer.status_code == 503
            found = {name: one["status"] for name, one in answer.json()["checks"].items()}
            assert (found["cache"], found["database"]) == ("failing", "ok")
            assert "Redis" not in answer.text
            until(lambda: words in health_page(house), "staff are told")

        house.until_ready()
        assert {one.get("auth/me").status_code for one in (phone, phone_from_west)} == {401}
        assert {one.get("auth/me").status_code for one in (desk, desk_from_west)} == {200}
        until(lambda: desk.post("auth/ticket").status_code == 200, "tickets are given again")
        until(lambda: words not in health_page(house), "staff are told that it is over")


def guess(house: House, username: str) -> int:
    given = {"username": username, "password": "wrong"}
    return int(house.west.visitor().post("auth/login", given).status_code)


def health_page(house: House) -> str:
    """What staff see on the health page."""
    with requests.Session() as browser:
        browser.trust_env = False
        address, referer = f"{house.east.url}/admin/login/?next=/admin/health/", {"Referer": house.east.url}
        form = browser.get(address, timeout=30).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        username, password = house.administrator
        given = {"csrfmiddlewaretoken": token[1], "username": username, "password": password}
        page = browser.post(address, given, headers=referer | {"Accept-Language": "en"}, timeout=30)
    assert urlsplit(page.url).path == "/admin/health/", page.url
    return page.text
