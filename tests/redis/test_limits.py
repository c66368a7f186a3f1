"""Limits are counted from rows: they hold over several processes, whatever the callers claim to be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle

import pytest

from tests.accounts.captchas import solved
from tests.office import Office
from tests.redis.house import House

LIMIT = 5


@contextmanager
def opened(house: House, *names: str, **settings: str) -> Iterator[list[Office]]:
    with ExitStack() as opening:
        nodes = [house.node(name, **settings) for name in names]
        for one in nodes:
            opening.push(one)
            one.start()
        for one in nodes:
            one.ready()
        yield nodes


@pytest.fixture(scope="module")
def nodes(house: House) -> Iterator[list[Office]]:
    """Four processes on one database."""
    with opened(house, "north", "south") as more:
        yield [house.east, house.west, *more]


def guess(node: Office, username: str, number: int = 0) -> int:
    headers = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
    given = {"username": username, "password": "wrong"}
    return int(node.visitor().post("auth/login", given, headers=headers).status_code)


@pytest.mark.attack("T-F-9")
class TestALockOverFourProcesses:
    def test_closes_after_as_many_failures_as_in_one(self, house: House, nodes):
        mei = house.hire()

        answers = [guess(node, mei, number) for number, node in zip(range(12), cycle(nodes), strict=False)]

        assert answers == [401] * LIMIT + [429] * 7

    def test_takes_the_solution_of_a_captcha_on_one_of_them_only(self, house: House):
        lee = house.hire()
        with opened(house, "up", "down", CAPTCHA_AFTER_FAILURES="0") as nodes:
            given = {"username": lee, "password": "wrong"}
            refused = nodes[0].visitor().post("auth/login", given)
            given["captcha"] = solved(refused.json()["error"])

            with ThreadPoolExecutor(4) as crowd:
                answers = list(crowd.map(lambda node: node.visitor().post("auth/login", given).status_code, nodes * 2))

        assert sorted(answers) == [401, 403, 403, 403]

    def test_holds_when_all_of_them_are_asked_at_once(self, house: House, nodes):
        hans = house.hire()

        with ThreadPoolExecutor(12) as crowd:
            answers = list(crowd.map(lambda number: guess(nodes[number % 4], hans, number), range(24)))

        assert set(answers) <= {401, 429}
        assert [guess(node, hans, 99) for node in nodes] == [429] * 4
