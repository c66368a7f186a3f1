"""People come in from workbooks, all or only the good ones, and are shown before."""

import io
from typing import Any

import openpyxl
import pytest

from accounts.models import User
from integrations.sheets import services
from integrations.sheets.models import ImportChunk
from project.core.errors import GatehouseError
from tests.integrations.conftest import content_of, finish
from tests.integrations.importing import HEADERS, errors
from tests.integrations.makers import SEED_HEADERS, as_csv, book, people, saved

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


class TestFiveHundredPeople:
    def test_come_in_from_a_workbook_of_libreoffice(self, take_in, boss):
        job = take_in("people-500.xlsx")

        assert (job.state, job.created_rows) == ("done", 500)
        somebody = User.objects.get(username="staff0007")
        assert (somebody.real_name, somebody.gender, somebody.phone) == ("黄伟", 2, "13800000007")
        assert somebody.check_password("pass0007x")
        assert not somebody.is_staff
        assert not somebody.is_superuser

    def test_come_in_in_the_form_of_the_seed_but_for_their_ids(self, take_in):
        job = take_in("seed-form-500.xlsx")

        assert job.created_rows == 500
        assert ["A", "用户Id", "", "ids are given by this system", ""] in job.headers
        assert User.objects.get(username="seed0001").check_password("abc0001")
        assert {user.gender for user in User.objects.filter(username__startswith="seed")} == {1, 2}

    @pytest.mark.attack("T-X-8")
    def test_the_same_file_again_changes_nothing(self, take_in, upload):
        take_in("people-500.xlsx")

        again = upload("people-500.xlsx")

        assert again.counts == {"new": 0, "changed": 0, "unchanged": 500, "bad": 0}
        assert "500" in again.notes[0]  # passwords of people who exist were ignored
        assert not again.can_be_confirmed


class TestPhonesOfOtherCountries:
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    def test_come_in_and_go_out_as_one_number(self, take_in, take_out, upload, kind):
        rows = [
            ["用户名", "手机号"],
            ["abroad01", "+65 8123 4567"],
            ["abroad02", "+447911123456"],
            ["athome01", "+86 138 0013 8000"],
            ["athome02", "13800138001"],
        ]
        made = book if kind == "xlsx" else as_csv
        take_in(made(*rows), name=f"people.{kind}")

        kept = dict(User.objects.exclude(phone=None).values_list("username", "phone"))
        assert kept == {
            "abroad01": "+6581234567",
            "abroad02": "+447911123456",
            "athome01": "13800138000",
            "athome02": "13800138001",
        }
        again = upload(take_out(kind=kind), name=f"people.{kind}")
        assert again.counts == {"new": 0, "changed": 0, "unchanged": 5, "bad": 0}

    def test_are_nobodys_twice_however_they_are_written(self, take_in, upload):
        take_in(book(["用户名", "手机号"], ["abroad01", "+6581234567"]))

        job = upload(book(["用户名", "手机号"], ["abroad02", "+65 8123 4567"], ["abroad03", "6581234567"]))

        assert job.counts["bad"] == 2
        assert "belongs to somebody else already" in errors(job)[0]
        assert "begins with + and its code" in errors(job)[1]


@pytest.mark.attack("T-X-7")
class TestModes:
    ROWS = (HEADERS, *people(3), ["bad name", "", "abc123", "男", "", ""])

    def test_all_rows_or_none_takes_none(self, upload, boss):
        job = upload(book(*self.ROWS))

        with pytest.raises(GatehouseError) as refused:
            services.confirm(job, by=boss)

        assert refused.value.code == "30001"
        assert refused.value.fields["rows"][0].startswith("A5: ")
        assert not User.objects.filter(username__startswith="staff").exists()

    def test_the_good_rows_come_in_and_the_others_come_back(self, upload, boss):
        job = upload(book(*self.ROWS), mode="valid")

        job = finish(services.confirm(job, by=boss))

        assert (job.state, job.created_rows, job.bad) == ("done", 3, 1)
        sheet = openpyxl.load_workbook(io.BytesIO(content_of(services.errors_workbook(job)))).active
        head, *rows = sheet.iter_rows(values_only=True)
        assert [row[0] for row in rows] == ["bad name"]
        assert "6 to 30" in rows[0][-1]

    def test_the_error_workbook_goes_in_again_once_it_is_corrected(self, upload, take_in):
        job = upload(book(*self.ROWS))
        workbook = openpyxl.load_workbook(io.BytesIO(content_of(services.errors_workbook(job))))
        workbook.active["A5"] = "goodname"

        again = take_in(saved(workbook))

        assert again.created_rows == 4
        assert [why for _place, _text, _column, why, *_ in again.headers if why] == ["the reasons of an error workbook"]


