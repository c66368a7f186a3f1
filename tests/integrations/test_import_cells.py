"""Which columns and cells of a workbook are taken, and what is said of the others."""

import openpyxl
import pytest

from accounts.models import User
from integrations.sheets import services
from project.core.errors import GatehouseError
from tests.integrations.conftest import finish
from tests.integrations.importing import HEADERS, errors
from tests.integrations.makers import book, by_hand, cell, row_xml, saved, sheet_xml

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


class TestHeaders:
    @pytest.mark.attack("T-X-6")
    @pytest.mark.parametrize(
        "headers",
        [
            ["username", "real_name", "phone"],
            ["USER NAME", " Real  Name ", "Phone:"],
            ["用户名", "姓名", "手机号"],
            ["用户名 *", "真实姓名", "ｐｈｏｎｅ"],
        ],
    )
    def test_are_found_by_any_name_case_and_space(self, upload, headers):
        job = upload(book(headers, ["zhangwei", "张伟", "13912345678"]))

        assert [each[2] for each in job.headers] == ["username", "real_name", "phone"]
        assert job.new == 1

    @pytest.mark.attack("T-X-6")
    def test_stand_in_any_order_below_a_title(self, take_in):
        take_in(book(["员工名单"], [], ["姓名", "用户名"], ["张伟", "zhangwei"]))

        assert User.objects.get(username="zhangwei").real_name == "张伟"

    @pytest.mark.attack("T-X-6")
    @pytest.mark.parametrize(
        ("headers", "named"),
        [
            (["姓名", "性别"], "user name"),
            (["用户名", "姓名", "username"], "用户名 (A), username (C)"),
            ([None, None], ""),
        ],
        ids=["missing", "doubled", "empty"],
    )
    def test_that_will_not_do_are_named(self, upload, headers, named):
        job = upload(book(headers, ["x", "y", "z"]))

        assert (job.state, job.error_code) == ("failed", "30002")
        assert named in job.error

    @pytest.mark.attack("T-X-6")
    def test_in_merged_cells_are_refused_with_their_place(self, upload):
        workbook = openpyxl.Workbook()
        workbook.active.append(["用户名", None, "性别"])
        workbook.active.append(["zhangwei", "张伟", "男"])
        workbook.active.merge_cells("A1:B1")

        job = upload(saved(workbook))

        assert job.state == "failed"
        assert "A1:B1" in job.error

    @pytest.mark.attack("T-X-6")
    def test_that_would_escalate_are_ignored_and_reported(self, take_in):
        headers = ["用户名", "is_superuser", "is_staff", "groups", "user_permissions", "id", "what"]

        job = take_in(book(headers, ["sneaky1", 1, 1, "admins", "all", 1, "else"]))

        sneaky = User.objects.get(username="sneaky1")
        assert not any([sneaky.is_superuser, sneaky.is_staff, sneaky.groups.exists()])
        assert [(text, bool(why)) for _place, text, _column, why, _how in job.headers if text != "用户名"] == [
            (name, True) for name in headers[1:]
        ]

    def test_can_be_matched_by_hand(self, upload, boss):
        job = upload(book(["谁", "姓名"], ["zhangwei", "张伟"]))
        assert job.state == "failed"

        job = finish(services.remap(job, mapping={"A": "username", "B": None}, by=boss))

        assert (job.state, job.new) == ("ready", 1)
        assert services.preview(job, "new", offset=0, limit=5)[0]["values"] == {"username": "zhangwei"}

    def test_cannot_be_matched_with_what_is_not_there(self, upload, boss):
        job = upload(book(["谁"], ["zhangwei"]))

        with pytest.raises(GatehouseError) as refused:
            services.remap(job, mapping={"A": "is_superuser", "Z": "username"}, by=boss)

        assert set(refused.value.fields["mapping"]) == {"A", "Z"}


class TestBadCells:
    @pytest.mark.attack("T-X-4")
    def test_are_named_by_sheet_row_column_value_and_reason(self, upload):
        job = upload(book(HEADERS, ["zhangwei", "张伟", "abc123", "X", "12345", "no mail"]))

        assert [
            (each["sheet"], each["cell"], each["column"], each["value"]) for each in services.first_errors(job)
        ] == [
            ("people", "D2", "gender", "X"),
            ("people", "E2", "phone", "12345"),
            ("people", "F2", "mail address", "no mail"),
        ]

    @pytest.mark.attack("T-X-4")
    def test_a_formula_without_result_and_an_error_value(self, upload):
        xml = sheet_xml(
            row_xml(1, cell("A1", "用户名"), cell("B1", "姓名")),
            row_xml(7, cell("A7", "zhangwei"), '<c r="B7"><f>1+1</f></c>'),
            row_xml(8, cell("A8", "zhangwei2"), '<c r="B8" t="e"><v>#N/A</v></c>'),
        )

        job = upload(by_hand(xml))

        assert job.counts["bad"] == 2
        formula, wrong = errors(job)
        assert formula.startswith("B7: ")
        assert "formula" in formula
        assert wrong.startswith("B8: ")
        assert "#N/A" in wrong

    @pytest.mark.attack("T-X-11")
    def test_numbers_that_lost_digits_are_refused_and_others_are_text(self, upload):
        xml = sheet_xml(
            row_xml(1, cell("A1", "用户名"), cell("B1", "姓名")),
            row_xml(2, "<c><v>123456</v></c>", '<c r="B2"><v>1.2345678901234567E+016</v></c>'),
            row_xml(3, cell("A3", "00123456"), "<c><v>12345678901234567</v></c>"),
        )

        job = upload(by_hand(xml))

        assert [each["cell"] for each in services.first_errors(job)] == ["B2"]
        assert services.preview(job, "new", offset=0, limit=5)[0]["changes"] == {
            "username": [None, "00123456"],
            "real_name": [None, "12345678901234567"],
        }

    @pytest.mark.attack("T-X-7")
    def test_a_name_or_phone_that_stands_twice_or_is_taken(self, upload):
        User.objects.create_user("somebody", phone="13900000000")

        job = upload(
            book(
                ["用户名", "手机号"],
                ["zhangwei", "13911111111"],
                ["zhangwei", "13922222222"],
                ["liming01", "13911111111"],
                ["liming02", "13900000000"],
            )
        )

        assert [line.partition(":")[0] for line in errors(job)] == ["A3", "B4", "B5"]
        assert job.new == 1

    def test_nothing_where_a_name_must_be(self, upload):
        job = upload(book(["用户名", "姓名"], [None, "张伟"]))

        assert errors(job) == ["A2: must not be empty"]

    def test_control_characters_and_endless_text(self, upload):
        job = upload(book(["用户名", "姓名"], ["zhangwei", "x" * 61]))

        assert errors(job)[0].startswith("B2: ")

    def test_the_reasons_are_in_the_language_of_who_uploaded(self, upload):
        job = upload(book(["用户名"], ["a b"]), language="zh-hans")

        assert job.language == "zh-hans"
