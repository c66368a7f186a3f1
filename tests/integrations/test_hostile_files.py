"""Files made to hurt: each is refused with its reason, and the process that asked does not even grow."""

import io
import re
import resource
import threading
import zipfile
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from django.utils import translation

from integrations.sheets.errors import REASONS
from integrations.sheets.models import ImportJob
from integrations.sheets.reader import bounds
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.process import Flaw, reading
from project.core.errors import GatehouseError
from tests.integrations import makers
from tests.integrations.makers import by_hand, cell, row_xml, sheet_xml, zipped

LIMITS = Limits(unzipped=200 * 1024**2, rows=10_000)
MEGABYTE = 1024**2
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def reason_for(content: bytes, name: str = "people.xlsx") -> str:
    """Why a file is refused: from outside, as a request would, or by the reading child."""
    file = io.BytesIO(content)
    with pytest.raises(Unreadable) as refused:  # noqa: PT012 (either look may refuse it)
        kind = bounds.kind_of(name)
        bounds.examine(file, kind, LIMITS)
        with reading(file, kind, LIMITS) as source:
            for _row in source:
                pass
    assert refused.value.reason in REASONS
    return refused.value.reason


def part(archive: bytes, name: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as old:
        return zipped([*((each, old.read(each)) for each in old.namelist() if each != name), (name, content)])


def three_hundred_megabytes() -> bytes:
    return by_hand(sheet_xml(), xl__sharedStrings_xml=b" " * (300 * MEGABYTE))


@pytest.mark.attack("T-X-1")
class TestFromOutside:
    """Refused before anything is opened."""

    @pytest.mark.parametrize(
        ("make", "name", "reason"),
        [
            (three_hundred_megabytes, "people.xlsx", "unzipped"),
            (lambda: zipped((f"part{n}.xml", "x") for n in range(10_000)), "people.xlsx", "too_many_parts"),
            (lambda: by_hand(sheet_xml())[:-40], "people.xlsx", "truncated"),
            (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "people.xlsx", "encrypted"),
            (lambda: OLE + "Workbook".encode("utf-16-le"), "people.xlsx", "old_excel"),
            (lambda: b"anything", "people.xls", "old_excel"),
            (lambda: makers.as_csv(["a", "b"], [1, 2]), "people.xlsx", "csv_named_workbook"),
            (lambda: by_hand(sheet_xml()), "people.csv", "workbook_named_csv"),
            (lambda: zipped([("mimetype", "application/vnd.oasis"), ("content.xml", "x")]), "a.csv", "open_document"),
            (lambda: OLE + "Workbook".encode("utf-16-le"), "people.csv", "old_excel"),
            (lambda: b"%PDF-1.7\n%\xe2\xe3", "people.csv", "not_text"),
            (lambda: b"%PDF-1.7\n%\xe2\xe3\0", "people.xlsx", "not_a_workbook"),
            (lambda: b"<!DOCTYPE html><table></table>", "people.csv", "web_page"),
            (lambda: b"<html><table></table></html>", "people.xlsx", "web_page"),
            (lambda: b"", "people.xlsx", "empty"),
            (lambda: b" \n ", "people.csv", "empty"),
            (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "people.xlsx", "not_a_workbook"),
            (lambda: b"hello", "people.pdf", "unknown_kind"),
            (lambda: b"hello", "people", "unknown_kind"),
            (lambda: zipped([("mimetype", "application/vnd.oasis"), ("content.xml", "x")]), "a.xlsx", "open_document"),
            (lambda: zipped([("hello.txt", "x")]), "people.xlsx", "not_a_workbook"),
            (lambda: zipped([("[Content_Types].xml", "x"), ("xl/workbook.bin", "x")]), "a.xlsx", "binary_workbook"),
        ],
    )  # fmt: skip
    def test_is_refused_with_its_reason(self, make: Callable[[], bytes], name: str, reason: str):
        file = io.BytesIO(make())

        with pytest.raises(Unreadable) as refused:
            bounds.examine(file, bounds.kind_of(name), LIMITS)

        assert refused.value.reason == reason

    def test_an_archive_that_hides_its_size_is_cut_off_at_what_it_claims(self):
        liar = bytearray(by_hand(sheet_xml(row_xml(1, cell("A1", "x" * 50_000)))))
        true_size = len(sheet_xml(row_xml(1, cell("A1", "x" * 50_000)))).to_bytes(4, "little")
        assert liar.count(true_size) == 2
        liar = liar.replace(true_size, (40).to_bytes(4, "little"))

        assert reason_for(bytes(liar)) in {"truncated", "damaged"}


@pytest.mark.attack("T-X-1")
class TestInsideTheChild:
    def test_a_cell_at_the_far_corner_is_named(self):
        xml = sheet_xml(row_xml(1, cell("A1", "a")), row_xml(1_048_576, '<c r="XFD1048576"><v>1</v></c>'))
        bomb = by_hand(xml)
        assert len(bomb) < 2_048

        with pytest.raises(Unreadable) as refused, reading(io.BytesIO(bomb), "xlsx", LIMITS) as source:
            list(source)

        assert refused.value.reason == "too_wide"
        assert refused.value.params["cell"] == "XFD1048576"

    def test_a_cell_in_the_last_row_is_one_row_more(self):
        xml = sheet_xml(row_xml(1, cell("A1", "a")), row_xml(1_048_576, cell("A1048576", "b")))

        with reading(io.BytesIO(by_hand(xml)), "xlsx", LIMITS) as source:
            assert [row.number for row in source] == [1, 1_048_576]

    @pytest.mark.parametrize(
        "xml",
        [
            '<row r="0"/>', '<row r="1048577"/>', '<row r="x"/>', '<row r="99999999999999999999"/>',
            '<row r="1"><c r="AAAA1"><v>1</v></c></row>', '<row r="1"><c r="é1"><v>1</v></c></row>', "<row>", "</row>", "\x01",
        ],
    )  # fmt: skip
    def test_places_that_cannot_be_are_damage(self, xml: str):
        assert reason_for(by_hand(sheet_xml(xml))) == "damaged"

    def test_a_nested_archive_is_never_opened(self):
        inner = three_hundred_megabytes()
        whole = by_hand(sheet_xml(row_xml(1, cell("A1", "name"))), xl__embeddings__inner_xml=inner)

        with reading(io.BytesIO(whole), "xlsx", LIMITS) as source:
            assert len(list(source)) == 1

    def test_more_memory_than_the_child_has_ends_the_child_alone(self):
        texts = "<sst>" + f"<si><t>{'ab' * 30}</t></si>" * 1_500_000 + "</sst>"
        bomb = by_hand(sheet_xml(row_xml(1, cell("A1", "x"))), xl__sharedStrings_xml=texts)

        with (
            pytest.raises(Unreadable) as refused,
            reading(io.BytesIO(bomb), "xlsx", LIMITS, memory=96 * MEGABYTE) as source,
        ):
            list(source)

        assert refused.value.reason == "exhausted"

    def test_too_many_rows(self):
        xml = sheet_xml(*(row_xml(n, cell(f"A{n}", "x")) for n in range(1, 10_100)))

        assert reason_for(by_hand(xml)) == "too_many_rows"

    def test_text_that_is_none(self):
        assert reason_for(b"name\n\0\0\0", "people.csv") == "not_text"
        assert reason_for(b"name\n\xff\xfe\xfa\x80\x81", "people.csv") in {"encoding", "damaged"}


@pytest.mark.attack("T-X-2")
class TestXmlTricks:
    @pytest.mark.parametrize(
        "doctype",
        [
            f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{LAUGHS}]>',
            f'<!DOCTYPE q [<!ENTITY a "{"a" * 50_000}">]>',
            '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/evil.dtd">',
            "<!DOCTYPE x>",
        ],
        ids=["laughs", "quadratic", "file", "network", "bare"],
    )
    @pytest.mark.parametrize("where", ["sheet", "texts", "book", "styles", "relations"])
    def test_a_document_type_is_refused_in_every_part(self, doctype: str, where: str):
        good = by_hand(sheet_xml(row_xml(1, cell("A1", "x"))))
        names = {
            "sheet": "xl/worksheets/sheet1.xml",
            "texts": "xl/sharedStrings.xml",
            "book": "xl/workbook.xml",
            "styles": "xl/styles.xml",
            "relations": "_rels/.rels",
        }

        assert (
            reason_for(part(good, names[where], f"<?xml version='1.0'?>{doctype}<a>&l9;</a>".encode()))
            == "document_type"
        )


