"""Nobody gives out more reach than they have: by roles, by moving people, by departments."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import Department
from project.core.errors import NoPermission
from tests.accounts.scope.conftest import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


class TestHandingOut:
    """Nobody lets others reach whom they do not reach themselves."""

    def test_a_role_that_reaches_further_is_not_given(self, house):
        keeper, mine = house.keeper(), house.people["innorth"]
        for further in (
            house.role("everywhere", "all", rank=5),
            house.role("accountants", "chosen", rank=5, departments=[house.finance]),
        ):
            with pytest.raises(NoPermission):
                services.set_roles(by=keeper, user=mine, roles=[further])
            with pytest.raises(NoPermission):
                services.create_user(by=keeper, username="newcomer", department=house.north, roles=[further])
        services.set_roles(by=keeper, user=mine, roles=[house.role("helpers", "department_tree", rank=5)])

    def test_not_even_to_somebody_who_is_disabled_meanwhile(self, house):
        keeper, mine = house.keeper(), house.people["innorth"]
        services.deactivate_user(by=keeper, user=mine)

        with pytest.raises(NoPermission):
            services.set_roles(by=keeper, user=fresh(mine), roles=[house.role("everywhere", "all", rank=5)])

    def test_nobody_is_moved_to_where_they_would_reach_more(self, house):
        keeper = house.keeper("department")
        mine = house.hire("treeholder", department=house.north)
        helpers = house.role("helpers", "department_tree", rank=5)
        services.set_roles(by=None, user=mine, roles=[helpers])
        boss_of_both = house.role("both", "chosen", rank=60, departments=[house.finance])
        services.set_roles(by=None, user=keeper, roles=[*keeper.roles, boss_of_both])
        Department.objects.create(name="Cellar", parent=house.finance)

        services.update_user(by=fresh(keeper), user=mine, department=house.finance)  # reached with all below
        with pytest.raises(NoPermission):
            services.update_user(by=fresh(keeper), user=mine, department=house.north)  # reached without Harbour

    def test_roles_are_made_and_widened_within_ones_own_reach(self, house):
        keeper = house.keeper()

        with pytest.raises(NoPermission):
            services.create_role(by=keeper, key="wide", name="Wide", rank=5)
        with pytest.raises(NoPermission):
            services.create_role(by=keeper, key="far", name="Far", scope="chosen", departments=[house.finance])
        near = services.create_role(by=keeper, key="near", name="Near", scope="chosen", departments=[house.harbour])
        services.update_role(by=keeper, role=near, departments=[house.north])
        with pytest.raises(NoPermission):
            services.update_role(by=keeper, role=near, departments=[house.sales])
        with pytest.raises(NoPermission):
            services.update_role(by=keeper, role=near, scope="all")
        near.refresh_from_db()
        assert (near.scope, set(near.departments.all())) == ("chosen", {house.north})

    def test_a_role_is_not_widened_for_holders_elsewhere(self, house):
        keeper = house.keeper()
        narrow = house.role("narrow", "self", rank=5)
        services.set_roles(by=None, user=house.people["infinance"], roles=[narrow])

        with pytest.raises(NoPermission):
            services.update_role(by=keeper, role=narrow, scope="department")

    def test_a_role_that_reaches_further_gets_no_more_permissions(self, house):
        keeper = house.keeper()
        wide = house.role("wide", "all", rank=5, powers=["view_user"])
        more = Permission.objects.filter(codename__in=["view_user", "change_user"])

        with pytest.raises(NoPermission):
            services.update_role(by=keeper, role=wide, permissions=more)
        services.update_role(by=keeper, role=wide, name="Wider", permissions=[])

    def test_chosen_needs_departments_and_other_scopes_keep_none(self, house):
        with pytest.raises(ValidationError):
            house.role("lost", "chosen")
        role = house.role("found", "chosen", departments=[house.north])
        services.update_role(by=None, role=role, scope="department")
        assert not role.departments.exists()


class TestDepartments:
    def test_out_of_reach_are_left_alone(self, house):
        keeper = house.keeper()

        with pytest.raises(NoPermission):
            services.update_department(by=keeper, department=house.finance, name="Mine")
        with pytest.raises(NoPermission):
            services.delete_department(by=keeper, department=house.finance)
        services.update_department(by=keeper, department=house.harbour, name="Port")

    def test_are_not_pulled_into_reach_nor_pushed_out_of_it(self, house):
        keeper = house.keeper()

        with pytest.raises(NoPermission):
            services.update_department(by=keeper, department=house.finance, parent=house.north)
        with pytest.raises(NoPermission):
            services.move_department(by=keeper, department=house.finance, parent=house.north)
        for place in (house.finance, None):
            with pytest.raises(ValidationError):
                services.update_department(by=keeper, department=house.harbour, parent=place)
            with pytest.raises(ValidationError):
                services.move_department(by=keeper, department=house.harbour, parent=place)
            with pytest.raises(ValidationError):
                services.create_department(by=keeper, name="New", parent=place)
        services.create_department(by=keeper, name="New", parent=house.harbour)

    def test_do_not_bring_departments_below_them_into_reach(self, house):
        keeper = house.keeper("department", place="innorth")
        tree = house.role("fin", "chosen", departments=[house.finance])
        services.set_roles(by=None, user=keeper, roles=[*keeper.roles, tree])

        with pytest.raises(NoPermission):  # North is reached, Harbour below it is not
            services.update_department(by=fresh(keeper), department=house.north, parent=house.finance)

    def test_have_heads_within_reach(self, house):
        keeper = house.keeper()

        with pytest.raises(ValidationError):
            services.update_department(by=keeper, department=house.north, head=house.people["infinance"])
        services.update_department(by=keeper, department=house.north, head=house.people["inharbour"])
