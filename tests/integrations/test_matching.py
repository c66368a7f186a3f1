"""Columns matched by hand are remembered, and rows of a preview are found by key."""

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from accounts.models import User
from integrations.sheets import memory, pages, samples, services, storage
from integrations.sheets.checking import saved_headers
from integrations.sheets.models import ColumnMatch, ImportChunk
from integrations.sheets.progress import about
from tests.integrations.conftest import content_of, finish
from tests.integrations.makers import book, saved

pytestmark = pytest.mark.django_db


def found(job: Any, kind: str, search: str) -> int:
    return services.counted(services.tallied(job, search))[kind]


def how(job: Any) -> dict[str, tuple[str, str]]:
    """Header → what it was taken for, and how that was known."""
    return {header.text: (header.column, header.how) for header in saved_headers(job)}


@pytest.fixture
def matched(upload: Any, boss: User) -> Any:
    """A file whose headers nobody knows, matched by hand."""
    job = upload(book(["谁", "姓名", "备注"], ["zhangwei", "张伟", "x"]))
    assert job.state == "failed"
    return finish(services.remap(job, mapping={"A": "username", "B": None, "C": "nickname"}, by=boss))


class TestNextTime:
    def test_headers_are_taken_as_last_time(self, matched, upload):
        job = upload(book(["姓名", " 谁 ", "备注："], ["李明", "liming01", "L"]))

        assert job.state == "ready"
        assert how(job) == {
            "姓名": ("", "last_time"),
            "谁": ("username", "last_time"),
            "备注:": ("nickname", "last_time"),
        }

    def test_a_header_that_says_it_by_itself_goes_first(self, matched, upload):
        job = upload(book(["谁", "用户名"], ["x", "liming01"]))

        assert how(job) == {"谁": ("", ""), "用户名": ("username", "")}

    def test_nobody_elses_file_is_matched_so(self, matched, upload):
        other = User.objects.create_superuser("otherboss")

        assert upload(book(["谁"], ["liming01"]), by=other).state == "failed"

    def test_what_is_matched_as_the_header_says_is_no_longer_remembered(self, matched, boss):
        finish(services.remap(matched, mapping={"A": "username", "B": "real_name", "C": None}, by=boss))

        assert dict(memory.of(boss, "users").values_list("header", "column")) == {"谁": "username"}

    def test_it_can_be_forgotten(self, matched, upload, boss):
        job = upload(book(["谁", "姓名"], ["liming01", "李明"]))

        job = finish(services.match_anew(job, by=boss))

        assert job.state == "failed"
        assert not ColumnMatch.objects.exists()

    def test_a_column_that_is_no_more_is_left_out(self, matched, upload, boss):
        ColumnMatch.objects.filter(header="备注").update(column="gone")

        assert how(upload(book(["谁", "备注"], ["liming01", "x"])))["备注"] == ("", "last_time")


class TestByHand:
    def test_the_headers_stay_where_they_were_found_below_a_title(self, upload, boss):
        job = upload(book(["员工名单"], [], ["姓名", "用户名", "备注"], ["张伟", "zhangwei", "x"]))

        job = finish(services.remap(job, mapping={"C": "nickname"}, by=boss))

        assert (job.state, job.counts["new"], job.counts["bad"]) == ("ready", 1, 0)
        done = finish(services.confirm(job, by=boss))
        assert done.created_rows == 1
        assert User.objects.get(username="zhangwei").nickname == "x"

    def test_passwords_are_found_below_a_title_too(self, upload, boss):
        job = upload(book(["员工名单"], ["姓名", "用户名", "pw"], ["张伟", "zhangwei", "abc12345"]))
        job = finish(services.remap(job, mapping={"C": "password"}, by=boss))

        finish(services.confirm(job, by=boss))

        assert User.objects.get(username="zhangwei").check_password("abc12345")

    def test_the_page_shows_the_first_rows_but_no_passwords(self, upload, boss, private_files):
        job = upload(book(["谁", "密码"], *([f"staff{n:04}", "abc12345"] for n in range(9))))

        shown = {each["header"]: each["samples"] for each in pages.of_import(job, {})["mapping"]}

        assert shown == {"谁": ["staff0000", "staff0001", "staff0002"], "密码": []}
        services.purge()
        storage.discard(job)
        assert samples.of(job) == {}
        assert not [path for path in private_files.rglob("*") if path.is_file()]


class TestFinding:
    @pytest.fixture
    def job(self, upload: Any) -> Any:
        User.objects.create_user("staff0005")
        rows = [[f"staff{n:04}", "张伟"] for n in range(1, 601)]
        return upload(book(["用户名", "姓名"], *rows, ["Ｗang fang", "王芳"]))

    def test_by_part_of_the_key_across_chunks(self, job):
        rows = services.preview(job, "new", offset=0, limit=200, search="F00")

        assert [row["key"] for row in rows] == [f"staff00{n:02}" for n in range(1, 100) if n != 5]
        assert found(job, "new", "f00") == 98
        assert services.preview(job, "new", offset=60, limit=50, search="f0")[0]["key"] == "staff0062"

    def test_within_a_kind(self, job):
        assert found(job, "changed", "staff0005") == 1
        assert found(job, "new", "staff0005") == 0

    def test_whatever_the_case_and_the_blanks(self, job):
        assert [row["key"] for row in services.preview(job, "bad", offset=0, limit=5, search="ａng  FANG")] == []
        assert [row["number"] for row in services.preview(job, "bad", offset=0, limit=5, search="ANG  fang")] == [602]

    @pytest.mark.parametrize("text", ["%", "_", "\\", "'", "nobody", "\x00"])
    def test_what_is_not_there_is_not_found(self, job, text):
        assert found(job, "new", text) == 0

    def test_what_was_changed_meanwhile_is_found_under_its_new_kind(self, job, boss):
        User.objects.create_user("staff0300")

        finish(services.confirm(job, by=boss, mode="valid"))

        assert found(job, "bad", "staff0300") == 1
        assert found(job, "new", "staff0300") == 0


def test_the_error_workbook_is_taken_whatever_else_stands_in_it(upload, take_in):
    job = upload(book(["谁知道", "用户名", "手机号"], ["?", "zhangwei", "1"], ["?", "liming01", None]))
    workbook = openpyxl.load_workbook(io.BytesIO(content_of(services.errors_workbook(job))))
    workbook.active["B2"] = None
    workbook.active["Z1"], workbook.active["Z2"] = "my notes", "done"

    again = take_in(saved(workbook))

    assert (again.created_rows, ImportChunk.objects.filter(job=again, bad__gt=0).count()) == (2, 0)


def test_who_reloads_the_page_is_told_rate_and_time_left(upload, boss):
    job = services.confirm(upload(book(["用户名"], ["zhangwei"])), by=boss)
    job.done, job.total, job.confirmed_at = 500, 2_000, timezone.now() - timedelta(seconds=5)

    told = about(job)

    assert (told["rate"], told["seconds_left"]) == (100, 15)
    job.state = "undoing"
    assert about(job)["seconds_left"] is None, "nobody knows since when"
    job.state, job.finished_at = "importing", timezone.now()
    assert about(job)["seconds_left"] is None
