"""The texts that cells of a workbook refer to by number: kept packed, for a large sheet has as many of them as cells."""

from collections.abc import Iterable, Sequence

from integrations.sheets.reader import cells, problems
from integrations.sheets.reader.cells import Plain

BITS = 6
SIZE = 1 << BITS
"""So many texts lie in a block: the text of number n is `blocks[n >> BITS][n & LAST]`."""
LAST = SIZE - 1
UNPACKED = 64
"""So many blocks are kept as they were last needed. Neighbours in the sheet are mostly neighbours here."""
_BETWEEN = "\0"


class SharedTexts:
    """Texts by number, each as a cell shows it. An IndexError says that there is none of a number."""

    def __init__(self, longest: int) -> None:
        self.blocks = _Blocks(longest)
        self.longest = 0
        self._waiting: list[str] = []

    def add(self, texts: Iterable[str]) -> None:
        """Take in what comes next in the workbook."""
        waiting = self._waiting
        waiting += texts
        self.longest = max(self.longest, max(map(len, waiting), default=0))
        whole = len(waiting) - len(waiting) % SIZE
        for start in range(0, whole, SIZE):
            self.blocks.pack(waiting[start : start + SIZE])
        del waiting[:whole]

    def end(self) -> "SharedTexts":
        """Say that this was all."""
        if self._waiting:
            self.blocks.pack(self._waiting)
        self._waiting = []
        return self

    def of(self, number: str) -> Plain:
        """The text that a cell refers to, as the number is written there."""
        digits = number.strip()
        if not digits.isdecimal() or len(digits) > 9:
            return cells.flaw(problems.DAMAGED, number)
        at = int(digits)
        try:
            return self.blocks[at >> BITS][at & LAST]
        except IndexError:
            return cells.flaw(problems.DAMAGED, number)


class _Blocks(dict[int, list[Plain]]):
    """Blocks of texts by number, unpacked when they are needed."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self._longest = longest
        self._packed: list[bytes | Sequence[str]] = []

    def pack(self, texts: Sequence[str]) -> None:
        joined = _BETWEEN.join(texts)
        # the workbook may spell out what stands between them here
        fits = joined.count(_BETWEEN) == len(texts) - 1
        self._packed.append(joined.encode() if fits else tuple(texts))

    def __missing__(self, number: int) -> list[Plain]:
        packed = self._packed[number]
        texts = packed.decode().split(_BETWEEN) if isinstance(packed, bytes) else packed
        if len(self) >= UNPACKED:
            self.clear()
        plain = all(texts) and max(map(len, texts)) <= self._longest and not any(map(str.isspace, texts))
        unpacked: list[Plain] = [*texts] if plain else [bounded(text, self._longest) for text in texts]
        self[number] = unpacked
        return unpacked


def bounded(text: str, longest: int) -> Plain:
    """A text as the cell it stands in; blanks alone are nothing."""
    if len(text) > longest:
        return cells.flaw(problems.LENGTH, text)
    return text if text and not text.isspace() else None