class Watch:
    """The most memory this process had while the block ran, in megabytes above what it had before."""

    def __enter__(self) -> "Watch":
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.01):
            self._most = max(self._most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.grown = (self._most - self._before) / MEGABYTE


@pytest.mark.attack("T-X-1")
class TestCost:
    def test_neither_memory_nor_files_nor_children_stay(self):
        bombs = [
            by_hand(sheet_xml(row_xml(1, '<c r="XFD1048576"><v>1</v></c>'))),
            by_hand(
                sheet_xml(row_xml(1, cell("A1", "x"))),
                xl__sharedStrings_xml=b"<sst>" + b" " * (150 * MEGABYTE) + b"</sst>",
            ),
            by_hand(sheet_xml(row_xml(1, f'<c r="A1"><v>{"1" * (20 * MEGABYTE)}</v></c>'))),
        ]
        before = set(psutil.Process().children())
        with Watch() as watch:
            for bomb in bombs:
                file = io.BytesIO(bomb)
                try:
                    with reading(file, "xlsx", LIMITS) as source:
                        list(source)
                except Unreadable:
                    pass

        assert watch.grown < 100
        assert set(psutil.Process().children()) <= before
        assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY

    def test_a_cell_of_twenty_million_digits_does_not_stop_the_clock(self):
        endless = by_hand(sheet_xml(row_xml(1, f'<c r="A1"><v>{"1" * (20 * MEGABYTE)}</v></c>')))

        with reading(io.BytesIO(endless), "xlsx", LIMITS) as source:
            (row,) = source

        assert row.cells == [Flaw("digits", "1" * 60)]


@pytest.mark.django_db
class TestAtTheDoor:
    """The same, as somebody who uploads meets it."""

    @pytest.mark.parametrize(("language", "said"), [("en", "Save it as .xlsx"), ("zh-hans", "另存为 .xlsx")])
    def test_says_why_in_the_callers_language(self, upload: Any, language: str, said: str):
        with pytest.raises(GatehouseError) as refused:
            upload(OLE, language=language)

        assert refused.value.code == "30002"
        with translation.override(language):
            assert said in str(refused.value)
        assert not ImportJob.objects.exists()

    def test_a_file_beyond_the_limit_is_10011(self, upload: Any, settings: Any):
        settings.IMPORT_MAX_BYTES = 1_000

        with pytest.raises(GatehouseError) as refused:
            upload("people-500.xlsx")

        assert (refused.value.code, refused.value.status) == ("10011", 413)

    def test_what_only_the_child_can_see_fails_the_job_with_the_place(self, upload: Any):
        job = upload(by_hand(sheet_xml(row_xml(1, cell("A1", "user name"), '<c r="XFD1"><v>1</v></c>'))))

        assert (job.state, job.error_code) == ("failed", "30002")
        assert re.search(r"\bXFD1\b", job.error)
        assert not job.file

    def test_more_rows_than_allowed_are_refused(self, upload: Any, settings: Any):
        settings.IMPORT_MAX_ROWS = 100

        job = upload("people-500.xlsx")

        assert (job.state, job.error_code) == ("failed", "30002")
        assert "100" in job.error
