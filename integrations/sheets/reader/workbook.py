"""What a workbook says about itself: its sheets, its calendar, its formats, its shared texts."""

import posixpath
from collections.abc import Callable
from xml.parsers import expat

from integrations.sheets.reader import cells, plain
from integrations.sheets.reader.archive import Archive, Part
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.texts import SharedTexts
from integrations.sheets.reader.xml import feed, local, parser

MAX_SHEETS = 1_000
MAX_FORMATS = 100_000
Start = Callable[[str, dict[str, str]], None]


class Sheet:
    """Where the sheet to read stands, and how its numbers are to be taken."""

    def __init__(self, name: str, part: str, *, since_1904: bool) -> None:
        self.name, self.part, self.since_1904 = name, part, since_1904


class _Relations:
    def __init__(self) -> None:
        self.targets: dict[str, str] = {}
        self.kinds: dict[str, str] = {}


def part(archive: Archive, name: str) -> Part:
    """Open a part; damage inside it is a reason to refuse, whenever it shows."""
    try:
        return archive.open(name)
    except KeyError as missing:
        raise Unreadable("damaged") from missing


def first_sheet(archive: Archive) -> Sheet:
    """Find the first sheet that people can see."""
    book = _target(_relations(archive, "_rels/.rels"), "", "/officeDocument")
    relations = _relations(
        archive, posixpath.join(posixpath.dirname(book), "_rels", f"{posixpath.basename(book)}.rels")
    )
    since_1904 = False
    sheets: list[tuple[str, str]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal since_1904
        if local(name) == "workbookPr":
            since_1904 = attributes.get("date1904") in {"1", "true"}
        elif local(name) == "sheet" and attributes.get("state", "visible") == "visible" and len(sheets) < MAX_SHEETS:
            relation = next((value for key, value in attributes.items() if local(key) == "id" and key != "sheetId"), "")
            if relations.kinds.get(relation, "/worksheet").endswith("/worksheet"):
                sheets.append((attributes.get("name", ""), relation))

    _walk(archive, book, start)
    if not sheets:
        raise Unreadable("no_sheet")
    name, relation = sheets[0]
    if relation not in relations.targets:
        raise Unreadable("damaged")
    return Sheet(name, _resolve(posixpath.dirname(book), relations.targets[relation]), since_1904=since_1904)


def date_formats(archive: Archive) -> frozenset[str]:
    """Return the style numbers whose cells show dates or times."""
    if "xl/styles.xml" not in archive.names():
        return frozenset()
    codes: dict[int, str] = {}
    used: list[int] = []
    inside = [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "numFmt" and len(codes) < MAX_FORMATS:
            codes[_integer(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")[:1_000]
        elif tag in {"cellXfs", "cellStyleXfs"}:
            inside[0] = tag
        elif tag == "xf" and inside[0] == "cellXfs" and len(used) < MAX_FORMATS:
            used.append(_integer(attributes.get("numFmtId", "0")))

    _walk(archive, "xl/styles.xml", start)
    return frozenset(str(at) for at, one in enumerate(used) if cells.is_date_format(one, codes.get(one)))


def shared_texts(archive: Archive, longest: int) -> SharedTexts:
    """Read the texts that cells refer to by number; runs of rich text are joined, readings of Japanese left out."""
    texts = SharedTexts(longest)
    name = next((each for each in archive.names() if each.lower() == "xl/sharedstrings.xml"), "")
    if not name:
        return texts
    # one longer than a cell is kept just long enough to be told from one that fits
    longest += 1
    parsed: list[str] = []
    reading = _texts_parser(lambda text: parsed.append(cells.unescape(text)[:longest]))
    for run in plain.runs(part(archive, name), reading, plain.TEXTS):
        found = plain.texts_in(run) if run else []
        if "&" in run or "\r" in run or "_x" in run or max(map(len, found), default=0) > longest:
            found = [cells.unescape(plain.value(text))[:longest] for text in found]
        # what the parser has read stood before, or after all that is plain
        texts.add(parsed)
        parsed.clear()
        texts.add(found)
    texts.add(parsed)
    return texts.end()


def _texts_parser(keep: Callable[[str], None]) -> expat.XMLParserType:
    pieces: list[str] = []
    reading = parser()

    def start(name: str, _attributes: dict[str, str]) -> None:
        tag = local(name)
        if tag == "t":
            reading.CharacterDataHandler = pieces.append
        elif tag == "rPh":
            reading.StartElementHandler = None

    def end(name: str) -> None:
        tag = local(name)
        if tag == "t":
            reading.CharacterDataHandler = None
        elif tag == "rPh":
            reading.StartElementHandler = start
        elif tag == "si":
            keep("".join(pieces))
            pieces.clear()

    reading.StartElementHandler, reading.EndElementHandler = start, end
    return reading


def _walk(archive: Archive, name: str, start: Start) -> None:
    reading = parser()
    reading.StartElementHandler = start
    for _ in feed(reading, part(archive, name)):
        pass


def _relations(archive: Archive, name: str) -> _Relations:
    found = _Relations()

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship" and attributes.get("TargetMode") != "External":
            found.targets[attributes.get("Id", "")] = attributes.get("Target", "")
            found.kinds[attributes.get("Id", "")] = attributes.get("Type", "")

    _walk(archive, name, start)
    return found


def _target(relations: _Relations, folder: str, kind: str) -> str:
    for one, about in relations.kinds.items():
        if about.endswith(kind):
            return _resolve(folder, relations.targets[one])
    raise Unreadable("not_a_workbook")


def _resolve(folder: str, target: str) -> str:
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))


def _integer(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
