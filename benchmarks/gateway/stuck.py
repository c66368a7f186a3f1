"""One client among many that reads nothing: do the others feel it, what does it weigh, when is it closed?"""

import os

from benchmarks.figures import Figure
from benchmarks.gateway import contestants
from benchmarks.gateway.contestants import running
from benchmarks.gateway.fanout import opened
from benchmarks.gateway.ground import ground
from benchmarks.gateway.load import client
from benchmarks.gateway.record import KIB, MS, SECONDS, Measure, Record, Values

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "1000"))
LOOK_SECONDS = float(os.environ.get("BENCH_STUCK_SECONDS", "15"))
ROUNDS = int(os.environ.get("BENCH_STUCK_ROUNDS", "2"))
BYTES, PER_SECOND = 2000, 50
"""A hundred kilobytes a second to each: what fills the buffers of one who does not read within seconds."""

BEFORE = Measure("p99 of the others before", MS)
BESIDE = Measure("p99 of the others beside it", MS)
GROWTH = Measure("memory of the server, at most", KIB)
CLOSED = Measure("closed after", SECONDS)
NAME = "One stuck reader"


def measure() -> list[Figure]:
    """Measure with and without one who does not read."""
    record = Record(CONNECTIONS)
    for _ in range(ROUNDS):
        record.keep(NAME, once)
    return record.figures()


def once() -> Values:
    """Start the product, load it, let one more come that reads nothing."""
    with running(contestants.MEMORY, ground()) as server, client() as load:
        opened(load, server, CONNECTIONS)
        load.tell("payload", BYTES)
        before = load.tell("rate", PER_SECOND, LOOK_SECONDS / 3)
        if file := server.credentials(1):
            load.tell("credentials", file)
        load.tell("stuck", 1)
        beside = load.tell("rate", PER_SECOND, LOOK_SECONDS)
        never = LOOK_SECONDS * 1000
        return {
            BEFORE: before["p99"],
            BESIDE: beside["p99"],
            GROWTH: max(0, beside["memory_growth"] - before["memory_growth"]),
            CLOSED: never if beside["stuck"] else beside["stuck_for"],
        }
