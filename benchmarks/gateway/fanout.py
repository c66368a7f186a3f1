"""A thousand connections: fan-out with few and with many messages in flight, latency, echo, handshakes."""

import os
from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure
from benchmarks.gateway import contestants
from benchmarks.gateway.contestants import Contestant, Running, running
from benchmarks.gateway.ground import ground
from benchmarks.gateway.load import Load, client
from benchmarks.gateway.record import ECHO, FAN, HANDSHAKES, MEMORY, P50, P99, Measure, Record, Values

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "1000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "2"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
ECHOING = min(100, CONNECTIONS)
PER_SECOND = 20
TOGETHER = 1000
"""So many get their tickets at a time: one is good for half a minute."""


@dataclass(frozen=True)
class Plan:
    """What is measured of a contestant. Those that no goal names take part in one round only."""

    contestant: Contestant
    windows: tuple[int, ...] = (1,)
    rate: bool = False
    echo: bool = False
    rounds: int = ROUNDS


PLANS = (
    Plan(contestants.MEMORY, (1, 8, 32), rate=True, echo=True),
    Plan(contestants.STOCK, echo=True),
    Plan(contestants.WS, (1, 8, 32), rate=True, echo=True),
    Plan(contestants.NCHAN, (1, 8, 32), rate=True),
    Plan(contestants.REDIS, (1, 8, 32)),
    Plan(contestants.STOCK_PUBSUB),
    Plan(contestants.STOCK_CORE, rounds=1),
    Plan(contestants.PYTHON_SOCKETIO, rounds=1),
    Plan(contestants.SOCKETIO, rounds=1),
    Plan(contestants.NATS, rounds=1),
)


def measure() -> list[Figure]:
    """Measure everybody who is installed, in alternating rounds."""
    record = Record(CONNECTIONS)
    for number in range(ROUNDS):
        for plan in PLANS:
            if number < plan.rounds:
                record.keep(plan.contestant.name, partial(once, plan))
    return record.figures()


def once(plan: Plan) -> Values:
    """Start a contestant, load it, end it."""
    with running(plan.contestant, ground()) as server, client() as load:
        values = opened(load, server, CONNECTIONS)
        for window in plan.windows:
            answer, cpu = load.cpu("fan", window, SECONDS)
            values[FAN[window]] = answer["delivered"] / cpu
            values[P50[window]] = answer["p50"]
        if plan.rate:
            values[P99] = load.tell("rate", PER_SECOND, 2 * SECONDS)["p99"]
        if plan.echo:
            values[ECHO] = _echoed(load, server)
        return values


def opened(load: Load, server: Running, connections: int) -> dict[Measure, float]:
    """Let everybody connect; return what that costs."""
    speech = server.contestant.speech
    load.configure(speech, [server.port], server.processes)
    load.knock(speech.path, speech.header, server.port)
    before, cpu = load.tell("memory")["memory"], 0.0
    for start in range(0, connections, TOGETHER):
        cpu += come_in(load, server, min(TOGETHER, connections - start))
    load.tell("rest", 1)  # greetings, and what the server does behind them
    grown = load.tell("memory")["memory"] - before
    return {HANDSHAKES: connections / cpu, MEMORY: grown / connections}


def come_in(load: Load, server: Running, connections: int) -> float:
    """Open connections with something fresh to show; return the server's CPU seconds."""
    if file := server.credentials(connections):
        load.tell("credentials", file)
    _answer, cpu = load.cpu("open", connections)
    return cpu


def _echoed(load: Load, server: Running) -> float:
    load.tell("drop")
    speech = server.contestant.speech
    load.knock(speech.echo_path, speech.header, server.port)
    come_in(load, server, ECHOING)
    answer, cpu = load.cpu("echo", SECONDS)
    return float(answer["delivered"] / cpu)
