"""What the reading child makes of honest sheets."""

import io
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.process import Flaw, Row, reading
from tests.integrations import makers
from tests.integrations.makers import WORKBOOKS, book, by_hand, cell, row_xml, saved, sheet_xml

LIMITS = Limits(unzipped=200 * 1024**2, rows=10_000)


def rows_of(content: bytes, kind: str = "xlsx", limits: Limits = LIMITS) -> list[Row]:
    with reading(io.BytesIO(content), kind, limits) as source:
        return list(source)


def only_cell(content: bytes) -> Any:
    return rows_of(content)[0].cells[0]


class TestHonestSheets:
    def test_five_hundred_people_from_libreoffice_come_as_they_were_typed(self):
        with (WORKBOOKS / "people-500.xlsx").open("rb") as file, reading(file, "xlsx", LIMITS) as source:
            rows = list(source)

        assert source.sheet == "people-500"
        assert len(rows) == 501
        assert rows[0] == Row(1, ["用户名", "姓名", "密码", "性别", "手机号", "邮箱"])
        assert rows[1].cells == ["staff0001", "李伟", "pass0001x", "女", 13800000001, "staff0001@example.com"]

    def test_dates_times_and_moments_are_told_from_numbers(self):
        found = rows_of(
            book([date(2024, 2, 29), datetime.fromisoformat("2024-01-02T03:04:05"), time(23, 59, 58), 45351, 1.5, True])
        )

        assert found[0].cells == [
            date(2024, 2, 29),
            datetime.fromisoformat("2024-01-02T03:04:05"),
            time(23, 59, 58),
            45351,
            1.5,
            True,
        ]

    def test_the_calendar_of_1904_is_honoured(self):
        workbook = openpyxl.Workbook()
        workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
        workbook.active.append([datetime.fromisoformat("2024-02-29T12:00:00")])

        assert only_cell(saved(workbook)) == datetime.fromisoformat("2024-02-29T12:00:00")

    @pytest.mark.parametrize("text", ["0012", "12345678901234567", "😀 emoji", "a\nb", "  Zhang  ", "=1+1", "-1"])
    def test_text_stays_text_to_the_last_character(self, text):
        workbook = openpyxl.Workbook()
        workbook.active["A1"] = text
        workbook.active["A1"].data_type = "s"

        assert only_cell(saved(workbook)) == text

    def test_what_xml_cannot_hold_is_spelt_out_and_read_back(self):
        spelt = cell("A1", "a_x000D_b_x005F_x000D_c_xD83D__xDE00_")

        assert only_cell(by_hand(sheet_xml(row_xml(1, spelt)))) == "a\rb_x000D_c😀"

    def test_seventeen_digits_in_a_number_are_kept_where_the_file_has_them(self):
        xml = sheet_xml(
            row_xml(1, '<c r="A1"><v>12345678901234567</v></c>', '<c r="B1"><v>1.2345678901234567E+016</v></c>')
        )

        assert rows_of(by_hand(xml))[0].cells == [12345678901234567, 1.2345678901234568e16]

    def test_rich_text_is_joined_and_its_reading_aids_are_left_out(self):
        rich = '<c r="A1" t="inlineStr"><is><r><t>王</t></r><r><t xml:space="preserve"> 伟</t></r><rPh sb="0" eb="1"><t>オウ</t></rPh></is></c>'

        assert only_cell(by_hand(sheet_xml(row_xml(1, rich)))) == "王 伟"

    def test_minus_zero_is_zero_and_no_number_is_a_flaw(self):
        xml = sheet_xml(row_xml(1, "<c><v>-0.0</v></c>", "<c><v>NaN</v></c>", "<c><v>1e999</v></c>"))

        zero, *others = rows_of(by_hand(xml))[0].cells
        assert zero == 0
        assert [each.kind for each in others] == ["damaged", "damaged"]

    def test_a_cell_of_the_longest_length_passes_and_one_beyond_is_a_flaw(self):
        xml = sheet_xml(row_xml(1, cell("A1", "x" * 32_767), cell("B1", "x" * 32_768)))

        longest, beyond = rows_of(by_hand(xml))[0].cells
        assert longest == "x" * 32_767
        assert isinstance(beyond, Flaw)
        assert beyond.kind == "length"

    def test_cells_without_places_follow_one_another(self):
        xml = sheet_xml("<row><c><v>1</v></c><c/><c><v>3</v></c></row>", "<row><c><v>4</v></c></row>")

        assert rows_of(by_hand(xml)) == [Row(1, [1, None, 3]), Row(2, [4])]

    def test_prefixed_names_mean_the_same(self):
        xml = (
            '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
            '<x:row r="1"><x:c r="B1" t="inlineStr"><x:is><x:t>hello</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>'
        )

        assert rows_of(by_hand(xml)) == [Row(1, [None, "hello"])]

    def test_hidden_sheets_are_passed_over(self):
        workbook = openpyxl.Workbook()
        workbook.active.append(["hidden"])
        workbook.active.sheet_state = "hidden"
        workbook.create_sheet("shown").append(["seen"])
        workbook.active = 1

        assert only_cell(saved(workbook)) == "seen"

    def test_merged_ranges_are_told_at_the_end(self):
        workbook = openpyxl.Workbook()
        workbook.active.append(["name"])
        workbook.active.merge_cells("A1:B1")

        with reading(io.BytesIO(saved(workbook)), "xlsx", LIMITS) as source:
            list(source)
        assert source.merged == ["A1:B1"]


