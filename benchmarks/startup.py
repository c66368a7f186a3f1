"""How long a start takes, and how much memory it wants."""

import tempfile
import time
from pathlib import Path

import psutil
import requests

from benchmarks.figures import Figure, median
from tests.office import Office

RUNS = 5


def measure() -> list[Figure]:
    """Start on empty homes and again on used ones."""
    cold, warm, memory = [], [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            office = Office(Path(folder) / "home")
            cold.append(_seconds_to_serve(office))
            warm.append(_seconds_to_serve(office))
            office.open()
            office.sign_in().get("auth/me")
            memory.append(psutil.Process(office.process.pid).memory_info().rss / 1024**2)
            office.close()
    how = f"median of {RUNS}, `manage.py up` until `/healthz` answers"
    return [
        Figure("start on an empty home", median(cold), "s", how),
        Figure("start on a used home", median(warm), "s", how),
        Figure("memory of the whole product", median(memory), "MB", "resident, after a first sign-in"),
    ]


def _seconds_to_serve(office: Office) -> float:
    began = time.perf_counter()
    office.open()
    requests.get(f"{office.url}/healthz", timeout=10).raise_for_status()
    taken = time.perf_counter() - began
    office.close()
    return taken
