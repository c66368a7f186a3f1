"""Counts what a contestant's work costs, from inside (CPU) and from outside (memory)."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import ROOT

LOOK_EVERY = 0.02
MIB = 1024**2


class Failed(Exception):
    """A contestant did not do what was asked of it."""


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: CPU seconds, and memory in MiB above what the process had before."""

    cpu: float
    memory: float
    child: float
    about: Mapping[str, float]


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def counted(costs: dict[str, float], name: str) -> Iterator[None]:
    """Add the CPU seconds of a block to `costs`."""
    before = cpu()
    yield
    costs[name] = costs.get(name, 0.0) + cpu() - before


def contest(works: Mapping[str, Callable[..., Mapping[str, float]]]) -> None:
    """Be a contestant: do the work named by the first argument and say what it cost."""
    work = works[sys.argv[1]]
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory counts from here
    base, before = _kilobytes("self", "VmRSS"), cpu()
    about = work(*sys.argv[2:])
    seen = {"cpu": cpu() - before, "memory": (_kilobytes("self", "VmHWM") - base) / 1024, "about": about}
    sys.stdout.write(json.dumps(seen) + "\n")


def cost(module: str, *arguments: object, **environment: str) -> Cost:
    """Run a contestant to its end.

    :raises Failed: when it ends with an error.
    """
    command = [sys.executable, "-m", f"benchmarks.sheets.{module}", *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    largest = [0.0]
    watch = threading.Thread(target=_watch, args=(process.pid, largest), daemon=True)
    watch.start()
    said, wrong = process.communicate()
    watch.join()
    if process.returncode:
        raise Failed(f"{module} {arguments[0]}: {wrong[-2000:]}")
    seen: dict[str, Any] = json.loads(said.splitlines()[-1])
    return Cost(seen["cpu"], seen["memory"] + largest[0], largest[0], seen["about"])


def _watch(pid: int, largest: list[float]) -> None:
    """Keep the peak of the children of `pid`; what the system tells of a child that has ended counts its parent in.

    So does what it tells of one that has not begun to be itself: until then it goes by its parent's command.
    """
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        own = process.cmdline()
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            for child in process.children(recursive=True):
                with suppress(psutil.Error):
                    if child.cmdline() not in (own, []):
                        largest[0] = max(largest[0], _kilobytes(str(child.pid), "VmHWM") / 1024)
            time.sleep(LOOK_EVERY)


def _kilobytes(pid: str, name: str) -> float:
    with suppress(OSError):
        found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return float(found[1]) if found else 0.0
    return 0.0
