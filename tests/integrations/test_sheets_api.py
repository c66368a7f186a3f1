"""Imports and exports over HTTP, on the running product."""

import io
import uuid
from typing import Any

import openpyxl
import pytest

from tests.clients import Caller, until
from tests.integrations.makers import WORKBOOKS, book, by_hand, row_xml, saved, sheet_xml
from tests.office import Office

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def admin(office: Office) -> Caller:
    return office.sign_in()


@pytest.fixture
def name() -> str:
    """The beginning of user names nobody else has."""
    return f"u{uuid.uuid4().hex[:10]}"


@pytest.fixture
def somebody(office: Office, admin: Caller, name: str) -> Caller:
    """Somebody who may do nothing."""
    done = imported(admin, book(["username", "password"], [f"{name}x", "abc12345"]))
    assert done["state"] == "done"
    return office.sign_in(f"{name}x", "abc12345")


def posted(caller: Caller, content: bytes, file: str = "people.xlsx", language: str = "en", **fields: str) -> Any:
    return caller.ask(
        "POST",
        "imports/",
        files={"file": (file, content)},
        data={"resource": "users"} | fields,
        headers={"Accept-Language": language},
    )


def settled(caller: Caller, job: str) -> dict[str, Any]:
    busy = {"queued", "reading", "importing", "undoing"}
    answer: dict[str, Any] = until(
        lambda: found if (found := caller.get(f"imports/{job}").json())["state"] not in busy else {},
        "the job settles",
        120,  # hashing five hundred passwords takes its time
    )
    return answer


def checked(caller: Caller, content: bytes, **how: str) -> dict[str, Any]:
    answer = posted(caller, content, **how)
    assert answer.status_code == 202, answer.text
    return settled(caller, answer.json()["id"])


def imported(caller: Caller, content: bytes, **how: str) -> dict[str, Any]:
    job = checked(caller, content, **how)
    assert job["state"] == "ready", job
    answer = caller.post(f"imports/{job['id']}/confirm", {})
    assert answer.status_code == 202, answer.text
    return settled(caller, job["id"])


