"""One change to many people: what can be done is done, and the answer says what became of each."""

from io import BytesIO

import pytest
from auditlog.models import LogEntry
from openpyxl import load_workbook

from accounts import services
from accounts.models import User
from tests.accounts.conftest import code_of, fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(phone_of, clerk):
    return phone_of(clerk)


def fresh(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def outcomes(answer) -> dict[int, str]:
    assert answer.status_code == 200, answer.content
    return {one["id"]: one.get("code") or one["outcome"] for one in answer.json()["results"]}


@pytest.mark.every_database
class TestBulk:
    def test_changes_whom_it_may_and_leaves_the_others_alone(self, desk, boss, mei, hans, role):
        helpers = role("helpers", 3)
        services.set_roles(by=None, user=hans, roles=[helpers])
        ids = [mei.pk, boss.pk, 99_999, hans.pk, mei.pk]

        answer = desk.post("users/bulk", {"ids": ids, "action": "give_role", "role": "helpers", "reason": "new team"})

        assert outcomes(answer) == {mei.pk: "changed", boss.pk: "10009", 99_999: "10008", hans.pk: "unchanged"}
        assert {name: answer.json()[name] for name in ("changed", "unchanged", "refused")} == {
            "changed": 1,
            "unchanged": 1,
            "refused": 2,
        }
        assert fresh(mei).role_keys == ("helpers",)
        assert fresh(boss).role_keys == ()
        entry = LogEntry.objects.get(additional_data__event="users.give_role")
        assert entry.additional_data["details"]["people"] == ["meiling"]
        assert entry.additional_data["reason"] == "new team"

    def test_takes_a_role_moves_and_sets_a_manager(self, desk, mei, hans, role):
        helpers = role("helpers", 3)
        services.set_roles(by=None, user=mei, roles=[helpers])
        north = services.create_department(by=None, name="North")
        ids = [mei.pk, hans.pk]

        assert outcomes(desk.post("users/bulk", {"ids": ids, "action": "take_role", "role": "helpers"})) == {
            mei.pk: "changed",
            hans.pk: "unchanged",
        }
        desk.post("users/bulk", {"ids": ids, "action": "move", "department": north.pk})
        managed = desk.post("users/bulk", {"ids": ids, "action": "set_manager", "manager": hans.pk})

        assert outcomes(managed) == {mei.pk: "changed", hans.pk: "10000"}
        assert fresh(mei).role_keys == ()
        assert {fresh(one).department for one in (mei, hans)} == {north}
        assert fresh(mei).manager == hans

    def test_locks_out_at_once_and_lets_in_again(self, desk, phone_of, mei):
        phone = phone_of(mei)

        desk.post("users/bulk", {"ids": [mei.pk], "action": "deactivate"})
        assert phone.get("auth/me").status_code == 401

        assert outcomes(desk.post("users/bulk", {"ids": [mei.pk], "action": "activate"})) == {mei.pk: "changed"}

    def test_never_locks_the_last_administrator_out(self, phone_of, boss, mei):
        answer = phone_of(boss).post("users/bulk", {"ids": [boss.pk, mei.pk], "action": "deactivate"})

        assert outcomes(answer) == {boss.pk: "10005", mei.pk: "changed"}


class TestBadQuestions:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "ids"),
            ({"ids": [], "action": "activate"}, "ids"),
            ({"ids": ["x"], "action": "activate"}, "ids"),
            ({"ids": [0], "action": "activate"}, "ids"),
            ({"ids": list(range(1, 202)), "action": "activate"}, "ids"),
            ({"ids": [1], "action": "promote"}, "action"),
            ({"ids": [1], "action": "give_role"}, "role"),
            ({"ids": [1], "action": "give_role", "role": "nobodys"}, "role"),
            ({"ids": [1], "action": "move"}, "department"),
            ({"ids": [1], "action": "activate", "manager": None}, "manager"),
            ({"ids": [1], "action": "activate", "is_superuser": True}, "is_superuser"),
        ],
    )
    def test_change_nobody(self, desk, body, field):
        assert field in fields_of(desk.post("users/bulk", body))

    def test_need_the_permission_to_change_people(self, phone_of, mei, hans):
        assert code_of(phone_of(mei).post("users/bulk", {"ids": [hans.pk], "action": "deactivate"})) == (403, "10009")

    def test_never_give_a_role_as_high_as_ones_own(self, desk, mei, role):
        role("directors", 80)

        answer = desk.post("users/bulk", {"ids": [mei.pk], "action": "give_role", "role": "directors"})

        assert outcomes(answer) == {mei.pk: "10009"}
        assert fresh(mei).role_keys == ()


class TestChosen:
    def test_people_come_out_as_a_sheet(self, desk, mei, hans):
        assert desk.get(f"users/?ids={mei.pk},{hans.pk}").json()["count"] == 2
        sheet = desk.get(f"users/export?ids={mei.pk}")
        content = BytesIO(b"".join(sheet.streaming_content))
        assert [row[0].value for row in load_workbook(content).active.iter_rows(min_row=2)] == ["meiling"]
        assert fields_of(desk.get("users/?ids=1,,2")) == {"ids"}
