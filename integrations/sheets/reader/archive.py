"""A workbook's archive: its list of contents, and the parts one wants to read, a piece at a time.

As much of the format as workbooks use, and nothing that unpacks to a disk: the standard library's module brings along two
megabytes of what a reading child has no use for. What is not as it should be is refused.
"""

import struct
import zlib

from integrations.sheets.reader.problems import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

STORED, DEFLATED = 0, 8
ENCRYPTED = 0x1
_UTF8 = 0x800
_BEYOND = 0x20 | 0x40
"""Patches, and encryption of another kind."""
_NEWEST = 63
"""The last version of the format there is."""
_PIECE = 1 << 13
_END = b"PK\x05\x06"
_FAR = 0xFFFF_FFFF
"""Stands for a number that is too large for its place and follows in the entry's extra field."""
_FAR_NUMBERS = 1


class Entry:
    """What the list says of one part."""

    def __init__(self, header: tuple[int, ...], raw_name: bytes, extra: bytes) -> None:
        if header[2] & 0xFF > _NEWEST:
            _refuse()
        self.flags, self.method, self.crc = header[3], header[4], header[7]
        self.raw_name = raw_name
        encoding = "utf-8" if self.flags & _UTF8 or raw_name.isascii() else "cp437"
        self.name = raw_name.decode(encoding).partition("\0")[0]
        far = _far_numbers(extra)
        # in this order, and only those that are needed
        self.size, self.packed, self.offset = (
            (far.pop(0) if far else _refuse()) if number == _FAR else number
            for number in (header[9], header[8], header[16])
        )


class Archive:
    """The parts of a workbook by their names.

    :raises Unreadable: for whatever is damaged, also while a part is being read.
    """

    def __init__(self, file: "BinaryIO", most: int) -> None:
        self._file = file
        self.entries = list(_entries(file, most))
        self._by_name = {entry.name: entry for entry in self.entries}

    def names(self) -> list[str]:
        return [*self._by_name]

    def open(self, name: str) -> "Part":
        """Begin to read a part.

        :raises KeyError: when there is none of that name.
        """
        return Part(self._file, self._by_name[name])


class Part:
    """One part being read."""

    def __init__(self, file: "BinaryIO", entry: Entry) -> None:
        file.seek(entry.offset)
        header = file.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            _refuse()
        name_length, extra_length = struct.unpack("<HH", header[26:])
        if file.read(name_length) != entry.raw_name or entry.flags & _BEYOND:
            _refuse()
        self._file, self._at = file, entry.offset + 30 + name_length + extra_length
        self._packed, self._left, self._crc = entry.packed, entry.size, entry.crc
        self._unpack = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        self._tail = b""
        self._sum = 0

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only where the part ends."""
        pieces: list[bytes] = []
        while size and (piece := self._piece(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        """Return up to so many bytes, and nothing only at the end."""
        piece = b""
        while not piece and not self._has_ended:
            piece = self._unpacked(self._tail or self._raw(), min(size, self._left))
            self._sum = zlib.crc32(piece, self._sum)
            self._left -= len(piece)
        if not piece:
            self._end()
        return piece

    def _end(self) -> None:
        """Make sure that nothing follows, and that all was as it had been packed."""
        while self._unpack and not self._unpack.eof:
            if self._unpacked(self._tail or self._raw(), 1):
                _refuse()
        if self._sum != self._crc:
            _refuse()

    @property
    def _has_ended(self) -> bool:
        ended = self._unpack.eof if self._unpack else not (self._tail or self._packed)
        return ended or not self._left

    def _unpacked(self, packed: bytes, size: int) -> bytes:
        if self._unpack is None:
            self._tail = packed[size:]
            return packed[:size]
        try:
            piece = self._unpack.decompress(packed, size)
        except zlib.error as damage:
            raise Unreadable("truncated") from damage
        self._tail = self._unpack.unconsumed_tail
        return piece

    def _raw(self) -> bytes:
        # others read of the same file meanwhile
        self._file.seek(self._at)
        raw = self._file.read(min(_PIECE, self._packed))
        if not raw:
            _refuse()
        self._at += len(raw)
        self._packed -= len(raw)
        return raw


def _entries(file: "BinaryIO", most: int) -> "list[Entry]":
    """Read the list of contents, once it is known to be short."""
    end = file.seek(0, 2)
    start = file.seek(max(0, end - 65_557))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        _refuse()
    number, size, offset = struct.unpack("<HII", tail[at + 10 : at + 20])
    if number > most or size > most * 1024:
        raise Unreadable("too_many_parts", limit=most)
    if offset + size > start + at:
        _refuse()
    file.seek(offset)
    listed, place = file.read(size), 0
    found: list[Entry] = []
    while place < size:
        if len(found) >= most:
            raise Unreadable("too_many_parts", limit=most)
        header = listed[place : place + 46]
        if len(header) < 46 or header[:4] != b"PK\x01\x02":
            _refuse()
        numbers = struct.unpack("<IHHHHHHIIIHHHHHII", header)
        name_ends = place + 46 + numbers[10]
        extra_ends = name_ends + numbers[11]
        name, extra = listed[place + 46 : name_ends], listed[name_ends:extra_ends]
        place = extra_ends + numbers[12]
        try:
            found.append(Entry(numbers, name, extra))
        except UnicodeError as damage:
            raise Unreadable("truncated") from damage
    if place != len(listed):
        _refuse()
    return found


def _far_numbers(extra: bytes) -> list[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if at + 4 + length > len(extra):
            _refuse()
        if kind == _FAR_NUMBERS:
            within = extra[at + 4 : at + 4 + length]
            return [*struct.unpack(f"<{len(within) // 8}Q", within[: len(within) // 8 * 8])]
        at += 4 + length
    return []


def _refuse() -> int:
    raise Unreadable("truncated")
