"""How many rows at a time: enough that what a chunk costs by itself does not count, few enough that nobody waits for it."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

FEWEST = 50
CHUNK_SECONDS = 0.05
"""Checking a chunk shall be about this much work; writing it is twice that, and keeps others from writing meanwhile: where its
rows change what is there, for new ones are written in half the time it took to check them.

By the CPU of this thread, not by the clock: on a busy machine smaller chunks would be more work still.
"""


class Pace:
    """Sizes chunks by how much work the last one was."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.rows = min(most, 250)

    @contextmanager
    def chunk(self) -> Iterator[None]:
        """Work on one chunk of `rows` rows."""
        began = time.thread_time()
        with collecting_later():
            yield
        spent = time.thread_time() - began
        # a moment's hitch does not make all that follows small
        fitting = int(self.rows * max(0.5, min(2.0, CHUNK_SECONDS / max(spent, 1e-6))))
        self.rows = min(self._most, max(FEWEST, fitting))


@contextmanager
def collecting_later() -> Iterator[None]:
    """Hold the garbage collector back while a chunk's many short-lived objects are alive: it would look at them in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
