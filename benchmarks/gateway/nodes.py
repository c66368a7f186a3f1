"""Two nodes over Redis: what fan-out costs each, against a node that is alone."""

import os
from contextlib import ExitStack

from benchmarks.figures import Figure
from benchmarks.gateway import contestants
from benchmarks.gateway.contestants import Contestant, running
from benchmarks.gateway.fanout import come_in
from benchmarks.gateway.ground import ground
from benchmarks.gateway.load import client
from benchmarks.gateway.record import FAN, P50, Record, Values

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "1000"))
"""On each node."""
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
ALONE, TWO = "One node, in memory", "Two nodes, Redis"


def measure() -> list[Figure]:
    """Measure one node and two, in alternating rounds."""
    record = Record(CONNECTIONS)
    for _ in range(ROUNDS):
        record.keep(ALONE, lambda: once(contestants.MEMORY, 1))
        record.keep(TWO, lambda: once(contestants.REDIS, 2))
    return record.figures()


def once(contestant: Contestant, number: int) -> Values:
    """Start the nodes, load them, end them. Everything is published on the first."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(running(contestant, ground())) for _ in range(number)]
        load, speech = stack.enter_context(client()), contestant.speech
        load.configure(speech, [one.port for one in nodes], [pid for one in nodes for pid in one.processes])
        load.knock(speech.path, speech.header, nodes[0].port)
        for _ in nodes:
            come_in(load, nodes[0], CONNECTIONS)
        load.tell("rest", 1)
        answer, cpu = load.cpu("fan", 1, SECONDS)
        return {FAN[1]: answer["delivered"] / cpu, P50[1]: answer["p50"]}
