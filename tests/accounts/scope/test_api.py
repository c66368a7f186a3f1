"""Reach in the API."""

from collections.abc import Callable

import pytest

from accounts import services
from accounts.models import ApiToken, LoginEvent, LoginSession, User
from tests.accounts.conftest import Program, code_of, fields_of
from tests.accounts.scope.conftest import House

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


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
