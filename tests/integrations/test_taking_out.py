"""Exports as people get them: at once or later, their own columns, their own files; and who is told."""

import io
from datetime import timedelta
from http import HTTPStatus

import openpyxl
import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.http import FileResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts import mails
from accounts.models import Department, Mail, Role, User
from integrations.sheets import services, writer
from integrations.sheets.models import ColumnSet, ExportJob
from integrations.sheets.services import exporting
from project.core.errors import GatehouseError
from tests.accounts.conftest import PASSWORD, Program
from tests.integrations.conftest import content_of, finish

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def clerk(boss) -> User:
    """Staff who see people, and nothing else."""
    made = User.objects.create_user("theclerk", password=PASSWORD, is_staff=True)
    made.user_permissions.add(Permission.objects.get(codename="view_user"))
    made.department = Department.objects.create(name="Sales")
    made.save()
    return User.objects.get(pk=made.pk)


@pytest.fixture
def browser(boss) -> Client:
    """The superuser's, in the back office."""
    boss.set_password(PASSWORD)
    boss.save()
    client = Client(headers={"accept-language": "en"})
    assert (
        client.post("/admin/login/", {"username": boss.username, "password": PASSWORD}).status_code == HTTPStatus.FOUND
    )
    return client


def refusal(call, *args, **how) -> GatehouseError:
    with pytest.raises(GatehouseError) as refused:
        call(*args, **how)
    return refused.value


def events(name: str) -> list[dict]:
    return [one.additional_data["details"] for one in LogEntry.objects.filter(additional_data__event=name)]


def header_of(answer: FileResponse) -> list[str]:
    return [cell.value for cell in openpyxl.load_workbook(io.BytesIO(content_of(answer))).active[1]]


class TestAtOnce:
    def test_a_short_list_is_a_file(self, boss):
        answer = services.export_list(resource="users", by=boss, columns=["username"], filters={"search": "bigboss"})

        assert isinstance(answer, FileResponse)
        job = ExportJob.objects.get()
        assert (job.state, job.done, job.at_once, bool(job.file)) == ("done", 1, True, False)
        assert job.size == len(content_of(answer))
        assert events("export.done") == [
            {"resource": "users", "rows": 1, "filters": {"search": "bigboss"}, "columns": ["username"]}
        ]

    def test_a_long_list_is_a_job(self, boss, settings):
        settings.EXPORT_NOW_ROWS = 1
        User.objects.create_user("somebody1")

        job = finish(services.export_list(resource="users", by=boss))

        assert (job.state, job.done, job.at_once) == ("done", 2, False)

    def test_no_more_than_a_few_are_written_at_a_time(self, boss):
        for _ in range(exporting.MOST_AT_ONCE):
            services.start_export(resource="users", by=boss)

        assert refusal(services.start_export, resource="users", by=boss).code == "10007"
        assert ExportJob.objects.count() == exporting.MOST_AT_ONCE


class TestFile:
    @pytest.fixture
    def job(self, clerk) -> ExportJob:
        return finish(services.start_export(resource="users", by=clerk))

    @pytest.mark.attack("T-X-12")
    def test_is_its_owners_alone(self, job, boss, clerk):
        assert content_of(services.download(job, by=clerk, link=services.link_to(job, by=clerk)))
        assert refusal(services.download, job, by=boss).code == "10008"
        assert refusal(services.download, job, by=boss, link=services.link_to(job, by=clerk)).code == "10008"
        assert refusal(services.download, job, by=clerk, link=services.link_to(job, by=boss)).code == "10008"

    def test_has_a_link_for_ten_minutes(self, job, clerk):
        link = services.link_to(job, by=clerk)
        other = finish(services.start_export(resource="users", by=clerk))

        assert refusal(services.download, other, by=clerk, link=link).code == "10008"
        assert refusal(services.download, job, by=clerk, link=link[:-2]).code == "10008"
        with time_machine.travel(timezone.now() + timedelta(seconds=exporting.LINK_SECONDS + 1)):
            assert refusal(services.download, job, by=clerk, link=link).code == "10008"

    def test_is_not_for_who_may_no_longer(self, job, clerk):
        clerk.user_permissions.clear()

        assert refusal(services.download, job, by=User.objects.get(pk=clerk.pk)).code == "10009"

    @pytest.mark.parametrize("end", ["expired", "deleted", "unfinished"])
    def test_that_is_not_there_is_told_so(self, job, clerk, end):
        match end:
            case "expired":
                job.expires_at = timezone.now() - timedelta(seconds=1)
            case "deleted":
                job.file.storage.delete(job.file.name)
            case "unfinished":
                job.state = "writing"

        assert refusal(services.download, job, by=clerk).code == "10005"

    def test_is_given_to_two_at_once(self, job, clerk):
        first, second = services.download(job, by=clerk), services.download(job, by=clerk)

        assert content_of(second) == content_of(first)
        assert len(events("export.downloaded")) == 2


