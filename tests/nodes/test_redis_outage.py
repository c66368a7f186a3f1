"""Two nodes whose Redis is killed, flushed and frozen: the database is the truth, Redis is speed."""

import secrets
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.clients import PATIENCE, Caller, Line, until
from tests.core.redis_server import RedisServer
from tests.journey.test_sessions import code_of
from tests.journey.test_sockets import say
from tests.nodes import databases
from tests.nodes.house import House, Person
from tests.office import Office

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

ON_REDIS = {"cache", "channel_layer", "broker"}
SWEEP_SECONDS = 30
"""How often a node asks the database for sessions of its sockets that are over."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that tests may hurt."""
    running = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def opened(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two nodes on that Redis."""
    with (
        databases.postgres() as database,
        House(tmp_path_factory.mktemp("house"), background=False, DATABASE_URL=database, REDIS_URL=server.url) as house,
    ):
        yield house


@pytest.fixture
def redis(server: RedisServer) -> Iterator[RedisServer]:
    """The Redis, which is well again after the test."""
    yield server
    server.stop()
    server.start()


@pytest.fixture
def house(opened: House, redis: RedisServer) -> House:
    """The two nodes, in touch with each other."""
    until_failing(opened, set())
    return opened


def failing(node: Office) -> set[str]:
    """Return what a node says it cannot reach."""
    answer = node.visitor().get("/readyz")
    found = {name for name, check in answer.json()["checks"].items() if check["status"] != "ok"}
    assert answer.status_code == (503 if found else 200), answer.text
    return found


def until_failing(house: House, names: set[str]) -> None:
    """Wait until both nodes say that they cannot reach `names`, and nothing else."""
    until(lambda: [failing(node) for node in house.nodes] == [names, names], f"only {names} fail")


def bearer_line(node: Office, caller: Caller) -> Line:
    """Open a socket without a ticket: those are kept in Redis."""
    line = Line(node.url, bearer=caller.tokens["access"])
    line.next("welcome")
    return line


def until_heard(staff: Caller, line: Line, to: dict[str, object]) -> None:
    """Say something again and again until the line hears it: what is said while Redis is away is lost."""
    text = secrets.token_hex(4)

    def said_and_heard() -> bool:
        say(staff, to, text)
        line.ask("ping")
        return any(frame["topic"] == "notice" and frame["data"]["text"] == text for frame in line.frames)

    until(said_and_heard, f"{to} hears")


def signed_in(house: House) -> list[tuple[Person, Caller]]:
    """Two people, one at each node."""
    people = [house.hire(), house.hire()]
    return [(person, person.sign_in(node)) for person, node in zip(people, house.nodes, strict=True)]


class TestRedisKilled:
    def test_keeps_sockets_and_sessions_and_is_told_by_name(self, house: House, redis: RedisServer):
        (mei, meis), (hans, hanss) = signed_in(house)
        nina, staff = house.hire(), house.administrator(house.east)
        with bearer_line(house.east, meis) as in_the_east, bearer_line(house.west, hanss) as in_the_west:
            for line in (in_the_east, in_the_west):
                line.ask("join", {"group": "public.storm"})

            redis.stop()

            until_failing(house, ON_REDIS)
            for caller in (meis, hanss):
                assert caller.get("auth/me").status_code == 200
                assert caller.refresh().status_code == 200
            with bearer_line(house.west, nina.sign_in(house.west)) as new:
                say(staff, {"user": mei.pk}, "here")  # both are at this node
                assert in_the_east.next("notice")["text"] == "here"
                for line in (in_the_east, in_the_west, new):
                    assert line.ask("ping")["data"]["time"] > 0

                redis.start()

                until_failing(house, set())
                for person, line in ((mei, in_the_east), (hans, in_the_west), (nina, new)):
                    until_heard(staff, line, {"user": person.pk})
                staff.url = house.west.url
                until_heard(staff, in_the_east, {"group": "public.storm"})
                until_heard(staff, in_the_east, {"all": True})
        for caller in (meis, hanss):
            assert caller.get("auth/me").status_code == 200

    @pytest.mark.attack("T-SL-5")
    def test_lets_a_second_device_displace_the_first(self, house: House, redis: RedisServer):
        mei = house.hire()
        phone = mei.sign_in(house.east, "phone")
        assert phone.get("auth/me").status_code == 200  # by now it is in the cache
        line = bearer_line(house.east, phone)
        redis.stop()

        laptop = mei.sign_in(house.west, "laptop")

        assert code_of(phone.get("auth/me")) == (401, "20001")
        assert code_of(phone.refresh()) == (401, "20001")
        assert laptop.get("auth/me").status_code == 200
        assert line.end(SWEEP_SECONDS + PATIENCE)[0] == 4501

    def test_lets_staff_end_a_session(self, house: House, redis: RedisServer):
        mei = house.hire()
        caller, staff = mei.sign_in(house.west), house.administrator(house.east)
        assert caller.get("auth/me").status_code == 200
        redis.stop()

        answer = staff.post(f"users/{mei.pk}/end-sessions/")

        assert answer.status_code == 200, answer.text
        assert code_of(caller.get("auth/me")) == (401, "20002")
        redis.start()
        until_failing(house, set())
        assert code_of(caller.get("auth/me")) == (401, "20002")


class TestRedisFlushed:
    @pytest.mark.attack("T-SL-6")
    def test_signs_nobody_out_and_revives_nobody(self, house: House, redis: RedisServer):
        (_, meis), (hans, hanss) = signed_in(house)
        nina = house.hire()
        left, displaced = nina.sign_in(house.west, "left"), hans.sign_in(house.west, "displaced")
        hanss = hans.sign_in(house.east, "newer")
        assert left.post("auth/logout").status_code == 204
        callers = [meis, hanss]
        with bearer_line(house.east, meis) as in_the_east, bearer_line(house.west, hanss) as in_the_west:
            redis.order("FLUSHALL")

            for node in house.nodes:
                for caller in (*callers, left, displaced):
                    caller.url = node.url
                assert [caller.get("auth/me").status_code for caller in callers] == [200, 200]
                assert code_of(left.get("auth/me")) == (401, "20002")
                assert code_of(displaced.get("auth/me")) == (401, "20001")
                assert left.refresh().status_code == displaced.refresh().status_code == 401
            assert [caller.refresh().status_code for caller in callers] == [200, 200]
            staff = house.administrator(house.east)
            until_heard(staff, in_the_east, {"all": True})
            until_heard(staff, in_the_west, {"all": True})

    def test_lists_everybody_again(self, house: House, redis: RedisServer):
        (mei, meis), _ = signed_in(house)
        staff = house.administrator(house.west)
        with bearer_line(house.east, meis):
            redis.order("FLUSHALL")

            def listed() -> int:
                return int(staff.get("realtime/connections", params={"user": mei.pk}).json()["count"])

            until(lambda: listed() == 1, "Mei is listed again")


class TestRedisFrozen:
    def test_is_waited_for_within_bounds(self, house: House, redis: RedisServer):
        (mei, meis), (hans, hanss) = signed_in(house)
        nina, staff = house.hire(), house.administrator(house.east)
        asked: dict[str, tuple[set[int], Callable[[], requests.Response]]] = {
            "whoever is signed in": ({200}, lambda: meis.get("auth/me")),
            "a refresh": ({200}, lambda: hanss.refresh()),
            "a sign-in": ({200}, lambda: house.east.visitor().post("auth/login", nina.credentials)),
            "a ticket": ({503}, lambda: hanss.post("auth/ticket")),
            "who is online": ({200, 503}, lambda: staff.get("realtime/connections")),
            "a message": ({202}, lambda: say(staff, {"user": hans.pk}, "hello")),
            "an export": ({202}, lambda: staff.post("exports/", {"resource": "users", "format": "xlsx"})),
            "the back office": ({200, 302}, lambda: house.west.visitor().get("/admin/login/")),
        }
        with bearer_line(house.east, meis) as in_the_east, bearer_line(house.west, hanss) as in_the_west:
            redis.freeze()

            for what, (expected, ask) in [*asked.items()] * 2:
                answer = ask()  # while Redis is frozen: what waited for it would get none
                assert answer.status_code in expected, f"{what}: {answer.text}"
            assert failing(house.east) == ON_REDIS
            for line in (in_the_east, in_the_west):
                assert line.ask("ping")["data"]["time"] > 0

            redis.thaw()

            until_failing(house, set())
            for person, line in ((mei, in_the_east), (hans, in_the_west)):
                until_heard(staff, line, {"user": person.pk})
