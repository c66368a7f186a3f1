"""Reads an upload in a child process and hands out its rows as they come."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, NamedTuple

import structlog

from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable

log = structlog.get_logger(__name__)
MEMORY = 512 * 1024**2
CPU_SECONDS = 60
SILENCE_SECONDS = 90
LONGEST_LINE = 64 * 1024**2
_CHILD = "from integrations.sheets.reader import child; child.run()"
"""Not by `-m`, which brings along what finds modules in any place."""
_PROJECT = Path(__file__).resolve().parents[3]


class Flaw(NamedTuple):
    """A cell that holds no value; `kind` is one of `reader.problems`."""

    kind: str
    text: str


Cell = str | int | float | bool | date | time | Flaw | None


class Row(NamedTuple):
    """One row as it stands in the sheet; `number` counts from 1 as people do."""

    number: int
    cells: list[Cell]


@contextmanager
def reading(file: IO[bytes], kind: str, limits: Limits, *, memory: int = MEMORY) -> Iterator["Reading"]:
    """Start a child on `file`; leaving the block ends it, whatever it is doing.

    :raises Unreadable: while the rows are being taken, with the reason.
    """
    with _real(file) as source:
        source.seek(0)
        asked = [kind, limits.unzipped, limits.rows, memory, CPU_SECONDS]
        child = subprocess.Popen(  # noqa: S603 (our own module, numbers only)
            [sys.executable, "-S", "-E", "-s", "-c", _CHILD, *map(str, asked)],
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_PROJECT,
            env={},  # what it does not know it cannot give away
            close_fds=True,
        )
        try:
            yield Reading(child)
        finally:
            child.kill()
            child.wait()
            if child.stdout:
                child.stdout.close()


class Reading:
    """Rows of the first visible sheet. `sheet` is its name; `merged` its merged ranges, known at the end."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._lines = _lines(child)
        self.merged: list[str] = []
        self._has_objects = False
        self.sheet: str = self._next().get("sheet", "")

    def __iter__(self) -> Iterator[Row]:
        while True:
            answer = self._next()
            if isinstance(answer, dict):
                self.merged = answer.get("merged", [])
                return
            for number, values in answer:
                # hardly any cell is an object: dates and flaws
                yield Row(number, [*map(from_plain, values)] if self._has_objects else values)

    def _next(self) -> Any:
        line = next(self._lines)
        self._has_objects = b"{" in line
        answer = json.loads(line)
        if isinstance(answer, dict) and "refused" in answer:
            if "details" in answer:
                log.error("sheets.reader_failed", details=answer["details"])
            raise Unreadable(answer["refused"], **answer["params"])
        return answer


def from_plain(value: Any) -> Cell:
    """Make a cell of what travels and is stored as JSON."""
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]  # JSON's own types are cells
    if "flaw" in value:
        return Flaw(value["flaw"], value["text"])
    if "datetime" in value:
        return datetime.fromisoformat(value["datetime"])
    return date.fromisoformat(value["date"]) if "date" in value else time.fromisoformat(value["time"])


def to_plain(value: Cell) -> Any:
    """Make of a cell what can be stored as JSON; the inverse of `from_plain`."""
    match value:
        case None | str():
            return value
        case Flaw():
            return {"flaw": value.kind, "text": value.text}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
    return value


def _lines(child: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """Yield the child's lines; one that dies, falls silent or never ends its line has met a file beyond its means."""
    assert child.stdout  # noqa: S101 (opened above)
    pipe = child.stdout.fileno()
    rest = b""
    while select.select([pipe], [], [], SILENCE_SECONDS)[0]:
        piece = os.read(pipe, 1 << 18)
        if not piece:
            break
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            break
    child.kill()
    log.warning("sheets.reader_ended", exit=child.wait())
    raise Unreadable("exhausted")


@contextmanager
def _real(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a file that has a descriptor; a storage elsewhere may hand out one that has none."""
    try:
        file.fileno()
    except OSError:
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield copy
    else:
        yield file
