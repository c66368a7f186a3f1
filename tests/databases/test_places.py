"""Who waits for a connection gets one in their turn."""

import time
from concurrent.futures import ThreadPoolExecutor

from project.core.mysql.pool import Places
from tests.clients import until


class TestPlaces:
    def test_are_as_many_as_there_are(self):
        places = Places(2)

        assert [places.take(0), places.take(0), places.take(0)] == [True, True, False]
        places.give_back()
        assert [places.take(0), places.take(0)] == [True, False]

    def test_go_to_who_came_first(self):
        places, turns = Places(1), list[int]()
        places.take(0)

        def wait(number: int) -> None:
            assert places.take(30)
            turns.append(number)
            places.give_back()

        with ThreadPoolExecutor(5) as threads:
            for number in range(5):
                threads.submit(wait, number)
                until(lambda: len(places._waiting) == number + 1, "it waits")  # noqa: B023 (called at once)
            places.give_back()

        assert turns == [0, 1, 2, 3, 4]

    def test_are_not_lost_by_those_who_gave_up(self):
        places = Places(1)
        places.take(0)

        with ThreadPoolExecutor(8) as threads:
            given_up = list(threads.map(lambda _number: places.take(0.01), range(8)))
        places.give_back()

        assert given_up == [False] * 8
        assert places.take(0)
        began = time.monotonic()
        assert not places.take(0.05)
        assert time.monotonic() - began >= 0.05