class TestImport:
    def test_goes_from_upload_to_result_and_the_people_can_sign_in(self, office, admin, name):
        content = book(
            ["用户Id", "用户名", "密码", "性别"], *([n, f"{name}{n}", "abc12345", "女"] for n in range(1, 4))
        )

        job = checked(admin, content)

        assert job["counts"] == {"new": 3, "changed": 0, "unchanged": 0, "bad": 0}
        assert job["columns"][0]["ignored"]
        assert admin.get(f"imports/{job['id']}/preview/", params={"kind": "new"}).json()["count"] == 3
        assert admin.post(f"imports/{job['id']}/confirm", {}).status_code == 202
        done = settled(admin, job["id"])
        assert done["state"] == "done"
        assert done["result"] == {"created": 3, "updated": 0, "skipped": 0}
        assert office.sign_in(f"{name}2", "abc12345").get("auth/me").status_code == 200

    def test_pushes_its_progress_to_the_sockets_of_who_started_it(self, admin, name):
        with admin.socket() as line:
            imported(admin, book(["username"], [f"{name}1"]))

            assert line.next("imports.progress")["state"] == "reading"
            line.wait_for(lambda frame: frame["topic"] == "imports.progress" and frame["data"]["state"] == "done")

    def test_errors_name_their_place_and_come_back_as_a_workbook(self, admin, name):
        job = checked(admin, book(["username", "phone"], [f"{name}1", "123"], [f"{name}2", None]))

        assert [(each["sheet"], each["cell"], each["column"]) for each in job["errors"]] == [("people", "B2", "phone")]
        refused = admin.post(f"imports/{job['id']}/confirm", {})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "30001")
        file = admin.get(f"imports/{job['id']}/errors.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
        assert sheet["A2"].value == f"{name}1"
        assert admin.post(f"imports/{job['id']}/confirm", {"mode": "valid"}).status_code == 202
        assert settled(admin, job["id"])["result"]["created"] == 1

    def test_a_wrong_header_can_be_set_right_by_hand(self, admin, name):
        job = checked(admin, book([f"called {name}"], [f"{name}1"]))
        assert (job["state"], job["error"]["code"]) == ("failed", "30002")

        answer = admin.ask("PATCH", f"imports/{job['id']}/", json={"mapping": {"A": "username"}})

        assert answer.status_code == 202, answer.text
        assert settled(admin, job["id"])["state"] == "ready"

    def test_undo_tells_what_is_in_the_way_and_then_takes_the_rest_back(self, admin, name):
        job = imported(admin, book(["username"], [f"{name}1"], [f"{name}2"]))
        [person] = admin.get("users/", params={"search": f"{name}2"}).json()["results"]
        admin.ask("PATCH", f"users/{person['id']}/", json={"nickname": "Two"})

        with admin.socket() as line:
            answer = admin.post(f"imports/{job['id']}/undo/", {})
            assert (answer.status_code, answer.json()["state"]) == (202, "undoing")
            line.wait_for(lambda frame: frame["topic"] == "imports.progress" and frame["data"]["state"] == "done")
        refused = admin.get(f"imports/{job['id']}").json()
        assert (refused["state"], refused["undo"]["possible"], refused["undo"]["removed"]) == ("done", True, 0)
        assert [each["key"] for each in refused["undo"]["outlook"]["first"]] == [f"{name}2"]
        assert refused["undo"]["outlook"]["at"][-6:] == refused["created_at"][-6:], "moments in one time zone"

        rates: list[int] = []

        def undone_by(frame: dict[str, Any]) -> bool:
            if frame["topic"] == "imports.progress":
                rates.append(frame["data"]["rate"])
            return frame["topic"] == "imports.progress" and frame["data"]["state"] == "undone"

        with admin.socket() as line:
            assert admin.post(f"imports/{job['id']}/undo/", {"mode": "rest"}).status_code == 202
            line.wait_for(undone_by)
        assert min(rates) >= 0, rates
        undone = settled(admin, job["id"])
        assert (undone["state"], undone["undo"]["removed"], undone["undo"]["left"]) == ("undone", 1, 1)
        assert admin.post(f"imports/{job['id']}/undo/", {}).status_code == 409
        assert admin.get("users/", params={"search": name}).json()["count"] == 1

    def test_undo_of_what_is_not_done_is_refused(self, admin, name):
        job = checked(admin, book(["username"], [f"{name}1"]))

        answer = admin.post(f"imports/{job['id']}/undo/", {})

        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "10005")

    def test_cancel(self, admin, name):
        job = checked(admin, book(["username"], [f"{name}1"]))

        assert admin.post(f"imports/{job['id']}/cancel/", {}).json()["state"] == "cancelled"
        assert admin.post(f"imports/{job['id']}/confirm", {}).status_code == 409

    def test_template(self, admin):
        answer = admin.get("imports/template/", params={"resource": "users"}, headers={"Accept-Language": "en"})

        assert openpyxl.load_workbook(io.BytesIO(answer.content)).active["A1"].value == "User name"


