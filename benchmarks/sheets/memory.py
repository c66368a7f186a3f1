"""Watches from outside how much memory a process and its children take together.

What counts is the highest sum at one moment. Of a page that several processes share each bears its part (PSS), so that the
interpreter's own code, which a child has in common with its parent, is not counted twice. Between two looks nothing
is missed either: at each look the kernel is asked for the highest each process had since the last one, and is told to begin anew
(`clear_refs`). What two processes had at their highest between the same two looks is taken for one moment: that may say too
much by a little, never too little.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KIB_TO_A_MIB = 1024


@dataclass(frozen=True)
class Taken:
    """Memory in MiB: of all, and of this the part of the first process."""

    every: float
    own: float

    @property
    def children(self) -> float:
        return self.every - self.own


class Group:
    """A process and whatever it starts."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._command = _read(pid, "cmdline")
        self.before = self.look()
        self.most = self.before
        """When all of them together took the most."""
        self.most_own = self.before.own
        """The most the first process took, whenever that was."""
        self.looks = 0

    def look(self) -> Taken:
        """Say how much they took at most since the last look."""
        own = _taken(self._pid)
        return Taken(own + sum(map(_taken, self._children(self._pid))), own)

    def watch(self) -> None:
        """Look, and keep the most."""
        seen = self.look()
        self.looks += 1
        self.most = max(self.most, seen, key=lambda taken: taken.every)
        self.most_own = max(self.most_own, seen.own)

    def _children(self, pid: int) -> list[int]:
        """All that descend from a process and have begun to be themselves: until then they share all its memory."""
        found: list[int] = []
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, thread.read_text().split())
        themselves = [child for child in found if _read(child, "cmdline") not in (self._command, "")]
        return themselves + [further for child in found for further in self._children(child)]


def _taken(pid: int) -> float:
    """The most a process took since it was last asked, in MiB."""
    rollup = _read(pid, "smaps_rollup")
    status = _read(pid, "status")
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    higher = max(0, _kib("VmHWM", status) - _kib("Rss", rollup)) if rollup else 0
    return (_kib("Pss", rollup) + higher) / KIB_TO_A_MIB


def _kib(name: str, text: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _read(pid: int, name: str) -> str:
    """A file of a process, or nothing where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_text()
    return ""
