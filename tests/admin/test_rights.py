"""The pages that explain rights, and whom the back office shows to whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.models import Department, LoginEvent, LoginSession, Role, User
from project.core import audit
from tests.admin.conftest import flat

pytestmark = pytest.mark.django_db

POWERS = [f"accounts.{deed}_user" for deed in ("view", "add", "change", "delete")]


class House:
    """Somebody of Sales who looks after its people, one of them, and one of Finance."""

    def __init__(self, hire: Callable[..., User], role: Callable[..., Role], browser_of: Callable[..., Client]) -> None:
        self.sales = Department.objects.create(name="Sales")
        self.finance = Department.objects.create(name="Finance")
        rights = (
            "accounts.view_role",
            "accounts.view_loginsession",
            "accounts.view_loginevent",
            "auditlog.view_logentry",
        )
        self.role = role("keepers", 50, *POWERS, *rights, "accounts.view_department", "accounts.change_department")
        services.update_role(by=None, role=self.role, scope="department_tree")
        self.keeper = hire("thekeeper", is_staff=True, real_name="Karla", department=self.sales, roles=[self.role])
        self.mine = User.objects.create(username="insales", real_name="Ina", department=self.sales)
        self.other = User.objects.create(username="infinance", real_name="Fritz", department=self.finance)
        self.desk = browser_of(self.keeper)


@pytest.fixture
def house(hire: Callable[..., User], role: Callable[..., Role], browser_of: Callable[..., Client]) -> House:
    return House(hire, role, browser_of)


def page(desk: Client, path: str) -> str:
    return flat(desk.get(f"/admin/{path}", follow=True).content.decode())


class TestReach:
    def test_shows_people_in_reach_only(self, house):
        for row, user in enumerate((house.mine, house.other)):
            services.end_sessions(user=user, by=None)
            LoginEvent.objects.create(user=user, username=user.username, succeeded=False, reason="ok", scope="api")
            LoginSession.objects.create(
                user=user,
                scope="api",
                expires_at="2099-01-01T00:00Z",
                absolute_expires_at="2099-01-01T00:00Z",
                sid=f"s{row}",
            )
            audit.record("user.activated", user)

        for path in (
            "accounts/user/",
            "accounts/loginsession/",
            "accounts/loginevent/",
            "auditlog/logentry/",
            "search/?s=in",
            "",
        ):
            text = page(house.desk, path)
            assert "Fritz" not in text, path
            assert "infinance" not in text, path
        assert "Ina" in page(house.desk, "accounts/user/")

    def test_has_no_pages_for_others(self, house):
        other = house.other.pk
        for path in ("change/", "history/", "delete/", "rights/", "password/"):
            gone = house.desk.get(f"/admin/accounts/user/{other}/{path}")
            assert gone.status_code in {302, 404}, path
            assert "Fritz" not in page(house.desk, f"accounts/user/{other}/{path}")

    def test_offers_people_in_reach_as_managers(self, house):
        asked = "autocomplete/?app_label=accounts&model_name=user&field_name=manager&term=in"
        found = house.desk.get(f"/admin/{asked}").json()["results"]

        assert [one["text"] for one in found] == ["Ina (insales)"]

    def test_takes_nobody_and_no_place_out_of_reach(self, house):
        form = {"username": "newcomer", "gender": 0, "is_active": "on", "password1": "", "password2": ""}
        for given, said in (
            ({"department": house.finance.pk}, "Choose a department whose people you reach"),
            ({"department": house.sales.pk, "manager": house.other.pk}, "There is no such person here"),
        ):
            answer = house.desk.post("/admin/accounts/user/add/", form | given)
            assert said in flat(answer.content.decode())
        assert not User.objects.filter(username="newcomer").exists()

    def test_lets_departments_out_of_reach_be_looked_at(self, house):
        text = house.desk.get(f"/admin/accounts/department/{house.finance.pk}/change/").content.decode()

        assert 'name="_save"' not in text
        assert 'name="_save"' in house.desk.get(f"/admin/accounts/department/{house.sales.pk}/change/").content.decode()


class TestRoleForm:
    def test_sets_whom_a_role_reaches(self, house, browser_of, boss):
        desk = browser_of(boss)
        given = {"name": "Near", "key": "near", "rank": 5, "scope": "chosen"}

        refused = desk.post("/admin/accounts/role/add/", given)
        assert "Choose at least one department" in flat(refused.content.decode())
        desk.post("/admin/accounts/role/add/", given | {"departments": [house.sales.pk]})

        near = Role.objects.get(key="near")
        assert (near.scope, list(near.departments.all())) == ("chosen", [house.sales])
        assert "Sales" in page(desk, "accounts/role/")

    def test_asks_who_it_is_before_a_scope_is_changed(self, house, browser_of, boss):
        desk = browser_of(boss)
        LoginSession.objects.update(confirmed_at="2020-01-01T00:00Z")
        permissions = list(house.role.group.permissions.values_list("pk", flat=True))
        given: dict[str, Any] = {"name": "Role keepers", "key": "keepers", "rank": 50, "permissions": permissions}

        for scope, asks in (("department_tree", False), ("all", True)):
            answer = desk.post(f"/admin/accounts/role/{house.role.pk}/change/", given | {"scope": scope})
            assert (answer.status_code == 200) is asks


class TestRights:
    def test_page_says_what_gives_what(self, house):
        text = page(house.desk, f"accounts/user/{house.keeper.pk}/rights")

        assert "Role keepers" in text
        assert "Sales" in text
        assert "above all ranks" not in text

    def test_page_answers_a_question(self, house):
        asked = f"accounts/user/{house.keeper.pk}/rights?permission=accounts.change_user&subject="

        assert "Ina is in reach through Role keepers." in page(house.desk, asked + "insales")
        assert "There is nobody of the user name “infinance”" in page(house.desk, asked + "infinance")

    def test_page_is_for_who_may_look_at_roles(self, house, clerk, browser_of):
        desk = browser_of(clerk)

        assert desk.get(f"/admin/accounts/user/{house.mine.pk}/rights/").status_code == 403
        assert "/rights" not in desk.get(f"/admin/accounts/user/{house.mine.pk}/change/").content.decode()

    def test_roles_stand_side_by_side(self, house, role):
        role("helpers", 7, "accounts.view_user")

        answer = house.desk.get("/admin/accounts/role/side-by-side", follow=True)
        text = flat(answer.content.decode())
        assert "Role keepers" in text
        assert "Role helpers" in text
        assert answer.content.decode().count('aria-label="yes"') == len(POWERS) + 6 + 1
