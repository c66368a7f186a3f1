"""People, departments and roles over the API."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import Department, LoginSession, Role, User
from tests.accounts.conftest import PASSWORD, code_of, fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(phone_of, clerk):
    """The clerk's program."""
    return phone_of(clerk)


@pytest.fixture
def top(phone_of, boss):
    """The superuser's program."""
    return phone_of(boss)


class TestMe:
    def test_tells_who_one_is_and_what_one_may(self, desk, clerk):
        me = desk.get("auth/me").json()

        assert (me["id"], me["username"], me["roles"]) == (clerk.pk, "theclerk", ["clerks"])
        assert "accounts.change_user" in me["permissions"]
        assert "password" not in me

    def test_lets_one_change_ones_profile(self, phone_of, mei):
        answer = phone_of(mei).patch(
            "auth/me", {"nickname": "Mei", "phone": "13800138000", "gender": 2, "time_zone": "Europe/Berlin"}
        )

        assert answer.status_code == 200
        mei.refresh_from_db()
        assert (mei.nickname, mei.phone, mei.gender, mei.time_zone) == ("Mei", "13800138000", 2, "Europe/Berlin")

    @pytest.mark.attack("T-F-11")
    @pytest.mark.parametrize(
        "smuggled",
        [
            {"is_superuser": True},
            {"is_staff": True},
            {"is_active": False},
            {"roles": ["clerks"]},
            {"username": "someoneelse"},
            {"department": 1},
            {"manager": None},
            {"password": "x"},
            {"id": 1},
            {"auth_epoch": 5},
            {"groups": [1]},
            {"user_permissions": [1]},
            {"last_login": None},
        ],
    )
    def test_lets_one_change_nothing_else(self, phone_of, clerk, mei, smuggled):
        assert fields_of(phone_of(mei).patch("auth/me", {"nickname": "x"} | smuggled)) == set(smuggled)
        mei.refresh_from_db()
        assert mei.nickname == ""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("phone", "12345678901"),
            ("phone", 13800138000),
            ("gender", 5),
            ("gender", "x"),
            ("email", "no mail"),
            ("time_zone", "Mars/Base"),
            ("time_zone", "../../etc/passwd"),
            ("language", "klingon"),
            ("nickname", "x" * 61),
            ("nickname", ["x"]),
            ("nickname", "bell\u0007"),
            ("real_name", None),
        ],
    )
    def test_names_what_is_wrong(self, phone_of, mei, name, value):
        assert fields_of(phone_of(mei).patch("auth/me", {name: value})) == {name}

    def test_frees_a_phone_number(self, phone_of, mei, hans):
        phone = phone_of(mei)
        phone.patch("auth/me", {"phone": "13800138000"})
        assert fields_of(phone_of(hans).patch("auth/me", {"phone": "13800138000"})) == {"phone"}

        assert phone.patch("auth/me", {"phone": ""}).json()["phone"] is None
        assert phone_of(hans).patch("auth/me", {"phone": None}).status_code == 200
        assert phone_of(hans).patch("auth/me", {"phone": "13800138000"}).status_code == 200