class TestColumnSets:
    def test_hold_in_the_order_of_the_sheet_and_only_one_is_the_default(self, boss):
        services.save_columns(by=boss, resource="users", name="All", columns=["username"], is_default=True)

        kept = services.save_columns(
            by=boss, resource="users", name="Phones", columns=["phone", "username"], is_default=True
        )

        assert kept.columns == ["username", "phone"]
        assert services.default_columns(boss, "users") == ["username", "phone"]
        assert ColumnSet.objects.filter(is_default=True).count() == 1

    def test_are_replaced_under_the_same_name(self, boss):
        for columns in (["phone"], ["email"]):
            services.save_columns(by=boss, resource="users", name="Mine", columns=columns)

        assert [one.columns for one in services.column_sets(boss, "users")] == [["email"]]

    @pytest.mark.parametrize(
        "wrong",
        [{"columns": ["password"]}, {"columns": []}, {"name": " "}, {"name": "x" * 61}, {"columns": ["is_superuser"]}],
    )
    def test_hold_nothing_that_cannot_be_taken_out(self, boss, wrong):
        asked = {"by": boss, "resource": "users", "name": "Mine", "columns": ["phone"]} | wrong

        assert refusal(services.save_columns, **asked).code == "10000"
        assert not ColumnSet.objects.exists()

    def test_of_others_are_not_there(self, boss, clerk):
        mine = services.save_columns(by=boss, resource="users", name="Mine", columns=["phone"])
        program = Program().sign_in(clerk)

        assert program.call("GET", "/api/v1/column-sets/").json()["count"] == 0
        assert program.call("DELETE", f"/api/v1/column-sets/{mine.pk}/").status_code == HTTPStatus.NOT_FOUND
        asked = {"resource": "users", "column_set": mine.pk}
        assert program.call("POST", "/api/v1/exports/", asked).status_code == HTTPStatus.NOT_FOUND

    def test_are_kept_used_and_forgotten_over_the_api(self, clerk):
        program = Program().sign_in(clerk)
        asked = {"resource": "users", "name": "Phones", "columns": ["username", "phone"], "is_default": True}

        made = program.call("POST", "/api/v1/column-sets/", asked).json()
        job = program.call("POST", "/api/v1/exports/", {"resource": "users", "column_set": made["id"]}).json()

        assert program.call("GET", "/api/v1/column-sets/?resource=users").json()["results"] == [made]
        assert job["columns"] == ["username", "phone"]
        finish(ExportJob.objects.get(pk=job["id"]))
        url = program.call("GET", f"/api/v1/exports/{job['id']}/").json()["download_url"]
        assert b"".join(program.call("GET", url).streaming_content)
        assert program.call("DELETE", f"/api/v1/column-sets/{made['id']}/").status_code == HTTPStatus.NO_CONTENT


class TestAlarm:
    @pytest.fixture(autouse=True)
    def low(self, settings, boss):
        settings.EXPORT_ALERT_ROWS = 5
        User.objects.filter(pk=boss.pk).update(email="boss@example.com", language="en")
        for n in range(4):
            User.objects.create_user(f"somebody{n}")

    def test_is_raised_by_one_large_export(self, boss, clerk):
        finish(services.start_export(resource="users", by=boss, filters={"search": "o"}))

        assert [one["rows"] for one in events("export.large")] == [5]
        mail = Mail.objects.get(name="large_export")
        assert mail.address == "boss@example.com"
        message = mails.compose(mail)
        assert "5 rows" in message.subject
        assert "search = o" in message.body

    def test_is_raised_once_by_small_ones_together(self, boss):
        for _ in range(4):
            content_of(services.export_list(resource="users", by=boss, filters={"search": "somebody", "ids": _ids(2)}))

        assert [(one["rows"], one["rows_in_a_day"]) for one in events("export.large")] == [(2, 6)]

    def test_is_off_at_nought(self, boss, settings):
        settings.EXPORT_ALERT_ROWS = 0

        content_of(services.export_list(resource="users", by=boss))

        assert events("export.large") == []


def _ids(n: int) -> str:
    return ",".join(str(one.pk) for one in User.objects.filter(username__startswith="somebody")[:n])


