"""The reader of archives reads what the standard library's reads, and takes nothing that that one refuses."""

import io
import random
import struct
import zipfile
import zlib

import pytest

from integrations.sheets.reader.archive import DEFLATED, ENCRYPTED, Archive
from integrations.sheets.reader.problems import Unreadable

TEXT = "".join(f"<row>{random.Random(7).random()}{n}</row>" for n in range(4_000)).encode()
PARTS = {"[Content_Types].xml": b"<Types/>", "xl/sheet.xml": TEXT, "empty": b"", "名.xml": b"x" * 300}


def made(
    method: int = zipfile.ZIP_DEFLATED, *, far: bool = False, streamed: bool = False, comment: bytes = b""
) -> bytes:
    target = Streamed() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in PARTS.items():
            with archive.open(name, "w", force_zip64=far) as part:
                part.write(content)
        archive.comment = comment
    return target.getvalue()


class Streamed(io.BytesIO):
    """Cannot go back: sizes stand after each part."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_where: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def contents(archive: bytes, piece: int = 1 << 16) -> dict[str, bytes]:
    ours = Archive(io.BytesIO(archive), 200)
    found = {}
    for name in ours.names():
        part, read = ours.open(name), b""
        while some := part.read(piece):
            read += some
        found[name] = read
    return found


@pytest.mark.parametrize("piece", [7, 1 << 16])
@pytest.mark.parametrize(
    "archive",
    [made(), made(zipfile.ZIP_STORED), made(far=True), made(streamed=True), made(comment=b"PK and so on")],
    ids=["deflated", "stored", "with far numbers", "streamed", "with a comment"],
)
def test_reads_what_was_written(archive: bytes, piece: int):
    assert contents(archive, piece) == PARTS


def test_pieces_are_as_large_as_asked_for_but_for_the_last():
    part = Archive(io.BytesIO(made()), 200).open("xl/sheet.xml")

    sizes = [len(part.read(1_000)) for _ in range(len(TEXT) // 1_000 + 2)]

    assert sizes == [1_000] * (len(TEXT) // 1_000) + [len(TEXT) % 1_000, 0]


def test_parts_may_be_read_by_turns():
    archive = Archive(io.BytesIO(made()), 200)
    one, other = archive.open("xl/sheet.xml"), archive.open("xl/sheet.xml")

    assert one.read(5_000) == other.read(5_000) == TEXT[:5_000]
    assert one.read(5_000) == other.read(5_000) == TEXT[5_000:10_000]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_takes_nothing_that_the_standard_library_refuses(method: int):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("a.xml", b"<a>some text</a>" * 4)
        archive.writestr("b.xml", b"b")
    honest = target.getvalue()
    refused = 0
    for at in range(len(honest)):
        for change in (0x01, 0x80, 0xFF):
            spoilt = bytearray(honest)
            spoilt[at] ^= change
            theirs = by_the_standard_library(bytes(spoilt))
            ours = by_ours(bytes(spoilt))
            refused += ours is None
            assert ours is None or ours == theirs, (at, change)
    assert refused > len(honest)


def test_a_part_that_unpacks_to_more_than_was_said_is_refused():
    archive = bytearray(made())
    at = archive.rindex(struct.pack("<I", len(TEXT)))
    archive[at : at + 4] = struct.pack("<I", len(TEXT) - 1)

    with pytest.raises(Unreadable):
        contents(bytes(archive))


def test_says_of_each_part_how_it_is_kept():
    parts = Archive(io.BytesIO(made()), 200).entries

    assert [(one.name, one.size, one.method, one.flags & ENCRYPTED) for one in parts] == [
        (name, len(content), DEFLATED, 0) for name, content in PARTS.items()
    ]
    assert parts[1].crc == zlib.crc32(TEXT)


def test_a_list_longer_than_may_be_is_not_read():
    with pytest.raises(Unreadable, match="too_many_parts"):
        Archive(io.BytesIO(made()), 3)


def by_ours(archive: bytes) -> dict[str, bytes] | None:
    try:
        ours = Archive(io.BytesIO(archive), 200)
        if any(one.method not in (0, DEFLATED) or one.flags & ENCRYPTED for one in ours.entries):
            return None
        return contents(archive)
    except Unreadable:
        return None


def by_the_standard_library(archive: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as theirs:
            return {name: theirs.read(name) for name in theirs.namelist()}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
        struct.error,
    ):
        return None