@pytest.mark.every_database
class TestPeople:
    def test_are_listed_searched_filtered_and_ordered(self, desk, mei, hans, role):
        def names(query: str) -> list[str]:
            return [one["username"] for one in desk.get(f"users/{query}").json()["results"]]

        assert desk.get("users/").json()["count"] == 3
        assert names("?search=小明") == ["meiling"]
        assert names("?role=clerks") == ["theclerk"]
        assert names("?is_staff=true") == ["theclerk"]
        assert names("?ordering=-username") == ["theclerk", "meiling", "hansmeier"]
        assert names("?page_size=1&page=2&ordering=username") == ["meiling"]

    @pytest.mark.parametrize(
        "query",
        [
            "?ordering=password",
            "?is_active=maybe",
            "?department=x",
            "?department=999",
            "?role=none",
            "?gender=9",
            "?password=x",
            "?search=" + "x" * 101,
            "?groups__role__key=x",
            "?page_size=0",
            "?page_size=99999",
        ],
    )
    def test_are_not_listed_by_strange_questions(self, desk, query):
        assert code_of(desk.get(f"users/{query}")) == (400, "10000")

    def test_are_changed_as_a_whole_too(self, top, mei, role):
        keepers, shop = role("keepers", 10), Department.objects.create(name="Shop")
        for path, whole in [
            (f"users/{mei.pk}", {"username": "meiling", "nickname": "Mei"}),
            (f"departments/{shop.pk}", {"name": "Elsewhere"}),
            (f"roles/{keepers.pk}", {"key": "keepers", "name": "Others"}),
        ]:
            assert code_of(top.call("PUT", path, {})) == (400, "10000")
            answer = top.call("PUT", path, whole)
            assert answer.status_code == 200, answer.content
            assert {name: answer.json()[name] for name in whole} == whole

    @pytest.mark.parametrize("pk", ["0", "999999", "9" * 19, "-1", "abc", "1'--", "1%0a"])
    def test_that_are_not_there_are_not_found(self, desk, pk):
        assert code_of(desk.get(f"users/{pk}")) == (404, "10008")

    def test_are_not_looked_for_by_what_no_address_holds(self, desk):
        assert code_of(desk.get("users/%00")) == (400, "10000")

    def test_need_permissions(self, phone_of, mei, hans):
        phone = phone_of(mei)

        assert code_of(phone.get("users/")) == (403, "10009")
        assert code_of(phone.get(f"users/{hans.pk}")) == (403, "10009")
        assert code_of(phone.post("users/", {"username": "newcomer"})) == (403, "10009")
        assert code_of(phone.patch(f"users/{hans.pk}", {"nickname": "x"})) == (403, "10009")
        assert code_of(phone.delete(f"users/{hans.pk}")) == (403, "10009")
        assert code_of(phone.get("users/export")) == (403, "10009")

    def test_are_added(self, desk, program):
        answer = desk.post("users/", {"username": "newcomer", "password": "a good long sentence", "gender": 1})

        assert answer.status_code == 201, answer.content
        assert "password" not in answer.json()
        newcomer = User.objects.get(username="newcomer")
        assert newcomer.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        program().sign_in(newcomer, "a good long sentence")

    def test_without_a_password_cannot_sign_in(self, desk, program):
        desk.post("users/", {"username": "newcomer"})

        assert not User.objects.get(username="newcomer").has_usable_password()
        assert code_of(program().post("auth/login", {"username": "newcomer", "password": "x"})) == (401, "20000")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "username"),
            ({"username": "short"}, "username"),
            ({"username": "with space"}, "username"),
            ({"username": "x" * 31}, "username"),
            ({"username": 1234567}, "username"),
            ({"username": "meiling"}, "username"),
            ({"username": "newcomer", "password": "12345678"}, "password"),
            ({"username": "newcomer", "password": "newcomer1"}, "password"),
            ({"username": "newcomer", "password": 5}, "password"),
            ({"username": "newcomer", "phone": "123"}, "phone"),
            ({"username": "newcomer", "department": 999}, "department"),
            ({"username": "newcomer", "department": "x"}, "department"),
            ({"username": "newcomer", "manager": 999}, "manager"),
            ({"username": "newcomer", "roles": ["none"]}, "roles"),
            ({"username": "newcomer", "roles": "clerks"}, "roles"),
            ({"username": "newcomer", "roles": [{}]}, "roles"),
            ({"username": "newcomer", "is_active": "yes"}, "is_active"),
            ({"username": "newcomer", "surprise": 1}, "surprise"),
            ({"username": "newcomer", "auth_epoch": 1}, "auth_epoch"),
        ],
    )
    def test_are_not_added_badly(self, desk, mei, body, field):
        assert field in fields_of(desk.post("users/", body))
        assert not User.objects.filter(username="newcomer").exists()

    @pytest.mark.attack("T-F-11")
    @pytest.mark.parametrize("power", ["is_superuser", "is_staff"])
    def test_are_made_administrators_by_superusers_only(self, desk, top, mei, power):
        assert code_of(desk.post("users/", {"username": "newcomer", power: True})) == (403, "10009")
        assert code_of(desk.patch(f"users/{mei.pk}", {power: True})) == (403, "10009")
        assert top.patch(f"users/{mei.pk}", {power: True}).json()[power] is True

    @pytest.mark.attack("T-F-11")
    def test_get_roles_below_ones_own_only(self, desk, mei, role):
        role("chiefs", 60)
        role("equals", 50)
        role("juniors", 10)

        assert code_of(desk.patch(f"users/{mei.pk}", {"roles": ["chiefs"]})) == (403, "10009")
        assert code_of(desk.patch(f"users/{mei.pk}", {"roles": ["equals"]})) == (403, "10009")
        assert desk.patch(f"users/{mei.pk}", {"roles": ["juniors"]}).json()["roles"] == ["juniors"]

    @pytest.mark.attack("T-F-11")
    def test_above_oneself_cannot_be_touched(self, desk, boss, clerk, hire, role):
        equal = hire("othercler", roles=[role("equals", 50)])

        for person in (boss, equal, clerk):
            assert code_of(desk.patch(f"users/{person.pk}", {"nickname": "x"})) == (403, "10009")
            assert code_of(desk.delete(f"users/{person.pk}")) == (403, "10009")

    @pytest.mark.attack("T-US-2")
    def test_lose_what_a_role_gave_with_the_next_call(self, top, desk, clerk):
        assert desk.get("users/").status_code == 200

        top.patch(f"users/{clerk.pk}", {"roles": []})

        assert code_of(desk.get("users/")) == (403, "10009")
        assert desk.get("auth/me").status_code == 200
        clerk.refresh_from_db()
        assert clerk.perm_epoch == 1

    def test_are_listed_with_as_few_queries_however_many(self, desk, hire, role, django_assert_num_queries):
        juniors = [role("juniors", 10), role("helpers", 5)]
        with CaptureQueriesContext(connection) as of_few:
            desk.get("users/?page_size=100")
        for number in range(10):
            hire(f"junior{number}", roles=juniors)

        with django_assert_num_queries(len(of_few)):
            found = desk.get("users/?page_size=100").json()["results"]

        assert [one["roles"] for one in found if one["username"].startswith("junior")] == [["juniors", "helpers"]] * 10

    @pytest.mark.every_database
    def test_cannot_be_renamed_to_pass_for_somebody_else(self, top, mei, hans):
        for name in ("hansmeier", "HansMeier"):
            assert fields_of(top.patch(f"users/{mei.pk}", {"username": name})) == {"username"}

        assert top.patch(f"users/{mei.pk}", {"username": "MeiLing"}).json()["username"] == "MeiLing"

    def test_cannot_be_above_themselves(self, top, mei, hans, boss):
        assert top.patch(f"users/{mei.pk}", {"manager": hans.pk}).status_code == 200

        assert fields_of(top.patch(f"users/{hans.pk}", {"manager": mei.pk})) == {"manager"}
        assert fields_of(top.patch(f"users/{hans.pk}", {"manager": hans.pk})) == {"manager"}

    def test_that_are_disabled_are_out(self, desk, phone_of, mei):
        phone = phone_of(mei)

        assert desk.patch(f"users/{mei.pk}", {"is_active": False}).json()["is_active"] is False

        assert code_of(phone.get("auth/me")) == (401, "20002")

    def test_keep_one_administrator(self, top, boss):
        assert code_of(top.patch(f"users/{boss.pk}", {"is_active": False})) == (409, "10005")
        assert code_of(top.patch(f"users/{boss.pk}", {"is_superuser": False})) == (409, "10005")
        assert code_of(top.delete(f"users/{boss.pk}")) == (409, "10005")

    def test_are_deleted_with_their_sessions(self, desk, phone_of, mei):
        phone = phone_of(mei)

        assert desk.delete(f"users/{mei.pk}").status_code == 204

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert not LoginSession.objects.filter(user=mei.pk).exists()

    def test_come_out_as_a_sheet(self, desk, mei, hans):
        answer = desk.get("users/export?search=mei")

        assert answer.status_code == 200
        book = load_workbook(BytesIO(b"".join(answer.streaming_content)), read_only=True)
        cells = list(book.worksheets[0].iter_rows(values_only=True))
        assert any("meiling" in row for row in cells)
        assert PASSWORD not in str(cells)
        assert len(cells) == 3


