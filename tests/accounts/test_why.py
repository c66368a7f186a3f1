"""Why may somebody do something? The answer agrees with what decides, and says what it looked at."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts import services, why
from accounts.models import Department, Role, User
from tests.accounts.conftest import Program, code_of, fields_of

pytestmark = pytest.mark.django_db

ASKED = ("accounts.view_user", "accounts.change_user", "accounts.delete_user", "realtime.send")


@pytest.fixture
def sales(db: None) -> Department:
    made: Department = Department.objects.create(name="Sales")
    return made


@pytest.fixture
def keeper(sales: Department, role: Callable[..., Role], hire: Callable[..., User]) -> User:
    """Staff of Sales who may look at and change its people, and look at roles."""
    keepers = role("keepers", 50, "accounts.view_user", "accounts.change_user", "accounts.view_role")
    services.update_role(by=None, role=keepers, scope="department")
    return hire("thekeeper", real_name="Karla", department=sales, roles=[keepers], is_staff=True)


def somebody(name: str, **more: Any) -> User:
    return User.objects.create(username=name, **more)


def codes(verdict: why.Verdict) -> list[str]:
    return [one.code for one in verdict.reasons]


class TestAnswers:
    def test_agree_with_what_decides(self, keeper, sales, boss):
        peers = somebody("peername", department=sales)
        peers.groups.set(keeper.groups.all())
        disabled = somebody("disabled", department=sales, is_active=False)
        disabled.groups.set(keeper.groups.all())
        people = [keeper, boss, peers, disabled, somebody("inside", department=sales), somebody("outside")]
        made = services.create_api_token(
            owner=boss, name="m", scopes=["accounts.change_user"], expires_at=timezone.now() + timedelta(days=1)
        )

        for person in people:
            for permission in ASKED:
                for subject in [None, *people]:
                    verdict = why.may(person, permission, subject)
                    plain = person.has_perm(permission) if subject is None else person.has_perm(permission, subject)
                    assert verdict.allowed == plain == all(one.allows for one in verdict.reasons), (
                        person,
                        permission,
                        subject,
                        verdict,
                    )
                    if person == boss:
                        by_token = why.may(boss, permission, subject, made.token)
                        assert by_token.allowed == all(one.allows for one in by_token.reasons), by_token

    def test_name_the_role_that_gives_it_and_the_one_that_reaches(self, keeper, sales):
        verdict = why.may(keeper, "accounts.change_user", somebody("inside", real_name="Ina", department=sales))

        assert [one.text for one in verdict.reasons] == [
            "The role Role keepers gives it.",
            "Ina is in reach through Role keepers.",
            "Ina ranks lower.",
        ]

    @pytest.mark.parametrize(
        ("permission", "subject", "code"),
        [
            ("accounts.delete_user", {}, "not_given"),
            ("accounts.view_user", {"department": None}, "out_of_reach"),
            ("accounts.change_user", {"is_superuser": True}, "superuser_only"),
        ],
    )
    def test_say_what_stands_against_it(self, keeper, sales, permission, subject, code):
        verdict = why.may(keeper, permission, somebody("subject", **({"department": sales} | subject)))

        assert not verdict.allowed
        assert [one.code for one in verdict.reasons if not one.allows] == [code]

    def test_tell_what_comes_from_elsewhere(self, keeper):
        keeper.user_permissions.add(Permission.objects.get(codename="delete_user"))
        group = Group.objects.create(name="Old hands")
        group.permissions.add(Permission.objects.get(codename="delete_user"))
        keeper.groups.add(group)
        asked = User.objects.get(pk=keeper.pk)

        assert codes(why.may(asked, "accounts.delete_user")) == ["group", "direct"]
        assert [one.kind for one in why.of(asked).sources["accounts.delete_user"]] == ["group", "direct"]

    def test_tell_what_a_token_may_not(self, keeper):
        keeper.user_permissions.add(Permission.objects.get(codename="add_apitoken"))
        owner = User.objects.get(pk=keeper.pk)
        token = services.create_api_token(
            owner=owner, name="m", scopes=["accounts.view_user"], expires_at=timezone.now() + timedelta(days=1)
        ).token

        assert why.may(owner, "accounts.view_user", token=token).allowed
        assert codes(why.may(owner, "accounts.change_user", token=token)) == ["role", "token_narrower"]
        services.revoke_api_token(token=token, by=owner)
        assert "token_over" in codes(why.may(owner, "accounts.view_user", token=token))

    def test_of_the_disabled_say_that_alone(self, keeper):
        keeper.is_active = False

        assert codes(why.may(keeper, "accounts.view_user")) == ["disabled"]
        assert why.of(keeper).sources == {}


class TestApi:
    @pytest.fixture
    def desk(self, keeper: User, phone_of: Callable[[User], Program]) -> Program:
        return phone_of(keeper)

    def test_lists_what_a_person_may_and_what_gives_it(self, desk, keeper, sales):
        found = desk.get(f"users/{keeper.pk}/permissions").json()

        assert found["rank"] == 50
        assert found["scope"] == {"everybody": False, "departments": [sales.pk]}
        assert [(one["role"], one["scope"]) for one in found["roles"]] == [("keepers", "department")]
        given = {one["permission"]: one["sources"] for one in found["permissions"]}
        assert given["accounts.view_user"] == [{"kind": "role", "role": "keepers", "text": "Role keepers"}]
        assert "accounts.delete_user" not in given

    def test_answers_a_question(self, desk, keeper, sales):
        inside = somebody("inside", real_name="Ina", department=sales)

        found = desk.get(f"users/{keeper.pk}/may?permission=accounts.change_user&subject={inside.pk}").json()
        assert found["allowed"]
        assert [one["code"] for one in found["reasons"]] == ["role", "in_reach", "above"]
        assert not desk.get(f"users/{inside.pk}/may?permission=accounts.change_user").json()["allowed"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("", "permission"),
            ("permission=accounts.fly", "permission"),
            ("permission=accounts.view_user&subject=999999", "subject"),
            ("permission=accounts.view_user&subject=x", "subject"),
            ("permission=accounts.view_user&token=000000000000", "token"),
            ("permission=accounts.view_user&whom=me", "whom"),
        ],
    )
    def test_names_what_is_wrong_with_a_question(self, desk, keeper, query, field):
        assert fields_of(desk.get(f"users/{keeper.pk}/may?{query}")) == {field}

    def test_knows_nobody_out_of_reach(self, desk, keeper):
        outside = somebody("outside")

        for what in ("permissions", "may?permission=accounts.view_user"):
            assert code_of(desk.get(f"users/{outside.pk}/{what}")) == (404, "10008")
        asked = desk.get(f"users/{keeper.pk}/may?permission=accounts.view_user&subject={outside.pk}")
        assert fields_of(asked) == {"subject"}

    def test_is_for_who_may_look_at_people_and_roles(self, keeper, hire, role, phone_of):
        looker = hire("onlylooks", roles=[role("lookers", 20, "accounts.view_user")])

        assert code_of(phone_of(looker).get(f"users/{keeper.pk}/permissions")) == (403, "10009")

    def test_tells_people_their_own_scope(self, desk, sales):
        assert desk.get("auth/me").json()["scope"] == {"everybody": False, "departments": [sales.pk]}
