"""Point 3 of the journey: five hundred people come in by workbook, go out again, and nothing changes."""

from pathlib import Path

import openpyxl
import pytest

from tests.clients import Caller
from tests.journey import workbooks
from tests.journey.conftest import follow, upload
from tests.journey.test_sessions import code_of
from tests.office import Office

pytestmark = [pytest.mark.timeout(300), pytest.mark.services]

PEOPLE = 500


def export(caller: Caller, folder: Path, **filters: str) -> Path:
    """Download the list of people as a workbook."""
    answer = caller.get("users/export", params=filters)
    assert answer.status_code == 200, answer.text
    path = folder / "export.xlsx"
    path.write_bytes(answer.content)
    return path


class TestImport:
    def test_takes_five_hundred_people_from_libreoffice_who_can_sign_in(
        self, office: Office, soffice, tmp_path, import_people, administrator
    ):
        done = import_people(workbooks.by_libreoffice(soffice, tmp_path, PEOPLE, "office"))

        assert done["state"] == "done"
        for name in ("office0001", "office0500"):
            me = office.sign_in(name, workbooks.password_of(name)).get("auth/me").json()
            assert me["username"] == name

    def test_takes_the_old_systems_workbook_but_never_its_ids(
        self, office: Office, tmp_path, import_people, administrator
    ):
        done = import_people(workbooks.by_the_old_system(tmp_path, 4, "legacy"))

        assert done["state"] == "done"
        me = office.sign_in("legacy0002", workbooks.password_of("legacy0002")).get("auth/me").json()
        assert me["gender"] == 2
        assert me["id"] != 2

    def test_changes_nothing_when_the_export_comes_back(
        self, soffice, tmp_path, import_people, administrator, office: Office
    ):
        import_people(workbooks.by_the_old_system(tmp_path, 20, "boomerang"))
        first = export(administrator, tmp_path, search="boomerang")

        seen = workbooks.rows_of(soffice, first, tmp_path)
        job = follow(administrator, upload(administrator, first)["id"], {"ready", "failed"})

        assert len(seen) == 20
        assert job["state"] == "ready", job
        assert job["counts"] == {"new": 0, "changed": 0, "unchanged": 20, "bad": 0}
        # a password column that comes back is no way to change passwords
        assert office.sign_in("boomerang0001", workbooks.password_of("boomerang0001"))

    def test_shows_every_bad_row_and_writes_none(self, tmp_path, administrator):
        path = workbooks.by_the_old_system(tmp_path, 5, "halfbad")
        book = openpyxl.load_workbook(path)
        book.active["B3"], book.active["D5"] = "x", "perhaps"
        book.save(path)
        book.close()

        job = follow(administrator, upload(administrator, path)["id"], {"ready", "failed"})
        refused = administrator.post(f"imports/{job['id']}/confirm", {})

        assert job["counts"]["bad"] == 2
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "30001"
        assert administrator.get("users/", params={"search": "halfbad"}).json()["count"] == 0

    def test_does_not_let_a_sheet_make_superusers(self, tmp_path, administrator, import_people, office: Office):
        path = tmp_path / "sneaky.xlsx"
        book = openpyxl.Workbook()
        book.active.append(["user name", "password", "is_superuser", "is_staff"])
        book.active.append(["sneaky0001", "Pw1sneaky1", True, True])
        book.save(path)
        book.close()

        import_people(path)

        found = administrator.get("users/", params={"search": "sneaky0001"}).json()["results"]
        assert [person["username"] for person in found] == ["sneaky0001"]
        assert not found[0].get("is_superuser")
        assert not found[0].get("is_staff")

    def test_refuses_what_is_no_workbook(self, administrator, tmp_path):
        path = tmp_path / "people.xlsx"
        path.write_bytes(b"username,password\nsomebody,secret\n")

        with path.open("rb") as file:
            answer = administrator.ask("POST", "imports/", data={"resource": "users"}, files={"file": file})

        assert code_of(answer) == (400, "30002")