@pytest.mark.every_database
class TestDepartments:
    @pytest.fixture
    def company(self, top):
        first = top.post("departments/", {"name": "Company"}).json()
        sales = top.post("departments/", {"name": "Sales", "parent": first["id"]}).json()
        return first, sales

    def test_form_a_tree(self, top, company):
        tree = [(one["name"], one["depth"]) for one in top.get("departments/").json()["results"]]

        assert tree == [("Company", 0), ("Sales", 1)]

    def test_never_stand_below_themselves(self, top, company):
        first, sales = company

        assert fields_of(top.patch(f"departments/{first['id']}", {"parent": sales["id"]})) == {"parent"}
        assert fields_of(top.patch(f"departments/{first['id']}", {"parent": first["id"]})) == {"parent"}

    def test_have_names_of_their_own(self, top, company):
        first, _sales = company

        assert code_of(top.post("departments/", {"name": "Company"})) == (400, "10000")
        assert code_of(top.post("departments/", {"name": "Sales", "parent": first["id"]})) == (400, "10000")
        assert top.post("departments/", {"name": "Sales"}).status_code == 201

    def test_go_only_when_empty(self, top, company, mei):
        first, sales = company
        top.patch(f"users/{mei.pk}", {"department": sales["id"]})

        assert code_of(top.delete(f"departments/{first['id']}")) == (409, "10005")
        assert code_of(top.delete(f"departments/{sales['id']}")) == (409, "10005")
        top.patch(f"users/{mei.pk}", {"department": None})
        assert top.delete(f"departments/{sales['id']}").status_code == 204
        assert Department.objects.count() == 1

    def test_count_their_people(self, top, company, mei):
        _first, sales = company
        top.patch(f"users/{mei.pk}", {"department": sales["id"]})

        assert top.get(f"departments/{sales['id']}").json()["people"] == 1

    @pytest.mark.parametrize(
        "body",
        [{}, {"name": ""}, {"name": 5}, {"name": "x" * 61}, {"name": "x", "parent": 99}, {"name": "x", "head": "a"},
         {"name": "x", "position": -1}, {"name": "x", "tree_path": []}],
    )  # fmt: skip
    def test_are_not_made_badly(self, top, body):
        assert code_of(top.post("departments/", body)) == (400, "10000")

    def test_need_permissions(self, desk, db):
        assert code_of(desk.get("departments/")) == (403, "10009")


