"""How the rows of a chunk are kept: rows that are certainly right by column, all others one by one.

By column the same rows take a fifth of the room, and whoever writes them need not take them apart again.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from integrations.sheets.rows import NEW, Checked

if TYPE_CHECKING:
    from integrations.sheets.batches import Certain

Kept = dict[str, Any]
"""A row as `Checked.as_json` makes it."""
Packed = list[Kept] | dict[str, Any]
"""Rows as they are stored: a list where all of them are kept one by one."""


def pack(certain: "Certain", others: Sequence[Checked], key: str) -> Packed:
    """Make of rows what is stored; `key` is the column they are found by."""
    singles = [row.as_json() for row in others]
    if not certain:
        return singles
    shown = [
        None if seen == [*certain.cells[name]] else seen for name, seen in ((n, [*s]) for n, s in certain.shown.items())
    ]
    return {
        "key": key,
        "places": list(certain.places),
        "numbers": list(certain.numbers),
        "names": list(certain.cells),
        "cells": [list(cells) for cells in certain.cells.values()],
        "shown": shown,
        "singles": singles,
    }


def singles(packed: Packed) -> list[Kept]:
    """The rows that are kept one by one: all that are not simply new."""
    return packed if isinstance(packed, list) else packed["singles"]


def every_row(packed: Packed) -> list[Kept]:
    """All rows, in the order of the sheet."""
    if isinstance(packed, list):
        return packed
    shown = shown_of(packed)
    cells = zip(*packed["cells"], strict=True)
    changes = zip(*shown.values(), strict=True)
    keys = shown[packed["key"]]
    ours = [
        {
            "number": number,
            "key": key,
            "kind": NEW,
            "values": dict(zip(packed["names"], row, strict=True)),
            "changes": {name: [None, cell] for name, cell in zip(shown, seen, strict=True) if cell is not None},
            "errors": [],
        }
        for number, key, row, seen in zip(packed["numbers"], keys, cells, changes, strict=True)
    ]
    placed = dict(zip(packed["places"], ours, strict=True))
    others = iter(packed["singles"])
    return [placed[at] if at in placed else next(others) for at in range(len(ours) + len(packed["singles"]))]


def places_of(packed: Packed, *, singly: bool) -> list[int]:
    """Where in the order of the sheet the rows stand that are kept by column, or one by one."""
    if isinstance(packed, list):
        return list(range(len(packed))) if singly else []
    if not singly:
        return list(packed["places"])
    ours = set(packed["places"])
    return [at for at in range(len(ours) + len(packed["singles"])) if at not in ours]


def shown_of(packed: Mapping[str, Any]) -> dict[str, list[Any]]:
    """How the values of rows that are kept by column were shown, by column; None for nothing said."""
    kept = zip(packed["names"], packed["cells"], packed["shown"], strict=True)
    return {name: cells if shown is None else shown for name, cells, shown in kept}