class TestPasswords:
    def test_are_set_for_new_people_only(self, take_in):
        known = User.objects.create_user("zhangwei", password="Old-password-1")

        job = take_in(
            book(["用户名", "姓名", "密码"], ["zhangwei", "张伟", "new12345"], ["liming01", "李明", "abc123"])
        )

        known.refresh_from_db()
        assert known.real_name == "张伟"
        assert known.check_password("Old-password-1")
        assert User.objects.get(username="liming01").check_password("abc123")
        assert len(job.notes) == 1

    def test_without_one_nobody_can_sign_in(self, take_in):
        take_in(book(["用户名", "密码"], ["zhangwei", None]))

        assert not User.objects.get(username="zhangwei").has_usable_password()

    def test_are_kept_nowhere(self, upload, boss, private_files, caplog):
        secret = "hunter2secret"
        job = upload(book(["用户名", "密码"], ["zhangwei", secret], ["a b", "short"], ["liming01", "短"]), mode="valid")
        workbook = content_of(services.errors_workbook(job))
        shown = openpyxl.load_workbook(io.BytesIO(workbook)).active

        assert all("short" not in str(value) for row in shown.iter_rows(values_only=True) for value in row)
        job = finish(services.confirm(job, by=boss))
        kept = str(list(ImportChunk.objects.values_list("rows", flat=True))) + str(job.__dict__) + caplog.text
        assert secret not in kept
        assert "short" not in kept
        assert not job.file
        assert not [path for path in private_files.rglob("*") if path.is_file()]

    @pytest.mark.parametrize(
        ("password", "taken"), [("abc123", True), ("Long-enough-1!", True), ("123456", False), ("短", False)]
    )
    def test_follow_the_seeds_rule_or_djangos(self, upload, password, taken):
        job = upload(book(["用户名", "密码"], ["zhangwei", password]))

        assert job.counts["bad"] == (0 if taken else 1)


class TestPreview:
    def test_shows_old_and_new_of_what_would_change(self, take_in, upload):
        take_in(book(["用户名", "姓名", "性别"], ["zhangwei", "张伟", "男"]))

        job = upload(book(["用户名", "姓名", "性别"], ["zhangwei", "张威", "男"]))

        assert job.changed == 1
        assert services.preview(job, "changed", offset=0, limit=5)[0]["changes"] == {"real_name": ["张伟", "张威"]}

    def test_pages_through_many_rows_of_one_kind(self, upload):
        job = upload("people-500.xlsx")

        rows = services.preview(job, "new", offset=240, limit=20)

        assert [row["number"] for row in rows] == list(range(242, 262))

    def test_csv_in_gbk_is_as_good(self, take_in):
        job = take_in(as_csv(["用户名", "姓名"], ["zhangwei", "张伟"], encoding="gbk"), name="people.csv")

        assert job.created_rows == 1
        assert User.objects.get(username="zhangwei").real_name == "张伟"

    def test_the_seeds_headers_alone_are_no_import(self, upload):
        job = upload(book(SEED_HEADERS))

        assert (job.state, job.error_code) == ("failed", "30002")

    def test_blank_cells_empty_what_was_there(self, take_in: Any):
        take_in(book(["用户名", "姓名"], ["zhangwei", "张伟"]))
        take_in(book(["用户名", "姓名"], ["zhangwei", None]))

        assert User.objects.get(username="zhangwei").real_name == ""
