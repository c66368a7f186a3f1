"""Counts what a contestant's work costs: CPU from inside in one run, memory from outside in another.

Two runs, because looking at a process often holds it up: what it cost in CPU would not be its own.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import ROOT
from benchmarks.sheets.memory import Group

LOOK_EVERY = 0.002
MIB = 1024**2
_LOOKED_AT = "BENCH_LOOKED_AT"


class Failed(Exception):
    """A contestant did not do what was asked of it."""


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: CPU seconds, and memory in MiB above what the process had before.

    `memory` is the most that it and its children took at one moment, `child` the children's part of that; `own` is the most
    that it took itself, whenever that was.
    """

    cpu: float
    memory: float
    child: float
    own: float
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
    _be_looked_at("ready")
    before = cpu()
    about = work(*sys.argv[2:])
    seen = {"cpu": cpu() - before, "about": about}
    _be_looked_at("done")
    sys.stdout.write(json.dumps(seen) + "\n")


def cost(module: str, *arguments: object, office: Callable[[], Mapping[str, str]]) -> Cost:
    """Run a contestant to its end, twice; `office` makes the environment of each run.

    :raises Failed: when it ends with an error.
    """
    spent = told(module, *arguments, **office())
    watched = memory(module, *arguments, **office())
    return together(spent, watched)


def together(spent: Mapping[str, Any], watched: Group) -> Cost:
    """Make one of what a contestant told in one run, and of what was seen of it in the other."""
    most, before = watched.most, watched.before
    return Cost(spent["cpu"], most.every - before.every, most.children, watched.most_own - before.own, spent["about"])


def told(module: str, *arguments: object, **environment: str) -> Mapping[str, Any]:
    """Run a contestant with nobody looking on; return what it tells of itself: `cpu`, and `about` its work.

    :raises Failed: when it ends with an error.
    """
    with _running(module, *arguments, **environment) as process:
        said = _rest(process)
    found: Mapping[str, Any] = json.loads(said.splitlines()[-1])
    return found


def memory(module: str, *arguments: object, **environment: str) -> Group:
    """Run a contestant and look at the memory it takes, every few milliseconds, from just before its work to its end.

    :raises Failed: when it ends with an error.
    """
    with _running(module, *arguments, **environment, **{_LOOKED_AT: "1"}) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()  # it is ready
        group = Group(process.pid)
        process.stdin.write("\n")
        process.stdin.flush()
        while not select.select([process.stdout], [], [], LOOK_EVERY)[0]:
            group.watch()
        group.watch()
        _rest(process)
    return group


def _be_looked_at(state: str) -> None:
    """Wait until whoever looks from outside has seen the process as it is now."""
    if os.environ.get(_LOOKED_AT):
        sys.stdout.write(f"{state}\n")
        sys.stdout.flush()
        sys.stdin.readline()


@contextmanager
def _running(module: str, *arguments: object, **environment: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", f"benchmarks.sheets.{module}", *map(str, arguments)]
    given = os.environ | environment
    with (
        tempfile.TemporaryFile("w+") as wrong,
        subprocess.Popen(
            command, cwd=ROOT, env=given, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=wrong
        ) as process,
    ):
        try:
            yield process
        except BrokenPipeError:
            pass  # it has ended, and said why
        finally:
            process.kill()
        if process.wait() != 0:
            wrong.seek(0)
            raise Failed(f"{module} {arguments[0]}: {wrong.read()[-2000:]}")


def _rest(process: "subprocess.Popen[str]") -> str:
    """What a contestant says until it ends."""
    said, _nothing = process.communicate("\n")
    return said
