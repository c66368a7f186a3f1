"""Logs of builds as files: what Jenkins told so far, in its bytes, with plain line ends.

Viewers count in bytes of the file. A piece that is handed out ends with a whole character, and where more follows with a
whole line, so that pieces which follow each other leave no gap and repeat nothing.
"""

import os
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.storage import storages

PIECE = 1 << 16


class Part(NamedTuple):
    """A part of a log: the text between two places, counted in bytes."""

    start: int
    end: int
    text: str


def path_of(build_id: Any) -> Path:
    """Where a build's log is; all nodes share the folder."""
    return Path(storages["private"].path(f"jenkins/{build_id}.log"))


def write(build_id: Any, size: int, pieces: Iterable[bytes], most: int) -> tuple[int, int, bool]:
    """Write what follows the first `size` bytes; what stands there already, half written by somebody who died, is the same.

    :param most: where the file ends, whatever follows.
    :return: the new size, how many bytes came, and whether some were left out.
    """
    path = path_of(build_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    came = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for piece in _plain(pieces):
            came += len(piece)
            room = most - size
            os.pwrite(handle, piece[:room], size)
            size += min(len(piece), room)
            if len(piece) > room:
                return size, came, True
    finally:
        os.close(handle)
    return size, came, False


def first_lines(pieces: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The first `count` lines; the rest is not read."""
    for piece in pieces:
        lines = piece.count(b"\n")
        if lines >= count:
            yield b"".join(line + b"\n" for line in piece.split(b"\n", count)[:count])
            return
        count -= lines
        yield piece


def read(build_id: Any, start: int, size: int, most: int, *, whole: bool = False) -> Part:
    """Return the part that begins at `start`, of the first `size` bytes.

    :param whole: nothing more will come: what is no whole character at its end is handed out nevertheless.
    """
    start = max(0, min(start, size))
    with path_of(build_id).open("rb") as file:
        file.seek(start)
        found = file.read(min(most, size - start))
    reaches_end = start + len(found) >= size
    if not (whole and reaches_end):
        found = found[: _whole(found)]
    if not reaches_end and (lines := found.rfind(b"\n") + 1):
        found = found[:lines]
    return Part(start, start + len(found), found.decode("utf-8", "replace"))


def lines_before(build_id: Any, end: int, most: int) -> Part:
    """Return the whole lines that end at `end`, as many as fit into `most` bytes; a longer line is cut at its beginning."""
    first = max(0, end - most)
    with path_of(build_id).open("rb") as file:
        file.seek(first)
        found = file.read(end - first)
    if first and (line := found.find(b"\n", 0, len(found) - 1) + 1):
        first, found = first + line, found[line:]
    return Part(first, first + len(found), found.decode("utf-8", "replace"))


def whole_end(build_id: Any, size: int) -> int:
    """Where the last whole character of the first `size` bytes ends."""
    if not size:
        return 0
    first = max(0, size - 4)
    with path_of(build_id).open("rb") as file:
        file.seek(first)
        return first + _whole(file.read(size - first))


def all_of(build_id: Any, size: int) -> Generator[bytes]:
    """The first `size` bytes, piece by piece, for a download."""
    if not size:
        return
    with path_of(build_id).open("rb") as file:
        while size > 0 and (piece := file.read(min(PIECE, size))):
            size -= len(piece)
            yield piece


def forget(build_id: Any) -> None:
    """Delete a build's log."""
    path_of(build_id).unlink(missing_ok=True)


def _plain(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Jenkins ends lines as the network does, wherever they came from."""
    kept = b""
    for piece in pieces:
        whole = kept + piece
        kept = b"\r" if whole.endswith(b"\r") else b""
        plain = whole[: len(whole) - len(kept)].replace(b"\r\n", b"\n")
        if plain:
            yield plain
    if kept:
        yield kept


def _whole(found: bytes) -> int:
    """How many bytes are whole characters."""
    for back in range(1, min(4, len(found)) + 1):
        byte = found[-back]
        if byte & 0xC0 != 0x80:  # a character begins here
            length = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(found) if length <= back else len(found) - back
    return len(found)
