"""Which people a role lets its holders see and act on: in lists, in the API, and in what they may change."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError

from accounts import scope, services, sign_in_log
from accounts.errors import NotAbove
from accounts.models import ApiToken, Department, LoginEvent, LoginSession, Role, User
from project.core.errors import NoPermission, NotFound
from tests.accounts.conftest import Program, code_of, fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

POWERS = [
    *(f"{what}_user" for what in ("view", "add", "change", "delete")),
    *(f"{what}_department" for what in ("view", "add", "change", "delete")),
    *(f"{what}_role" for what in ("view", "add", "change", "delete")),
    "end_loginsession",
    "view_loginevent",
    "unlock_loginevent",
    "view_apitoken",
    "revoke_apitoken",
    "add_apitoken",
]


class House:
    """Sales with North and, below that, Harbour; Finance beside it; one person in each, and one in none."""

    def __init__(self, hire: Callable[..., User]) -> None:
        self.hire = hire
        self.sales = Department.objects.create(name="Sales", position=1)
        self.north = Department.objects.create(name="North", parent=self.sales)
        self.harbour = Department.objects.create(name="Harbour", parent=self.north)
        self.finance = Department.objects.create(name="Finance", position=2)
        self.places = {
            "insales": self.sales,
            "innorth": self.north,
            "inharbour": self.harbour,
            "infinance": self.finance,
            "nowhere": None,
        }
        # nobody signs in as these, and a good hash takes its time
        self.people = {
            name: User.objects.create(username=name, department=place) for name, place in self.places.items()
        }

    def role(self, key: str, reach: str, *, rank: int = 50, departments: Any = (), powers: Any = POWERS) -> Role:
        permissions = Permission.objects.filter(codename__in=powers)
        return services.create_role(
            by=None, key=key, name=key, rank=rank, permissions=permissions, scope=reach, departments=departments
        )

    def keeper(self, reach: str = "department_tree", place: str = "innorth", **more: Any) -> User:
        """Somebody of North with a role of this scope."""
        role = self.role(f"keepers-{reach}", reach, **more)
        return self.hire(
            f"keeper{reach[:6]}".replace("_", ""), department=self.places[place], roles=[role], is_staff=True
        )


@pytest.fixture
def house(hire: Callable[..., User]) -> House:
    return House(hire)


def seen(user: User, house: House) -> set[str]:
    """Which of the house's people somebody sees, looked up afresh as each request does."""
    return set(scope.people(fresh(user)).values_list("username", flat=True)) & set(house.people)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


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


