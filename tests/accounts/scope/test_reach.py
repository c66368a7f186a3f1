"""Which people a role lets its holders see and act on."""

import pytest
from django.core.exceptions import ValidationError

from accounts import scope, services, sign_in_log
from accounts.errors import NotAbove
from accounts.models import Department, LoginEvent, User
from project.core.errors import NotFound
from tests.accounts.scope.conftest import House, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def seen(user: User, house: House) -> set[str]:
    """Which of the house's people somebody sees, looked up afresh as each request does."""
    return set(scope.people(fresh(user)).values_list("username", flat=True)) & set(house.people)


class TestReach:
    @pytest.mark.parametrize(
        ("reach", "expected"),
        [
            ("all", {"insales", "innorth", "inharbour", "infinance", "nowhere"}),
            ("department_tree", {"innorth", "inharbour"}),
            ("department", {"innorth"}),
            ("self", set()),
        ],
    )
    def test_of_one_role(self, house, reach, expected):
        keeper = house.keeper(reach)

        assert seen(keeper, house) == expected
        assert scope.people(keeper).filter(pk=keeper.pk).exists()
        assert {one.username for one in house.people.values() if scope.covers(keeper, one)} == expected

    def test_of_chosen_departments_includes_those_below_and_not_ones_own(self, house):
        keeper = house.keeper("chosen", place="infinance", departments=[house.north])

        assert seen(keeper, house) == {"innorth", "inharbour"}

    def test_of_several_roles_is_their_union(self, house):
        keeper = house.keeper("department", place="insales")
        other = house.role("auditors", "chosen", departments=[house.finance])
        services.set_roles(by=None, user=keeper, roles=[*keeper.roles, other])

        assert seen(keeper, house) == {"insales", "infinance"}

    def test_without_any_role_is_oneself(self, house):
        assert set(scope.people(house.people["insales"])) == {house.people["insales"]}

    def test_of_a_head_is_no_more_than_their_roles_give(self, house):
        Department.objects.filter(pk=house.sales.pk).update(head=house.people["insales"])

        assert set(scope.people(fresh(house.people["insales"]))) == {house.people["insales"]}

    def test_of_a_superuser_is_everybody_and_of_the_disabled_nobody(self, house, boss):
        assert seen(boss, house) == set(house.people)
        boss.is_active = False
        assert not scope.people(boss).exists()

    def test_follows_who_moves(self, house):
        keeper = house.keeper()
        services.update_user(by=None, user=keeper, department=house.finance)

        assert seen(keeper, house) == {"infinance"}

    def test_follows_departments_that_move(self, house):
        keeper = house.keeper()
        services.update_department(by=None, department=house.finance, parent=house.harbour)

        assert seen(keeper, house) == {"innorth", "inharbour", "infinance"}

    def test_takes_two_queries_for_a_list(self, house, django_assert_max_num_queries):
        keeper = fresh(house.keeper())
        with django_assert_max_num_queries(3):  # roles, departments below, people
            assert len(scope.people(keeper)) == 3
        with django_assert_max_num_queries(1):
            assert scope.people(keeper).count() == 3

    def test_lets_nobody_but_who_sees_everybody_see_what_is_nobodys(self, house, boss):
        keeper = house.keeper()
        for user, name in ((house.people["innorth"], "innorth"), (None, "nobody"), (house.people["infinance"], "fin")):
            LoginEvent.objects.create(user=user, username=name, succeeded=False, reason="unknown_user", scope="api")

        assert {one.username for one in sign_in_log.seen_by(keeper)} == {"innorth"}
        assert {"innorth", "nobody", "fin"} <= {one.username for one in sign_in_log.seen_by(boss)}
        assert scope.seen_among(keeper, [0, house.people["innorth"].pk, house.people["infinance"].pk]) == {
            house.people["innorth"].pk
        }


class TestActing:
    def test_is_refused_about_people_out_of_reach_as_if_they_were_not_there(self, house):
        keeper, stranger = house.keeper(), house.people["infinance"]

        for act in (
            lambda: services.update_user(by=keeper, user=stranger, nickname="x"),
            lambda: services.delete_user(by=keeper, user=stranger),
            lambda: services.set_password(by=keeper, user=stranger, password="correct horse battery"),
            lambda: services.end_sessions(by=keeper, user=stranger),
            lambda: services.set_roles(by=keeper, user=stranger, roles=[]),
        ):
            with pytest.raises(NotFound):
                act()
        assert not keeper.has_perm("accounts.view_user", stranger)
        assert not keeper.has_perm("accounts.change_user", stranger)

    def test_needs_the_rank_too(self, house):
        keeper = house.keeper()
        peer = house.hire("peername", department=house.north, roles=keeper.roles)

        with pytest.raises(NotAbove):
            services.update_user(by=keeper, user=peer, nickname="x")
        assert keeper.has_perm("accounts.view_user", peer)

    def test_does_not_move_anybody_out_of_reach(self, house):
        keeper, mine = house.keeper(), house.people["innorth"]

        for place in (house.finance, house.sales, None):
            with pytest.raises(ValidationError) as refusal:
                services.update_user(by=keeper, user=mine, department=place)
            assert set(refusal.value.message_dict) == {"department"}
        services.update_user(by=keeper, user=mine, department=house.harbour)

    def test_keeps_a_manager_out_of_reach_but_gives_none(self, house):
        keeper, mine, above = house.keeper(), house.people["innorth"], house.people["insales"]
        services.update_user(by=None, user=mine, manager=above)

        services.update_user(by=keeper, user=fresh(mine), manager=above, nickname="kept")
        with pytest.raises(ValidationError) as refusal:
            services.update_user(by=keeper, user=mine, manager=house.people["infinance"])
        assert set(refusal.value.message_dict) == {"manager"}

    def test_adds_people_within_reach_only(self, house):
        keeper = house.keeper()

        for place in ({}, {"department": house.finance}):
            with pytest.raises(ValidationError) as refusal:
                services.create_user(by=keeper, username="newcomer", **place)
            assert "department" in refusal.value.message_dict
        assert services.create_user(by=keeper, username="newcomer", department=house.harbour)