class TestRoles:
    def test_are_made_with_rank_and_permissions(self, top):
        answer = top.post(
            "roles/", {"key": "helpers", "name": "Helpers", "rank": 20, "permissions": ["accounts.view_user"]}
        )

        assert answer.status_code == 201, answer.content
        assert answer.json()["permissions"] == ["accounts.view_user"]
        assert Role.objects.get(key="helpers").group.name == "Helpers"

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"key": "no spaces", "name": "x"},
            {"key": "a", "name": ""},
            {"key": "a", "name": "x", "rank": -1},
            {"key": "a", "name": "x", "rank": "high"},
            {"key": "a", "name": "x", "rank": 10**9},
            {"key": "a", "name": "x", "permissions": ["accounts.fly"]},
            {"key": "a", "name": "x", "permissions": "accounts.view_user"},
            {"key": "a", "name": "x", "permissions": [5]},
            {"key": "clerks", "name": "x"},
            {"key": "a", "name": "Role clerks"},
        ],
    )
    def test_are_not_made_badly(self, top, clerk, body):
        assert code_of(top.post("roles/", body)) == (400, "10000")

    @pytest.mark.attack("T-F-11")
    def test_give_no_more_than_their_maker_has(self, phone_of, hire, role):
        powers = [f"accounts.{what}_role" for what in ("view", "add", "change", "delete")]
        maker = phone_of(hire("therolemk", roles=[role("makers", 50, *powers)]))

        assert code_of(maker.post("roles/", {"key": "a", "name": "A", "rank": 50})) == (403, "10009")
        beyond = {"key": "a", "name": "A", "rank": 5, "permissions": ["accounts.delete_user"]}
        assert code_of(maker.post("roles/", beyond)) == (403, "10009")
        made = maker.post("roles/", beyond | {"permissions": ["accounts.view_role"]})
        assert made.status_code == 201
        assert code_of(maker.patch(f"roles/{made.json()['id']}", {"rank": 50})) == (403, "10009")
        own = Role.objects.get(key="makers")
        assert code_of(maker.patch(f"roles/{own.pk}", {"permissions": []})) == (403, "10009")

    def test_that_people_have_stay(self, top, clerk):
        role = Role.objects.get(key="clerks")

        assert code_of(top.delete(f"roles/{role.pk}")) == (409, "10005")

    def test_change_what_people_may_at_once(self, top, desk, clerk):
        role = Role.objects.get(key="clerks")

        top.patch(f"roles/{role.pk}", {"permissions": []})

        assert code_of(desk.get("users/")) == (403, "10009")
