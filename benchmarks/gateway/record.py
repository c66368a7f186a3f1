"""What was seen: a value for each contestant, measure and round."""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.figures import Figure, median
from benchmarks.gateway.load import Failed, Missing

PER_CPU, MS, KIB, TIMES, SECONDS = "/CPU-s", "ms", "KiB", "times", "s"


@dataclass(frozen=True)
class Measure:
    """One column of the tables."""

    name: str
    unit: str


FAN = {window: Measure(f"deliveries, {window} in flight", PER_CPU) for window in (1, 8, 32)}
P50 = {window: Measure(f"p50, {window} in flight", MS) for window in (1, 8, 32)}
P99 = Measure("p99 at 20 messages a second", MS)
ECHO = Measure("echo round trips", PER_CPU)
HANDSHAKES = Measure("handshakes", PER_CPU)
MEMORY = Measure("memory per idle connection", KIB)

Values = Mapping[Measure, float]


class Record:
    """Values of several rounds, at one number of connections."""

    def __init__(self, connections: int) -> None:
        self.connections = connections
        self._seen: dict[tuple[str, Measure], list[float]] = defaultdict(list)
        self._left_out: dict[str, str] = {}

    def keep(self, name: str, measuring: Callable[[], Values]) -> None:
        """Add what a round shows of a contestant; one that is not there, or fails, is left out from then on."""
        if name in self._left_out:
            return
        try:
            values = measuring()
        except (Missing, Failed, RuntimeError) as problem:
            self._left_out[name] = str(problem)
            sys.stderr.write(f"{name} is left out: {problem}\n")
            return
        for measure, value in values.items():
            self._seen[name, measure].append(value)

    def figures(self) -> list[Figure]:
        """Return the medians, and who was left out and why."""
        load = f"load of the machine meanwhile {os.getloadavg()[0]:.1f}"
        found = [
            Figure(
                called(name, self.connections, measure.name),
                median(values),
                measure.unit,
                f"{len(values)} round{'s' if len(values) > 1 else ''}; {load}",
            )
            for (name, measure), values in self._seen.items()
        ]
        return found + [
            Figure(called(name, self.connections, "left out"), 0, "", why) for name, why in self._left_out.items()
        ]


def called(name: str, connections: int, measure: str) -> str:
    """Return what a figure is called."""
    return f"{name}: {connections} connections: {measure}"
