"""What this process takes of its machine."""

import time
from typing import TypedDict

import psutil


class LoadInfo(TypedDict):
    """CPU in per cent of one core, since the last look; memory resident in bytes; threads."""

    cpu: float
    memory: int
    threads: int


class Load:
    """Looks at the process again and again; two looks within a second are one."""

    FRESH_SECONDS = 1.0

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()
        self._looked_at = 0.0
        self._last = LoadInfo(cpu=0.0, memory=0, threads=0)

    def info(self) -> LoadInfo:
        now = time.monotonic()
        if now - self._looked_at >= self.FRESH_SECONDS:
            self._looked_at = now
            with self._process.oneshot():
                self._last = LoadInfo(
                    cpu=self._process.cpu_percent(),
                    memory=self._process.memory_info().rss,
                    threads=self._process.num_threads(),
                )
        return self._last
