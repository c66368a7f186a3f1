"""Drop-downs of more values than a rule can hold: they stand on a hidden sheet, to which the rule refers.

The writer takes the values of a drop-down only inside the rule, so each long one is written with a placeholder, and the
reference is put in its place afterwards.
"""

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from integrations.sheets.reader.xlsx import letters

SHEET = "_lists"
_FIRST_SHEET = "xl/worksheets/sheet1.xml"


def placeholder(number: int) -> str:
    return f"gatehouse-list-{number}"


def rows(lists: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    """The hidden sheet: a column for each list, under a header that nobody reads."""
    for values in zip_longest(*lists):
        yield {letters(number): value for number, value in enumerate(values)}


def refer(path: Path, lengths: Sequence[int]) -> None:
    """Put references to the hidden sheet in the place of the placeholders; `lengths` are those of the lists."""
    whole = path.with_suffix(".whole")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            if part.filename == _FIRST_SHEET:
                content = _referring(content.decode(), lengths).encode()
            after.writestr(part.filename, content)
    shutil.move(whole, path)


def _referring(xml: str, lengths: Sequence[int]) -> str:
    for number, length in enumerate(lengths):
        column = letters(number)
        area = f"{SHEET}!${column}$2:${column}${length + 1}"
        xml = xml.replace(f'<formula1>"{placeholder(number)}"</formula1>', f"<formula1>{area}</formula1>")
    return xml
