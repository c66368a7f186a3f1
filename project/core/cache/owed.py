"""What the state store must be told, and could not be: it is told as soon as it answers again.

It waits in this process only, and only for as long as something older may still be kept over there.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

PAUSE_SECONDS = 1.0


class Debt(NamedTuple):
    """One value, how long it is to be kept once told, and until when it matters."""

    value: Any
    ttl: float
    until: float


class Owed:
    """Values waiting for the store; each key is owed one value for good.

    :param tell: writes a value for so many seconds, and returns whether it could.
    """

    def __init__(self, tell: Callable[[str, Any, float], bool]) -> None:
        self._tell = tell
        self._debts: dict[str, Debt] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, key: str, value: Any, ttl: float, seconds: float) -> None:
        """Owe the store `value`, for `seconds` at most."""
        with self._lock:
            self._debts[key] = Debt(value, ttl, time.monotonic() + seconds)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._pay, name="state-owed", daemon=True)
                self._thread.start()

    def _pay(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            for key, debt in list(self._debts.items()):
                if time.monotonic() > debt.until or self._tell(key, debt.value, debt.ttl):
                    with self._lock:
                        self._debts.pop(key, None)
            with self._lock:
                if not self._debts:
                    self._thread = None
                    return
