"""What happened to people, departments and roles: before and after, in words."""

import pytest
from auditlog.models import LogEntry

from accounts import services
from accounts.models import Department, User
from tests.accounts.conftest import code_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def top(phone_of, boss):
    return phone_of(boss)


def changes(answer, event: str = "") -> list[tuple[str, ...]]:
    """What changed, newest first: field, before, after; or field, +added, −taken."""
    assert answer.status_code == 200, answer.content
    return [
        (one["field"], one["before"], one["after"])
        if not one["added"] and not one["taken"]
        else (one["field"], *(f"+{name}" for name in one["added"]), *(f"-{name}" for name in one["taken"]))
        for entry in answer.json()["results"]
        if entry["event"] == event
        for one in entry["changes"]
    ]


@pytest.mark.every_database
class TestOfAPerson:
    def test_tells_fields_by_name_and_rows_by_theirs(self, top, mei, hans):
        north = services.create_department(by=None, name="North")
        top.patch(f"users/{mei.pk}", {"nickname": "Ming", "department": north.pk, "manager": hans.pk, "gender": 2})
        top.patch(f"users/{mei.pk}", {"department": None, "is_active": False})

        found = changes(top.get(f"users/{mei.pk}/history"))

        assert {("department", "", "North"), ("manager", "", "Hans (hansmeier)"), ("gender", "unknown", "female")} <= {
            *found
        }
        assert {("department", "North", ""), ("is_active", "yes", "no"), ("nickname", "", "Ming")} <= {*found}

    def test_tells_who_and_speaks_the_readers_language(self, top, mei, boss):
        top.patch(f"users/{mei.pk}", {"nickname": "Ming"})

        entry = top.get(f"users/{mei.pk}/history", headers={"accept-language": "zh-hans"}).json()["results"][0]

        assert entry["actor"] == {"id": boss.pk, "name": "theboss"}
        assert (entry["changes"][0]["label"], entry["text"]) == ("昵称", "修改了用户")

    def test_tells_roles_given_and_taken(self, top, mei, role):
        helpers, guards = role("helpers", 3), role("guards", 5)
        services.set_roles(by=None, user=mei, roles=[helpers])
        top.patch(f"users/{mei.pk}", {"roles": [guards.key]})

        found = changes(top.get(f"users/{mei.pk}/history"), "user.roles_changed")

        assert found == [("roles", "+Role guards", "-Role helpers"), ("roles", "+Role helpers")]

    def test_never_tells_passwords(self, top, mei):
        services.set_password(user=mei, password="another-good-one")

        assert "argon2" not in top.get(f"users/{mei.pk}/history").content.decode()
        assert "password" not in {name for name, *_rest in changes(top.get(f"users/{mei.pk}/history"))}


@pytest.mark.every_database
class TestOfStructure:
    def test_tells_where_a_department_came_from(self, top):
        sales, board = (services.create_department(by=None, name=name) for name in ("Sales", "Board"))
        north = services.create_department(by=None, name="North", parent=sales)
        top.post(f"departments/{north.pk}/move", {"parent": board.pk})

        answer = top.get(f"departments/{north.pk}/history")

        assert changes(answer, "department.moved") == [("parent", "Sales", "Board")]
        assert ("parent", "Sales", "Board") in changes(answer)

    def test_tells_permissions_added_and_taken_in_words(self, top, role):
        helpers = role("helpers", 3, "accounts.view_user")
        top.patch(
            f"roles/{helpers.pk}", {"permissions": ["accounts.view_role", "accounts.end_loginsession"], "name": "New"}
        )

        answer = top.get(f"roles/{helpers.pk}/history")

        assert changes(answer, "role.permissions_changed") == [
            ("permissions", "+End sessions", "+Roles: View", "-Users: View")
        ]
        assert changes(answer, "role.changed") == [("name", "Role helpers", "New")]

    def test_names_what_is_gone_by_its_number(self, top, mei):
        north = services.create_department(by=None, name="North")
        number = north.pk
        services.update_user(by=None, user=mei, department=north)
        services.update_user(by=None, user=mei, department=None)
        Department.objects.filter(pk=number).delete()

        assert ("department", "", f"#{number}") in changes(top.get(f"users/{mei.pk}/history"))


class TestWhoMayRead:
    def test_those_who_may_change_it_or_read_the_trail(self, phone_of, clerk, mei, hire, role):
        viewer = hire("lookonly", roles=[role("viewers", 90, "accounts.view_user")])
        auditor = hire("theauditor", roles=[role("auditors", 1, "accounts.view_user", "auditlog.view_logentry")])
        path = f"users/{mei.pk}/history"

        assert phone_of(clerk).get(path).status_code == 200
        assert phone_of(auditor).get(path).status_code == 200
        assert code_of(phone_of(viewer).get(path)) == (403, "10009")
        assert code_of(phone_of(mei).get(path)) == (403, "10009")

    def test_of_nobody_is_not_found(self, top):
        assert code_of(top.get("users/99999/history")) == (404, "10008")

    def test_a_hundred_entries_take_as_many_queries_as_one(self, top, mei, hans, boss, django_assert_max_num_queries):
        for number in range(50):
            services.update_user(by=None, user=mei, nickname=f"Ming{number}", manager=hans if number % 2 else boss)
        top.get(f"users/{mei.pk}/history")

        with django_assert_max_num_queries(14):
            page = top.get(f"users/{mei.pk}/history?page_size=100").json()

        assert page["count"] == LogEntry.objects.get_for_object(User.objects.get(pk=mei.pk)).count() > 50
