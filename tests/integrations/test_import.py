"""People come in from workbooks."""

import io
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import Department, Role, User
from integrations.sheets import services
from integrations.sheets.models import ImportChunk, ImportJob
from project.core.errors import GatehouseError
from tests.integrations.conftest import content_of, finish
from tests.integrations.makers import SEED_HEADERS, as_csv, book, by_hand, cell, people, row_xml, saved, sheet_xml

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]
HEADERS = ["用户名", "姓名", "密码", "性别", "手机号", "邮箱"]


def role(key: str, rank: int) -> Role:
    return Role.objects.create(group=Group.objects.create(name=key.title()), key=key, rank=rank)


@pytest.fixture
def clerk(boss: User) -> User:
    """Somebody of rank 50 who may import."""
    made = User.objects.create_user("theclerk", is_staff=True)
    office = role("clerks", 50)
    office.group.permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"]))
    made.groups.add(office.group)
    return made


def errors(job: ImportJob) -> list[str]:
    return [services.error_line(each) for each in services.first_errors(job)]


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


class TestPlacesAndRoles:
    def test_departments_come_by_path_or_by_a_name_that_is_plain(self, upload):
        head = Department.objects.create(name="总部")
        Department.objects.create(name="研发", parent=head)
        Department.objects.create(name="研发", parent=Department.objects.create(name="分部"))

        job = upload(
            book(
                ["用户名", "部门"],
                ["people01", "总部/研发"],
                ["people02", "分部 / 研发"],
                ["people03", "总部"],
                ["people04", "研发"],
                ["people05", "nowhere"],
            )
        )

        assert job.counts == {"new": 3, "changed": 0, "unchanged": 0, "bad": 2}
        assert "总部 / 研发" in errors(job)[0]

    def test_roles_come_by_name_or_key_and_go_again(self, take_in):
        role("editors", 10)
        role("readers", 5)

        take_in(book(["用户名", "角色"], ["zhangwei", "Editors，readers"]))
        zhang = User.objects.get(username="zhangwei")
        assert set(zhang.role_keys) == {"editors", "readers"}

        take_in(book(["用户名", "角色"], ["zhangwei", "readers"]))
        zhang = User.objects.get(username="zhangwei")
        assert zhang.role_keys == ("readers",)
        assert zhang.perm_epoch == 2

    def test_nobody_becomes_their_own_manager(self, take_in, upload):
        take_in(book(["用户名"], ["zhangwei"]))

        assert upload(book(["用户名", "上级"], ["zhangwei", "zhangwei"])).bad == 1


@pytest.mark.attack("T-X-6")
class TestRank:
    def test_nobody_changes_a_superuser_or_an_equal(self, upload, clerk, boss):
        twin = User.objects.create_user("the0twin")
        twin.groups.add(Group.objects.get(name="Clerks"))

        job = upload(book(["用户名", "姓名"], ["bigboss", "x"], ["the0twin", "x"], ["theclerk", "x"]), by=clerk)

        assert job.counts == {"new": 0, "changed": 0, "unchanged": 0, "bad": 3}

    def test_a_row_that_says_what_is_there_is_nobodys_offence(self, upload, clerk):
        assert upload(book(["用户名", "姓名"], ["bigboss", "Boss"]), by=clerk).unchanged == 1

    def test_nobody_gives_a_role_of_their_own_rank(self, upload, clerk):
        role("interns", 1)

        job = upload(book(["用户名", "角色"], ["people01", "clerks"], ["people02", "interns"]), by=clerk)

        assert (job.new, job.bad) == (1, 1)

    def test_who_lost_the_permission_meanwhile_imports_nothing(self, upload, clerk):
        job = services.confirm(upload(book(["用户名"], ["people01"]), by=clerk), by=clerk)
        clerk.groups.clear()

        job = finish(job)

        assert job.state == "failed"
        assert not User.objects.filter(username="people01").exists()

    def test_nobody_without_permission_uploads(self, upload):
        with pytest.raises(GatehouseError) as refused:
            upload(book(["用户名"], ["people01"]), by=User.objects.create_user("nobody01"))

        assert refused.value.code == "10009"


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
