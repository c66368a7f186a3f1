"""Many people doing something in the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def together(times: int, act: Callable[[int], T]) -> list[T | Exception]:
    """Call `act` that often at once, each in a thread and on a connection of its own; return answers and errors."""
    start = threading.Barrier(times)

    def one(number: int) -> T | Exception:
        start.wait()
        try:
            return act(number)
        except Exception as problem:  # noqa: BLE001 (the test looks at it)
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))
