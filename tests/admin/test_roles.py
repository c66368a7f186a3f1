"""Roles and departments in the back office."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import Department, Role
from tests.admin.conftest import flat

ARRANGE = "/admin/accounts/department/arrange/"

pytestmark = pytest.mark.django_db


def permission(name: str) -> Permission:
    app, _dot, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


class TestRoles:
    def test_a_new_one_permits_what_was_ticked(self, browser_of, boss):
        ticked = [permission("accounts.view_user").pk, permission("realtime.send").pk]

        browser_of(boss).post(
            "/admin/accounts/role/add/", {"name": "Helpers", "key": "helpers", "rank": 7, "permissions": ticked}
        )

        role = Role.objects.get(key="helpers")
        assert (role.group.name, role.rank) == ("Helpers", 7)
        assert set(role.group.permissions.values_list("codename", flat=True)) == {"view_user", "send"}

    def test_the_matrix_shows_what_is_permitted(self, browser_of, boss, role):
        helpers = role("helpers", 7, "accounts.view_user")

        page = browser_of(boss).get(f"/admin/accounts/role/{helpers.pk}/change/").content.decode()

        assert f'value="{permission("accounts.view_user").pk}" aria-label="users: View" checked' in page
        assert "End sessions" in page

    def test_unticking_takes_a_permission_away(self, browser_of, boss, role):
        helpers = role("helpers", 7, "accounts.view_user")

        browser_of(boss).post(
            f"/admin/accounts/role/{helpers.pk}/change/", {"name": "Helpers", "key": "helpers", "rank": 7}
        )

        assert not helpers.group.permissions.exists()

    def test_staff_cannot_grant_what_they_do_not_have(self, browser_of, hire, role):
        makers = role("makers", 60, "accounts.view_role", "accounts.add_role", "accounts.change_role")
        maker = hire("rolemaker", is_staff=True, roles=[makers])

        page = browser_of(maker).post(
            "/admin/accounts/role/add/",
            {"name": "Sneaky", "key": "sneaky", "rank": 5, "permissions": [permission("accounts.delete_user").pk]},
        )

        assert "You cannot grant what you do not have" in flat(page.content.decode())
        assert not Role.objects.filter(key="sneaky").exists()

    def test_staff_cannot_make_one_of_their_own_rank(self, browser_of, hire, role):
        makers = role("makers", 60, "accounts.view_role", "accounts.add_role")
        maker = hire("rolemaker", is_staff=True, roles=[makers])

        page = browser_of(maker).post("/admin/accounts/role/add/", {"name": "Peers", "key": "peers", "rank": 60})

        assert "below your own rank" in flat(page.content.decode())
        assert not Role.objects.filter(key="peers").exists()

    def test_one_that_people_have_is_not_deleted(self, browser_of, boss, role, hire):
        helpers = role("helpers", 7)
        hire("meiling", roles=[helpers])

        page = browser_of(boss).post(f"/admin/accounts/role/{helpers.pk}/delete/", {"post": "yes"}, follow=True)

        assert Role.objects.filter(pk=helpers.pk).exists()
        assert "still belong to it" in flat(page.content.decode())


class TestDepartments:
    @pytest.fixture
    def tree(self) -> dict[str, Department]:
        top = Department.objects.create(name="Sales", position=20)
        north = Department.objects.create(name="North", parent=top)
        first = Department.objects.create(name="Board", position=10)
        return {"Sales": top, "North": north, "Board": first}

    def test_are_listed_as_the_tree_they_are(self, browser_of, boss, tree):
        page = browser_of(boss).get("/admin/accounts/department/").content.decode()

        places = [page.index(f">{name}<") for name in ("Board", "Sales", "North")]
        assert places == sorted(places)
        assert "--depth: 1" in page

    def test_cannot_stand_below_themselves(self, browser_of, boss, tree):
        page = browser_of(boss).post(
            f"/admin/accounts/department/{tree['Sales'].pk}/change/",
            {"name": "Sales", "parent": tree["North"].pk},
        )

        tree["Sales"].refresh_from_db()
        assert tree["Sales"].parent is None
        assert "A node cannot be made a descendant of itself." in page.content.decode()

    def test_with_people_are_kept(self, browser_of, boss, tree, hire):
        hire("meiling", department=tree["North"])

        browser_of(boss).post(f"/admin/accounts/department/{tree['North'].pk}/delete/", {"post": "yes"})

        assert Department.objects.filter(name="North").exists()

    def test_lead_to_their_people(self, browser_of, boss, tree, hire):
        hire("meiling", department=tree["North"])

        page = browser_of(boss).get("/admin/accounts/department/").content.decode()

        assert f"department__id__exact={tree['North'].pk}" in page

    def test_are_arranged_only_by_those_who_may_change_them(self, browser_of, hire, role, tree):
        viewer = hire("lookonly", is_staff=True, roles=[role("viewers", 90, "accounts.view_department")])
        browser = browser_of(viewer)

        assert browser.get(ARRANGE).status_code == 403
        assert "Arrange" not in flat(browser.get("/admin/accounts/department/").content.decode())

    def test_are_moved_by_what_the_page_sends(self, browser_of, boss, tree):
        browser = browser_of(boss)
        version = browser.get(ARRANGE).content.decode().partition('data-version="')[2][:16]
        sent = {"department": tree["Board"].pk, "parent": tree["Sales"].pk, "after": None, "before": tree["North"].pk}

        moved = browser.post(ARRANGE, sent | {"version": version}, content_type="application/json")
        stale = browser.post(ARRANGE, sent | {"version": version}, content_type="application/json")

        assert moved.json()["version"] != version
        assert (stale.status_code, stale.json()["stale"]) == (409, True)
        tree["Board"].refresh_from_db()
        assert tree["Board"].parent == tree["Sales"]

    @pytest.mark.parametrize(
        "body", ["", "[]", "{}", '{"department": "1", "version": "x"}', '{"department": true, "version": "x"}', "\x00"]
    )
    def test_are_not_moved_by_garbage(self, browser_of, boss, tree, body):
        assert browser_of(boss).post(ARRANGE, body, content_type="application/json").status_code == 400

    def test_by_the_hundred_are_shown_with_as_many_queries_as_three(
        self, browser_of, boss, tree, django_assert_max_num_queries
    ):
        Department.objects.bulk_create(
            Department(name=f"Room {n}", parent=tree["North"], position=n) for n in range(500)
        )
        browser = browser_of(boss)
        for address in ("/admin/accounts/department/", ARRANGE):
            browser.get(address)

            with django_assert_max_num_queries(24):
                assert "Room 499" in browser.get(address).content.decode()
