"""Several people pressing at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def in_threads(count: int, what: Callable[[int], T]) -> list[T]:
    """Do `what` in as many threads, all beginning at once; each closes its own connection."""
    start = Barrier(count)

    def once(number: int) -> T:
        start.wait(30)
        try:
            return what(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(once, range(count)))