class TestRefusals:
    @pytest.mark.attack("T-X-1")
    @pytest.mark.parametrize(
        ("content", "file"),
        [
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "people.xlsx"),
            (b"a,b\n", "people.xlsx"),
            (b"", "people.xlsx"),
        ],
        ids=["old", "csv", "empty"],
    )
    def test_say_why_at_once(self, admin, content, file):
        answer = posted(admin, content, file)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "30002")
        assert answer.json()["error"]["message"]

    @pytest.mark.attack("T-X-1")
    def test_of_a_far_cell_name_it(self, admin):
        job = checked(admin, by_hand(sheet_xml(row_xml(1_048_576, '<c r="XFD1048576"><v>1</v></c>'))))

        assert (job["state"], job["error"]["code"]) == ("failed", "30002")
        assert "XFD1048576" in job["error"]["message"]

    @pytest.mark.parametrize(
        "fields",
        [{"resource": "nothing"}, {"mode": "maybe"}, {"is_superuser": "1"}],
        ids=["resource", "mode", "unknown"],
    )
    def test_of_wrong_fields_name_them(self, admin, fields):
        answer = posted(admin, book(["username"], ["x"]), **fields)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")
        assert set(fields) <= set(answer.json()["error"]["fields"])

    def test_of_a_body_without_a_file(self, admin):
        answer = admin.post("imports/", {"resource": "users"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "10010")

    def test_of_a_confirmation_with_more_in_it(self, admin, name):
        job = checked(admin, book(["username"], [f"{name}1"]))

        assert admin.post(f"imports/{job['id']}/confirm", {"force": True}).json()["error"]["code"] == "10000"

    def test_of_people_without_permission(self, somebody):
        assert posted(somebody, book(["username"], ["x"])).json()["error"]["code"] == "10009"
        assert somebody.post("exports/", {"resource": "users"}).json()["error"]["code"] == "10009"
        assert somebody.get("imports/template/", params={"resource": "users"}).json()["error"]["code"] == "10009"

    @pytest.mark.attack("T-X-10")
    def test_somebody_elses_job_is_not_there(self, admin, somebody, name):
        job = checked(admin, book(["username"], [f"{name}1"]))

        for method, path in [
            ("GET", ""), ("GET", "errors.xlsx"), ("GET", "preview/"), ("POST", "confirm/"), ("POST", "cancel/"), ("POST", "undo/"),
        ]:  # fmt: skip
            assert somebody.ask(method, f"imports/{job['id']}/{path}", json={}).status_code == 404
        assert somebody.get("imports/").json()["count"] == 0

    def test_of_strangers(self, office):
        assert office.visitor().get("imports/").status_code == 401
        assert office.visitor().get("exports/").status_code == 401

    def test_of_what_is_not_there(self, admin):
        for path in (f"imports/{NOBODY}/", "imports/7/", f"exports/{NOBODY}/download/"):
            answer = admin.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "10008")


class TestExport:
    def test_goes_from_request_to_download_and_back_in(self, admin, name):
        imported(admin, book(["username", "real name"], [f"{name}1", "@SUM(A1)"]))

        job = admin.post("exports/", {"resource": "users", "filters": {"search": name}, "format": "xlsx"}).json()
        until(lambda: admin.get(f"exports/{job['id']}/").json()["state"] == "done", "the export is written")
        answer = admin.get(f"exports/{job['id']}/download")

        assert "no-store" in answer.headers["Cache-Control"]
        again = checked(admin, answer.content)
        assert again["counts"] == {"new": 0, "changed": 0, "unchanged": 1, "bad": 0}

    def test_of_the_list_comes_at_once(self, admin, name):
        imported(admin, book(["username"], [f"{name}1"]))

        answer = admin.get("users/export", params={"search": name})

        assert answer.status_code == 200, answer.text
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).active["A2"].value == f"{name}1"

    @pytest.mark.parametrize(
        "body",
        [
            {"resource": "nothing"},
            {"resource": "users", "columns": ["password"]},
            {"resource": "users", "filters": {"password": "x"}},
            {"resource": "users", "format": "exe"},
            {"resource": "users", "more": 1},
            {},
        ],
    )
    def test_of_what_is_not_there_is_refused(self, admin, body):
        answer = admin.post("exports/", body)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")


def test_five_hundred_people_of_the_old_system_come_in(admin):
    form = openpyxl.load_workbook(WORKBOOKS / "seed-form-500.xlsx")
    for (password,) in form.active.iter_rows(min_row=22, min_col=3, max_col=3):
        password.value = None  # hashing them is what takes long

    done = imported(admin, saved(form))

    assert done["state"] == "done"
    assert done["result"]["created"] == 500
