"""From a cell's type, text and style to its value."""

from collections.abc import Callable

from integrations.sheets.reader import cells, plain, problems
from integrations.sheets.reader.cells import Plain
from integrations.sheets.reader.texts import SharedTexts, bounded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


class Values:
    """Turns a cell's type, text and style into its value."""

    def __init__(self, texts: SharedTexts, dates: frozenset[str], *, since_1904: bool, longest: int) -> None:
        self._dates, self._since_1904, self._longest = dates, since_1904, longest
        self.texts = texts
        self._by_type: dict[str, Callable[[str, str], Plain]] = {
            "n": self._number,
            "s": lambda text, _style: self.texts.of(text),
            "str": self._text,
            "inlineStr": self._text,
            "b": lambda text, _style: text.strip() in {"1", "true"},
            "e": lambda text, _style: cells.flaw(problems.ERROR, text),
            "d": lambda text, _style: _moments().iso_moment(text.strip()),
        }

    def plain(self, kind: str, style: str, inline: str, formula: str, text: str) -> Plain:
        """Read a cell that needed no parser, from what `plain.cells_in` found of it."""
        if kind == "s" and text:
            return self.texts.of(text)
        text = plain.value(text or inline)
        if not text and kind != "e":
            return cells.flaw(problems.FORMULA) if formula and kind != "str" else None
        return self.read(kind or "n", text, style or "0")

    def read(self, kind: str, text: str, style: str) -> Plain:
        reader = self._by_type.get(kind)
        return reader(text, style) if reader else cells.flaw(problems.DAMAGED, text)

    def _number(self, text: str, style: str) -> Plain:
        text = text.strip()
        if not text:
            return None
        return _moments().moment(text, since_1904=self._since_1904) if style in self._dates else cells.number(text)

    def _text(self, text: str, _style: str) -> Plain:
        return bounded(cells.unescape(text), self._longest)


def _moments() -> "ModuleType":
    from integrations.sheets.reader import moments  # noqa: PLC0415 (the calendar is for sheets that have dates)

    return moments
