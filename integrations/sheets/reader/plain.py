"""Recognises the plain spelling in which spreadsheet programs write, and leaves everything else to the XML parser.

Nearly all of a workbook is rows of one shape, and recognising that shape by a regular expression is several times faster than
parsing it. The expressions know no way back (`*+`, `(?>…)`), so no text makes them slow. Whatever is not exactly of the
shape is fed to the parser, together with all that follows; what is taken out before, it would have understood likewise.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from integrations.sheets.reader.archive import Part
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.xml import feed, push

PIECE = 1 << 16
LONGEST = 1 << 21
"""An element that is longer than this is the parser's."""
_TEXT = r"[^<\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*+"
_T = rf'<t(?: xml:space="preserve")?+>({_TEXT})</t>'
_CELL = (
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="([0-9]{1,5})")?+(?: t="(s|str|inlineStr|n|b|e|d)")?+(?>/>|>(?>'
    rf"<is>{_T}</is>|(?:(<f)[^<>]*+>(?:{_TEXT}</f>)?+)?+(?:<v>({_TEXT})</v>|<v/>)?+)</c>)"
)


def _ungrouped(pattern: str) -> str:
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)


_ROW = rf'<row r="([0-9]{{1,7}})"[^<>]*+(?>(?<=/)>|>((?:{_ungrouped(_CELL)})*+)</row>)\s*+'
_ITEM = rf"<si>{_T}</si>\s*+"
_UTF8 = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml(?:(?!encoding)[^>])*+(?:encoding=[\"']utf-8[\"'][^>]*+)?+>|\s*<[^?])", re.I
)
_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class Shape:
    """Plain elements of one kind that follow one another: what comes before, how each begins and ends, many of them."""

    def __init__(self, opening: bytes, begin: str, end: str, many: str) -> None:
        self.opening, self.begin, self.end, self.many = re.compile(opening), begin, end, re.compile(many)

    def may_go_on(self, text: str) -> bool:
        """Tell whether `text`, which is not plain as it stands, may become so with more of it."""
        begins = text.startswith(self.begin) or self.begin.startswith(text)
        return begins and self.end not in text and len(text) <= LONGEST


ROWS = Shape(rb"<sheetData>", "<row ", "</row>", rf"\s*+(?:{_ungrouped(_ROW)})*+")
TEXTS = Shape(rb"<sst[^<>]*+(?<!/)>", "<si>", "</si>", rf"\s*+(?:{_ungrouped(_ITEM)})*+")
rows_in = re.compile(_ROW).findall
"""Number and cells of each row."""
cells_in = re.compile(_CELL).findall
"""Column, style, type, inline text, formula mark and value of each cell."""
texts_in = re.compile(_ITEM).findall


def uniform(columns: Iterable[str]) -> Callable[[str], list[tuple[str, ...]]]:
    """Return what finds rows of nothing but shared texts in these columns: the number of each, and of each text or "".

    It passes over other rows without a word; whoever asks counts.
    """
    cells = "".join(
        rf'(?:<c r="{name}[0-9]{{1,7}}"(?: s="[0-9]{{1,5}}")?+(?>/>| t="s"><v>([0-9]{{1,9}}+)</v></c>))?+'
        for name in columns
    )
    return re.compile(rf'<row r="([0-9]{{1,7}})"[^<>]*+(?<!/)>{cells}</row>').findall


def runs(stream: Part, parser: expat.XMLParserType, shape: Shape) -> Iterator[str]:
    """Yield plain elements as they come, many at a time; the parser gets the rest, with an empty run after each piece."""
    head = stream.read(PIECE)
    start = shape.opening.search(head)
    if start is None or not _UTF8.match(head):
        yield from ("" for _ in feed(parser, stream, head))
        return
    push(parser, head[: start.end()])
    decoder = codecs.getincrementaldecoder("utf-8")()
    text, piece = "", head[start.end() :]
    while True:
        text += _decoded(decoder, piece)
        if end := shape.many.match(text).end():  # type: ignore[union-attr]  # it matches nothing at least
            yield text[:end]
            text = text[end:]
        if not piece or not shape.may_go_on(text):
            break
        piece = stream.read(PIECE)
    yield from ("" for _ in feed(parser, stream, text.encode() + decoder.getstate()[0]))


def value(text: str) -> str:
    """Return what a piece of XML text says.

    :raises Unreadable: for a reference to what XML does not know.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _decoded(decoder: codecs.IncrementalDecoder, piece: bytes) -> str:
    try:
        return decoder.decode(piece)
    except UnicodeDecodeError as damage:
        raise Unreadable("damaged") from damage


def _referred(found: "re.Match[str]") -> str:
    name, decimal, hexadecimal = found.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal or "0", 16)
    if code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF:
        return chr(code)
    raise Unreadable("damaged")
