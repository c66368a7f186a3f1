"""A streaming XML parser that knows no document types, so no entity can grow or reach outside."""

from collections.abc import Iterator
from xml.parsers import expat

from integrations.sheets.reader.archive import Part
from integrations.sheets.reader.problems import Unreadable

CHUNK = 1 << 16


def parser() -> expat.XMLParserType:
    """Make a parser that refuses a DOCTYPE, and with it every entity that the file itself declares."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.buffer_size = CHUNK
    made.StartDoctypeDeclHandler = _refuse
    made.EntityDeclHandler = _refuse
    made.ExternalEntityRefHandler = _refuse
    return made


def _refuse(*_declared: object) -> int:
    raise Unreadable("document_type")


def feed(made: expat.XMLParserType, stream: Part, head: bytes = b"") -> Iterator[None]:
    """Push a part through a parser, stopping after each piece; `head` has been read of it already."""
    piece = head or stream.read(CHUNK)
    while piece:
        push(made, piece)
        yield
        piece = stream.read(CHUNK)
    push(made, b"", last=True)
    yield


def push(made: expat.XMLParserType, piece: bytes, *, last: bool = False) -> None:
    """Give a parser one piece.

    :raises Unreadable: when it is no XML.
    """
    try:
        made.Parse(piece, last)
    except expat.ExpatError as damage:
        if "memory" in str(damage):
            raise MemoryError from damage
        raise Unreadable("damaged") from damage


def local(name: str) -> str:
    """Return an element's name without its prefix."""
    return name.rpartition(":")[2]
