"""People go out into workbooks, and come back unchanged."""

import csv
import io
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.utils import translation

from accounts.models import Department, User
from integrations.sheets import services, writer
from integrations.sheets.models import ExportJob
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.process import Cell, reading
from project.core.errors import GatehouseError
from tests.integrations import makers
from tests.integrations.conftest import content_of, finish

pytestmark = pytest.mark.django_db
TRICKY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "|cmd",
    "'quoted",
    "''twice",
    "0012",
    "12345678901234567",
    "😀",
    "_x000D_",
    "a\nb",
]
CONTROL = ["\t=1", "\r=1", "a\x00b"]


def sheet_of(content: bytes) -> "openpyxl.worksheet.worksheet.Worksheet":
    return openpyxl.load_workbook(io.BytesIO(content)).active


class TestRoundTrip:
    @pytest.mark.attack("T-X-5")
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_changes_nothing(self, take_in, take_out, upload, kind, language):
        head = Department.objects.create(name="总部")
        Department.objects.create(name="研发", parent=head)
        take_in("people-500.xlsx")
        for n, text in enumerate(TRICKY):
            User.objects.create_user(
                f"tricky{n:02}", real_name=text, nickname=" spaced ", department=head.children.first()
            )

        job = upload(take_out(kind=kind, language=language), name=f"people.{kind}", language=language)

        assert job.counts == {"new": 0, "changed": 0, "unchanged": 501 + len(TRICKY), "bad": 0}

    @pytest.mark.attack("T-X-5")
    def test_by_way_of_libreoffice_changes_nothing(self, take_in, take_out, upload, tmp_path):
        take_in("people-500.xlsx")
        for n, text in enumerate(TRICKY):
            User.objects.create_user(f"tricky{n:02}", real_name=text)
        path = tmp_path / "people.xlsx"
        path.write_bytes(take_out())

        saved = makers.office_converts(path, "xlsx:Calc MS Excel 2007 XML", tmp_path / "saved")

        job = upload(saved.read_bytes())
        assert job.counts == {"new": 0, "changed": 0, "unchanged": 501 + len(TRICKY), "bad": 0}

    @pytest.mark.attack("T-X-5")
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    def test_keeps_what_only_looks_like_a_formula_to_the_last_character(self, kind):
        texts = TRICKY + ([*CONTROL] if kind == "xlsx" else CONTROL[:2])
        file = writer.written(kind, "texts", [writer.Head("text")], [[text] for text in texts])

        with file, reading(file, kind, Limits(unzipped=10**8, rows=100)) as source:
            found = [row.cells[0] for row in source]

        assert found == ["text", *texts]


class TestWorkbook:
    @pytest.mark.attack("T-X-5")
    def test_holds_no_formula_whatever_people_are_called(self, take_out):
        for n, text in enumerate(TRICKY):
            User.objects.create_user(f"tricky{n:02}", real_name=text)

        content = take_out()

        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert b"<f>" not in b"".join(archive.read(name) for name in archive.namelist())
        names = [row[1] for row in sheet_of(content).iter_rows(min_row=2, values_only=True)]
        assert set(TRICKY) - {"_x000D_"} <= set(names)

    @pytest.mark.attack("T-X-5")
    def test_text_for_other_programs_is_guarded(self, take_out):
        User.objects.create_user("tricky01", real_name="=1+1")

        rows = list(csv.reader(io.StringIO(take_out(kind="csv").decode("utf-8-sig"))))

        assert ["tricky01", "'=1+1"] in [row[:2] for row in rows]

    def test_has_a_frozen_header_in_the_callers_language_and_sensible_widths(self, take_out):
        sheet = sheet_of(take_out(columns=["username", "phone"]))

        assert [cell.value for cell in sheet[1]] == ["User name", "Phone"]
        assert sheet.freeze_panes == "A2"
        assert sheet.column_dimensions["A"].width > 15

    def test_keeps_phones_as_text_and_moments_as_moments(self, take_out):
        User.objects.create_user("zhangwei", phone="13912345678")

        row = next(
            row
            for row in sheet_of(take_out(columns=["username", "phone", "date_joined"]))
            if row[0].value == "zhangwei"
        )

        assert row[1].value == "13912345678"
        assert row[2].is_date

    def test_never_holds_a_password(self, take_out, boss):
        User.objects.create_user("zhangwei", password="abc12345")

        text = take_out(kind="csv").decode("utf-8-sig")

        assert "assword" not in text
        assert "argon2" not in text
        with pytest.raises(GatehouseError) as refused:
            services.start_export(resource="users", by=boss, columns=["password"])
        assert refused.value.code == "10000"

    def test_has_headers_even_without_rows(self):
        with writer.written("xlsx", "none", [writer.Head("a"), writer.Head("b")], []) as file:
            assert [cell.value for cell in sheet_of(file.read())[1]] == ["a", "b"]


class TestWhoAndWhat:
    def test_filters_are_those_of_the_list(self, take_out):
        User.objects.create_user("zhangwei", is_active=False)

        sheet = sheet_of(take_out(filters={"is_active": "0"}))

        assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["zhangwei"]

    def test_an_unknown_filter_is_refused(self, boss):
        with pytest.raises(GatehouseError) as refused:
            services.start_export(resource="users", by=boss, filters={"password__startswith": "a"})

        assert refused.value.code == "10000"

    def test_nobody_exports_without_permission(self):
        with pytest.raises(GatehouseError) as refused:
            services.start_export(resource="users", by=User.objects.create_user("nobody01"))

        assert refused.value.code == "10009"

    def test_who_lost_the_permission_meanwhile_gets_nothing(self):
        viewer = User.objects.create_user("viewer01")
        viewer.user_permissions.add(Permission.objects.get(codename="view_user"))
        job = services.start_export(resource="users", by=User.objects.get(pk=viewer.pk))
        viewer.user_permissions.clear()

        job = finish(job)

        assert (job.state, job.error_code) == ("failed", "10009")

    def test_what_the_list_shows_comes_at_once(self, boss):
        User.objects.create_user("zhangwei")

        with translation.override("en"):
            answer = services.export_now(
                "users", User.objects.get_queryset().filter(username="zhangwei"), boss, ["username"]
            )

        assert [row[0].value for row in sheet_of(content_of(answer))] == ["User name", "zhangwei"]

    def test_finished_exports_go_after_a_week(self, boss, private_files):
        job: ExportJob = finish(services.start_export(resource="users", by=boss))
        ExportJob.objects.update(expires_at=job.created_at)

        services.purge()

        job.refresh_from_db()
        assert not job.can_be_downloaded
        assert not [path for path in private_files.rglob("*") if path.is_file()]

    def test_the_template_can_be_filled_in_and_imported(self, boss, take_in):
        content = content_of(services.template("users", by=boss))
        workbook = openpyxl.load_workbook(io.BytesIO(content))
        assert workbook.active.data_validations.dataValidation
        workbook.active["A2"] = "zhangwei"

        assert take_in(makers.saved(workbook)).created_rows == 1

    def test_a_hundred_thousand_rows_cost_little_memory(self):
        rows: Iterator[list[Cell]] = ([f"user{n}", "张伟", "13912345678", n] for n in range(100_000))

        with writer.written("xlsx", "many", [writer.Head(name) for name in "abcd"], rows) as file:
            assert file.seek(0, 2) > 1_000_000