class TestButtons:
    def test_above_a_list_take_out_what_it_shows(self, browser, boss):
        User.objects.create_user("somebody1")
        services.save_columns(by=boss, resource="users", name="Mine", columns=["username"], is_default=True)

        answer = browser.get(f"{PEOPLE}export_rows/", headers={"referer": f"http://testserver{PEOPLE}?q=somebody"})

        rows = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        assert [[cell.value for cell in row] for row in rows][1:] == [["somebody1"]]

    def test_start_nothing_for_another_site(self, browser):
        answer = browser.get(f"{PEOPLE}export_rows/", headers={"referer": "https://evil.example/"})

        assert answer["Location"] == "/admin/sheets/exportjob/add/?resource=users"
        assert not ExportJob.objects.exists()

    def test_lead_to_the_page_of_a_long_one(self, browser, settings):
        settings.EXPORT_NOW_ROWS = 0

        answer = browser.get(f"{PEOPLE}export_rows/", headers={"referer": f"http://testserver{PEOPLE}"})

        job = ExportJob.objects.get()
        assert answer["Location"] == reverse("admin:sheets_exportjob_change", args=[job.pk])

    @pytest.mark.parametrize(
        ("kind", "there"),
        [("user", True), ("department", True), ("role", True), ("addressrule", True), ("loginevent", False)],
    )
    def test_are_there_for_whoever_may(self, browser, kind, there):
        page = browser.get(f"/admin/accounts/{kind}/").content.decode()

        assert "export_rows/" in page
        assert ("import_rows/" in page) is there

    def test_link_of_a_file_too_old_leads_to_a_new_one(self, browser, boss):
        job = finish(services.start_export(resource="users", by=boss))
        page = reverse("admin:sheets_exportjob_change", args=[job.pk])

        assert browser.get(reverse("admin:sheets_exportjob_file", args=[job.pk, "old"]))["Location"] == page
        link = reverse("admin:sheets_exportjob_file", args=[job.pk, services.link_to(job, by=boss)])
        assert b"".join(browser.get(link).streaming_content)

    def test_of_columns_keep_and_forget_sets(self, browser, boss):
        add = "/admin/sheets/exportjob/add/?resource=users"

        asked = {"resource": "users", "format": "csv", "columns": ["phone"], "save_as": "Phones"}
        assert b"".join(browser.post(add, asked).streaming_content)
        kept = ColumnSet.objects.get(owner=boss)
        page = browser.get(f"{add}&set={kept.pk}").content.decode()
        browser.post(add, {"forget": str(kept.pk)})

        assert page.count("checked") == 2, "one column, one format"
        assert not ColumnSet.objects.exists()

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("en", ["Search</span> ann", "Role</span> Clerks", "Left</span> are here", "Gender</span> female"]),
            ("zh-hans", ["搜索</span> ann", "角色</span> Clerks", "离职</span> 在职", "性别</span> 女"]),
        ],
    )
    def test_of_a_list_say_its_filters_in_words(self, browser, language, said):
        Role.objects.create(group=Group.objects.create(name="Clerks"), key="clerks", rank=5)
        browser.cookies["django_language"] = language
        filters = "q=ann&role=clerks&left=no&gender__exact=2&is_active__exact=1"

        page = browser.get(f"/admin/sheets/exportjob/add/?resource=users&{filters}").content.decode()

        assert [text for text in said if text not in page] == []

    def test_of_a_list_with_an_unknown_filter_say_so(self, browser):
        page = browser.get("/admin/sheets/exportjob/add/?resource=users&shoe_size=44").content.decode()

        assert "shoe_size" in page
        assert "There is no filter" in page


class TestCells:
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    @pytest.mark.attack("T-X-11")
    def test_hold_as_much_as_a_cell_may_and_no_more(self, kind):
        def written(text: str) -> bytes:
            with writer.written(kind, "部门: 全部/总", [writer.Head("列")], [[text]]) as file:
                return file.read()

        assert written("长" * 32_767)
        if kind == "xlsx":
            assert refusal(written, "x" * 32_768).code == "30000"

    def test_of_lists_with_chinese_names_are_in_a_file_of_that_name(self, boss):
        with translation.override("zh-hans"):
            answer = services.export_list(resource="departments", by=boss)

        assert content_of(answer)
        assert isinstance(answer, FileResponse)
        assert "filename*=utf-8''%E9%83%A8%E9%97%A8" in answer["Content-Disposition"]

    @pytest.mark.attack("T-X-5")
    def test_that_call_a_program_are_texts(self, boss, take_out):
        User.objects.create_user("somebody1")
        User.objects.filter(username="somebody1").update(nickname="=cmd|' /C calc'!A0")

        content = take_out(filters={"search": "somebody1"}, columns=["username", "nickname"])

        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet["B2"].value == "=cmd|' /C calc'!A0"
        assert sheet["B2"].data_type == "s"