class TestFormulas:
    """A formula counts as the result that is in the file; without one it is a flaw, never an empty cell."""

    def test_a_formula_without_result_is_a_flaw(self):
        found = only_cell(book(["=1+1"]))

        assert found == Flaw("formula", "")

    def test_a_formula_counts_as_its_result(self):
        number, text, empty = (
            '<c r="A1"><f>1+1</f><v>2</v></c>',
            '<c r="B1" t="str"><f>"a"</f><v>a</v></c>',
            '<c r="C1" t="str"><f>""</f><v></v></c>',
        )

        assert rows_of(by_hand(sheet_xml(row_xml(1, number, text, empty))))[0].cells == [2, "a"]

    def test_a_formula_that_libreoffice_computed_counts_as_its_result(self, tmp_path):
        source = tmp_path / "computed.xlsx"
        source.write_bytes(book(["name", "double"], ["a", "=2*21"]))
        made = makers.office_converts(source, "ods", tmp_path / "ods")
        back = makers.office_converts(made, "xlsx:Calc MS Excel 2007 XML", tmp_path / "xlsx")

        assert rows_of(back.read_bytes())[1].cells == ["a", 42]

    def test_an_error_value_is_a_flaw_that_names_it(self):
        assert only_cell(by_hand(sheet_xml(row_xml(1, '<c r="A1" t="e"><v>#N/A</v></c>')))) == Flaw("error", "#N/A")


class TestBlanks:
    @pytest.mark.attack("T-X-3")
    def test_a_million_blank_rows_cost_nothing_and_rows_keep_their_numbers(self):
        blank = "".join(f'<row r="{n}"/>' for n in range(3, 1_048_577))
        xml = sheet_xml(row_xml(1, cell("A1", "name")), row_xml(2, cell("A2", "Zhang")), blank)

        assert rows_of(by_hand(xml)) == [Row(1, ["name"]), Row(2, ["Zhang"])]

    @pytest.mark.attack("T-X-3")
    def test_formatting_down_to_the_last_row_is_no_data(self):
        formatted = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(1_002, 1_048_577))
        data = [row_xml(n, cell(f"A{n}", f"user{n}")) for n in range(1, 1_002)]

        assert len(rows_of(by_hand(sheet_xml(*data, formatted)))) == 1_001

    def test_blank_and_white_rows_are_skipped(self):
        found = rows_of(book(["name"], [], [None, "  "], ["Zhang"]))

        assert found == [Row(1, ["name"]), Row(4, ["Zhang"])]


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    def test_the_encoding_is_found(self, encoding):
        found = rows_of(makers.as_csv(["用户名", "姓名"], ["zhangwei", "张伟"], encoding=encoding), "csv")

        assert found == [Row(1, ["用户名", "姓名"]), Row(2, ["zhangwei", "张伟"])]

    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    def test_the_delimiter_is_found(self, mark):
        assert rows_of(f"a{mark}b\n1{mark}2\n".encode(), "csv") == [Row(1, ["a", "b"]), Row(2, ["1", "2"])]

    def test_an_apostrophe_that_guards_a_formula_is_taken_off(self):
        assert rows_of(b"'=1+1,'hello,'@x\n", "csv")[0].cells == ["=1+1", "'hello", "@x"]


def test_the_child_is_ended_when_nobody_wants_more(tmp_path: Path):
    path = tmp_path / "many.csv"
    path.write_bytes(b"name\n" + b"somebody\n" * 9_000)

    with path.open("rb") as file, reading(file, "csv", LIMITS) as source:
        first = next(iter(source))

    assert first == Row(1, ["name"])
