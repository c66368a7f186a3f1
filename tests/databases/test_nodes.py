"""Two processes on one database: they start at once, and people use both in the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Event
from typing import Any

import jwt
import pytest
import requests

from tests.clients import Caller, until
from tests.databases.databases import Database
from tests.office import Office

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def nodes(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, list[Office]]]:
    """Two nodes that were started in the same moment on an empty database."""
    database = Database(engine)
    database.create()
    settings = {"DATABASE_URL": database.url, "SECRET_KEY": "k" * 60, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    homes = tmp_path_factory.mktemp("nodes")
    both = [Office(homes / name, **settings) for name in ("first", "second")]
    try:
        with ThreadPoolExecutor(2) as threads:
            yield database, list(threads.map(Office.open, both))
    finally:
        for one in both:
            one.__exit__()
        database.drop()


def know_each_other(both: list[Office], name: str) -> None:
    """Wait until each node knows the other's key: after a rotation by force that takes one up to ten seconds."""
    for here, there in (both, both[::-1]):
        until(lambda: me(there, sign_in(here, name)).status_code == 200, f"{there.url} knows the key")  # noqa: B023 (called at once)


def at_once(times: int, act: Callable[[int], requests.Response]) -> list[requests.Response]:
    """Send so many requests in the same moment."""
    start = Barrier(times)

    def one(number: int) -> requests.Response:
        start.wait(30)
        return act(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


class TestTwoNodes:
    def test_that_start_at_once_make_one_of_everything(self, nodes):
        database, both = nodes

        assert [one.sign_in("admin", PASSWORD).get("auth/me").status_code for one in both] == [200, 200]
        made = {
            "superusers": "SELECT count(*) FROM accounts_user WHERE is_superuser",
            "signing keys": "SELECT count(*) FROM accounts_signingkey WHERE state = 'current'",
        }
        assert {what: database.ask(sql)[0][0] for what, sql in made.items()} == {"superusers": 1, "signing keys": 1}
        assert "Traceback" not in both[0].log + both[1].log

    @pytest.mark.attack("T-SL-2")
    def test_leave_one_session_of_twenty_sign_ins_at_once(self, nodes):
        database, both = nodes
        hire(both[0], "twentytimes")
        know_each_other(both, "twentytimes")

        answers = at_once(20, lambda number: sign_in(both[number % 2], "twentytimes"))

        assert [one.status_code for one in answers] == [200] * 20
        live = [one for one in answers if me(both[0], one).status_code == 200]
        assert len(live) == 1
        told = {me(both[1], one).json()["error"]["code"] for one in answers if one not in live}
        assert told == {"20001"}
        rows = database.ask(
            "SELECT count(*) FROM accounts_loginsession s JOIN accounts_user u ON u.id = s.user_id"
            " WHERE u.username = 'twentytimes' AND s.ended_at IS NULL"
        )
        assert rows[0][0] == 1

    @pytest.mark.attack("T-RT-2")
    def test_give_one_successor_to_a_token_used_eight_times_at_once(self, nodes):
        database, both = nodes
        hire(both[0], "eightatonce")
        know_each_other(both, "eightatonce")
        tokens = sign_in(both[0], "eightatonce").json()

        for _round in range(10):
            given = {"refresh": tokens["refresh"]}
            answers = at_once(8, lambda number: Caller(both[number % 2].url).post("auth/refresh", given))  # noqa: B023 (called at once)

            assert [one.status_code for one in answers] == [200] * 8
            assert len({(one.json()["refresh"], one.json()["access"]) for one in answers}) == 1
            tokens = answers[0].json()
        rows = database.ask("SELECT gen FROM accounts_loginsession WHERE sid = %s", tokens["session"]["id"])
        assert rows == [(10,)]

    @pytest.mark.attack("T-RT-2")
    def test_give_one_successor_while_only_one_of_them_knows_the_key_that_signs(self, nodes):
        _database, both = nodes
        hire(both[0], "newkey")
        tokens = sign_in(both[0], "newkey").json()
        keeper = both[0].sign_in("admin", PASSWORD)
        signed_by: set[str] = set()

        for number_of_round in count(1):  # who signs is whoever was first
            rotated = keeper.post("keys/rotate", {"force": True})
            assert rotated.status_code == 200, rotated.text
            given = {"refresh": tokens["refresh"]}
            answers = at_once(8, lambda number: Caller(both[number % 2].url).post("auth/refresh", given))  # noqa: B023 (called at once)

            assert [one.status_code for one in answers] == [200] * 8
            assert len({(one.json()["refresh"], one.json()["access"]) for one in answers}) == 1
            assert {me(both[number % 2], one).status_code for number, one in enumerate(answers)} == {200}
            tokens = answers[0].json()
            signed_by.add(jwt.get_unverified_header(tokens["access"])["kid"])
            if number_of_round >= 6 and len(signed_by) > 1:
                break
            assert number_of_round < 60, "one node signs, and always with the same key"

    @pytest.mark.attack("T-KEY-1")
    def test_rotate_their_keys_while_people_work(self, nodes):
        _database, both = nodes
        people = [f"rotates{number}" for number in range(4)]
        for name in people:
            hire(both[0], name)
        callers = [keep_in(sign_in(both[number % 2], name)) for number, name in enumerate(people)]
        before = kid_of(callers[0])
        waiting = both[0].manage("jwt_keys", "generate").stdout.split()[0]
        for office in both:
            until(lambda: waiting in told_keys(office), f"{office.url} knows the next key")  # noqa: B023 (called at once)
        statuses: list[int] = []
        done = Event()

        def work(caller: Caller) -> None:
            turn = 0
            while not done.is_set() or turn < 40:
                turn += 1
                caller.url = both[turn % 2].url
                statuses.append(caller.get("auth/me").status_code)
                if turn % 5 == 0:
                    statuses.append(caller.refresh().status_code)

        with ThreadPoolExecutor(len(callers)) as threads:
            working = [threads.submit(work, caller) for caller in callers]
            rotated = both[0].sign_in("admin", PASSWORD).post("keys/rotate", {"force": True})
            assert rotated.status_code == 200, rotated.text
            until(lambda: len(statuses) > 200, "people work", 120)
            until(lambda: {kid_of(caller) for caller in callers} == {waiting}, "all have tokens of the new key", 90)
            done.set()
            for one in working:
                one.result(120)

        assert set(statuses) == {200}
        assert rotated.json()["kid"] == waiting
        for office in both:
            assert {before, waiting} <= set(told_keys(office))
            assert all(set(key) == {"kty", "n", "e", "kid", "use", "alg"} for key in told_keys(office).values())


def keep_in(signed_in: requests.Response) -> Caller:
    assert signed_in.status_code == 200, signed_in.text
    caller = Caller("")
    caller.tokens = signed_in.json()
    return caller


def kid_of(caller: Caller) -> str:
    return str(jwt.get_unverified_header(caller.tokens["access"])["kid"])


def told_keys(office: Office) -> dict[str, dict[str, Any]]:
    """The JWKS; whoever calls with a key the node does not know makes it look again."""
    stranger = office.visitor()
    stranger.tokens = {"access": jwt.encode({}, "x" * 32, headers={"kid": "unknown", "typ": "at+jwt"})}
    assert stranger.get("auth/me").status_code == 401
    return {key["kid"]: key for key in office.visitor().get("/.well-known/jwks.json").json()["keys"]}


def hire(office: Office, username: str) -> None:
    answer = office.sign_in("admin", PASSWORD).post("users/", {"username": username, "password": PASSWORD})
    assert answer.status_code == 201, answer.text


def sign_in(office: Office, username: str) -> requests.Response:
    return office.visitor().post("auth/login", {"username": username, "password": PASSWORD}, timeout=60)


def me(office: Office, signed_in: Any) -> requests.Response:
    caller = office.visitor()
    caller.tokens = signed_in.json()
    return caller.get("auth/me")
