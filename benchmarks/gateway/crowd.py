"""Five thousand connections: fan-out, handshakes, and what an idle connection weighs."""

import os
from functools import partial

from benchmarks.figures import Figure
from benchmarks.gateway import contestants
from benchmarks.gateway.contestants import Contestant, running
from benchmarks.gateway.fanout import opened
from benchmarks.gateway.ground import ground
from benchmarks.gateway.load import client
from benchmarks.gateway.record import FAN, P50, Record, Values

CONNECTIONS = int(os.environ.get("BENCH_CROWD", "5000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_CROWD_ROUNDS", "2"))
CONTESTANTS = (
    contestants.MEMORY,
    contestants.STOCK,
    contestants.WS,
    contestants.NCHAN,
    contestants.REDIS,
    contestants.STOCK_PUBSUB,
)


def measure() -> list[Figure]:
    """Measure everybody who is installed, in alternating rounds."""
    record = Record(CONNECTIONS)
    for _ in range(ROUNDS):
        for contestant in CONTESTANTS:
            record.keep(contestant.name, partial(once, contestant))
    return record.figures()


def once(contestant: Contestant) -> Values:
    """Start a contestant, load it, end it."""
    with running(contestant, ground()) as server, client() as load:
        values = opened(load, server, CONNECTIONS)
        answer, cpu = load.cpu("fan", 1, SECONDS)
        return values | {FAN[1]: answer["delivered"] / cpu, P50[1]: answer["p50"]}