class TestApi:
    @pytest.fixture
    def keeper(self, house: House) -> User:
        return house.keeper()

    @pytest.fixture
    def desk(self, keeper: User, phone_of: Callable[[User], Program]) -> Program:
        return phone_of(keeper)

    def test_lists_people_in_reach(self, desk, keeper):
        answer = desk.get("users/").json()

        assert {one["username"] for one in answer["results"]} == {"innorth", "inharbour", keeper.username}
        assert desk.get("users/?search=finance").json()["count"] == 0

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("GET", "users/{}/", None),
            ("PATCH", "users/{}/", {"nickname": "x"}),
            ("DELETE", "users/{}/", None),
            ("POST", "users/{}/end-sessions/", {}),
            ("GET", "users/{}/second-factor/", None),
            ("DELETE", "users/{}/second-factor/", None),
            ("GET", "users/{}/avatar/", None),
        ],
    )
    def test_answers_about_others_as_about_nobody(self, desk, house, method, path, body):
        stranger = house.people["infinance"].pk

        theirs, nobodys = (desk.call(method, path.format(pk), body) for pk in (stranger, 999_999))

        assert code_of(theirs) == code_of(nobodys) == (404, "10008")
        assert theirs.json()["error"]["message"] == nobodys.json()["error"]["message"]

    def test_takes_nobody_out_of_reach_as_manager_or_head(self, desk, house):
        stranger, mine = house.people["infinance"].pk, house.people["innorth"].pk
        said = [desk.patch(f"users/{mine}/", {"manager": pk}).json()["error"]["fields"] for pk in (stranger, 999_999)]

        assert [set(one) for one in said] == [{"manager"}, {"manager"}]
        assert said[0]["manager"][0].replace(str(stranger), "N") == said[1]["manager"][0].replace("999999", "N")
        assert fields_of(desk.patch(f"departments/{house.north.pk}/", {"head": stranger})) == {"head"}
        assert fields_of(desk.patch(f"users/{mine}/", {"department": house.finance.pk})) == {"department"}
        assert fields_of(desk.post("users/", {"username": "newcomer"})) == {"department"}

    def test_counts_people_in_reach(self, desk, house):
        found = {one["name"]: one["people"] for one in desk.get("departments/").json()["results"]}

        assert found == {"Sales": 0, "North": 2, "Harbour": 1, "Finance": 0}
        assert code_of(desk.patch(f"departments/{house.finance.pk}/", {"name": "Mine"})) == (403, "10009")

    def test_shows_sign_ins_and_tokens_of_people_in_reach(self, desk, house, keeper):
        for owner in (house.people["infinance"], house.people["inharbour"]):
            LoginEvent.objects.create(user=owner, username=owner.username, succeeded=True, reason="ok", scope="api")
            ApiToken.objects.create(
                key_id=f"key{owner.pk:09}",
                owner=owner,
                name="m",
                expires_at=LoginSession.objects.latest("pk").expires_at,
            )

        names = {one["username"] for one in desk.get("sign-ins/").json()["results"]}
        assert names == {"inharbour", keeper.username}
        assert {one["owner"] for one in desk.get("tokens/").json()["results"]} == {"inharbour"}
        assert code_of(desk.delete(f"tokens/key{house.people['infinance'].pk:09}/")) == (404, "10008")

    def test_unlocks_names_out_of_reach_as_little_as_names_nobody_has(self, desk, house):
        for name in ("infinance", "nobodys"):
            for place in ("203.0.113.1", "203.0.113.2"):
                for _ in range(60):
                    user = house.people.get(name)
                    LoginEvent.objects.create(
                        user=user, username=name, ip=place, succeeded=False, reason="wrong_password", scope="api"
                    )

        assert desk.get("lockouts/").json()["results"] == []
        answers = [desk.post("lockouts/unlock", {"username": name, "reason": "x"}) for name in ("infinance", "nobodys")]
        assert [code_of(one) for one in answers] == [(404, "10008"), (404, "10008")]

    def test_roles_say_whom_they_reach(self, house, boss, phone_of):
        desk = phone_of(boss)

        made = desk.post(
            "roles/", {"key": "near", "name": "Near", "scope": "chosen", "departments": [house.north.pk]}
        ).json()
        assert (made["scope"], made["departments"]) == ("chosen", [house.north.pk])
        assert fields_of(desk.post("roles/", {"key": "far", "name": "Far", "scope": "chosen"})) == {"departments"}
        assert fields_of(desk.patch(f"roles/{made['id']}/", {"scope": "galaxy"})) == {"scope"}
        changed = desk.patch(f"roles/{made['id']}/", {"scope": "self"}).json()
        assert (changed["scope"], changed["departments"]) == ("self", [])
        assert desk.post("roles/", {"key": "old", "name": "Old"}).json()["scope"] == "all"

    def test_scopes_are_changed_by_who_signed_in_of_late(self, house, boss, phone_of):
        desk, role = phone_of(boss), house.role("near", "self")
        LoginSession.objects.update(confirmed_at="2020-01-01T00:00:00Z")

        assert code_of(desk.patch(f"roles/{role.pk}/", {"scope": "all"})) == (403, "20008")

    @pytest.mark.attack("T-US-2")
    def test_a_narrower_role_is_felt_at_the_next_call(self, desk, keeper, house):
        assert desk.get(f"users/{house.people['inharbour'].pk}/").status_code == 200
        services.update_role(by=None, role=keeper.roles[0], scope="department")

        assert code_of(desk.get(f"users/{house.people['inharbour'].pk}/")) == (404, "10008")
        assert desk.get(f"users/{house.people['innorth'].pk}/").status_code == 200

    def test_a_machine_reaches_whom_its_owner_reaches(self, house, keeper, program):
        made = services.create_api_token(
            owner=keeper,
            name="m",
            scopes=["accounts.view_user"],
            expires_at=house.people["innorth"].date_joined.replace(year=house.people["innorth"].date_joined.year + 1),
        )
        machine = program()
        machine.tokens = {"access": made.text}

        found = {one["username"] for one in machine.get("users/").json()["results"]}
        assert found == {"innorth", "inharbour", keeper.username}
        assert code_of(machine.get(f"users/{house.people['infinance'].pk}/")) == (404, "10008")
