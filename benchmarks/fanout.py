"""What a broadcast costs: stock Channels beside the gateway, by the server's own CPU time.

Closed loop: WINDOW messages of 200 bytes are in flight to all connections. Rounds alternate between the two, and the
median of each counts; on a shared machine the ratios are what to trust.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, Figure, median

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "1000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SOURCE = Path(__file__).with_name("fanout_load.c")


@dataclass(frozen=True)
class Case:
    """One thing to measure."""

    name: str
    kind: str
    window: int
    redis: bool = False


CASES = (
    Case("stock Channels, in memory", "stock", 1),
    Case("gateway, in memory", "ours", 1),
    Case("gateway, in memory, 32 in flight", "ours", 32),
    Case("stock Channels, Redis pub/sub", "stock", 1, redis=True),
    Case("gateway, Redis pub/sub", "ours", 1, redis=True),
)


def measure() -> list[Figure]:
    """Measure every case that this machine can, and say how much the gateway gains."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        client = load_client(folder)
        redis = stack.enter_context(redis_server(folder)) if shutil.which("redis-server") else ""
        cases = [one for one in CASES if redis or not one.redis]
        found: dict[Case, list[dict[str, Any]]] = {one: [] for one in cases}
        for number in range(ROUNDS):
            for one in cases:
                found[one].append(once(one, client, folder / f"{number}-{cases.index(one)}", redis))
    return [*_figures(found), *_gains(found)]


def load_client(folder: Path) -> list[str]:
    """Return the command of the load client: compiled, or in Python where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        return [sys.executable, str(SOURCE.with_suffix(".py"))]
    program = folder / "fanout_load"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return [str(program)]


def once(case: Case, client: list[str], home: Path, redis: str) -> dict[str, Any]:
    """Start a server, load it, end it."""
    with server(case, home, redis) as (port, pid):
        mode = "stock" if case.kind == "stock" else "topic"
        numbers = [str(one) for one in (port, CONNECTIONS, case.window, SECONDS, pid)]
        done = subprocess.run([*client, *numbers, mode], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError(f"{case.name}: {done.stderr}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@contextmanager
def server(case: Case, home: Path, redis: str) -> Iterator[tuple[int, int]]:
    """Run one of the two servers; yield its port and process."""
    home.mkdir()
    told = home / "port"
    environment = os.environ | {
        "GATEHOUSE_HOME": str(home),
        "GATEHOUSE_ENV": "dev",
        "REDIS_URL": redis if case.redis else "",
        "LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "benchmarks.fanout_server", case.kind, str(told)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        ends_at = time.monotonic() + 60
        while not told.exists():
            if process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"{case.name}: the server did not start")
            time.sleep(0.05)
        yield int(told.read_text()), process.pid
    finally:
        process.kill()
        process.wait()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis of the benchmark's own; yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        ends_at = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > ends_at:
                raise RuntimeError("redis-server did not start")
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _rate(rounds: list[dict[str, Any]]) -> float:
    return median([one["delivered"] / max(one["cpu"], 0.01) for one in rounds])


def _figures(found: dict[Case, list[dict[str, Any]]]) -> Iterator[Figure]:
    how = f"{CONNECTIONS} sockets, 200 bytes, median of {ROUNDS}"
    for case, rounds in found.items():
        rate = _rate(rounds)
        handshakes = median([CONNECTIONS / max(one["handshake_cpu"], 0.01) for one in rounds])
        yield Figure(f"{case.name}: deliveries per CPU second", rate, "/s", how)
        yield Figure(f"{case.name}: CPU per delivery", 1e6 / rate, "µs", how)
        yield Figure(f"{case.name}: latency, median", median([one["p50"] for one in rounds]), "ms", how)
        yield Figure(f"{case.name}: latency, 99 %", median([one["p99"] for one in rounds]), "ms", how)
        yield Figure(f"{case.name}: handshakes per CPU second", handshakes, "/s", how)


def _gains(found: dict[Case, list[dict[str, Any]]]) -> Iterator[Figure]:
    for redis, name in ((False, "in memory"), (True, "over Redis")):
        rates = {one.kind: _rate(rounds) for one, rounds in found.items() if one.redis is redis and one.window == 1}
        if len(rates) == 2:
            gain = rates["ours"] / rates["stock"]
            yield Figure(f"gateway against stock Channels, {name}", gain, "times", "deliveries per CPU second")
