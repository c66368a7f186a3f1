"""A streaming XML parser that knows no document types, so no entity can grow or reach outside."""

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

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


def feed(made: expat.XMLParserType, stream: IO[bytes]) -> Iterator[None]:
    """Push a part through a parser, stopping after each piece."""
    done = False
    while not done:
        piece = stream.read(CHUNK)
        done = not piece
        try:
            made.Parse(piece, done)
        except expat.ExpatError as damage:
            if "memory" in str(damage):
                raise MemoryError from damage
            raise Unreadable("damaged") from damage
        yield


def local(name: str) -> str:
    """Return an element's name without its prefix."""
    return name.rpartition(":")[2]
