"""Rows that change are written as `bulk_update` writes them, and of each only what changed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Department, User
from integrations.sheets.seen import AT_ONCE, Seen
from integrations.sheets.updating import update

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture
def people() -> list[User]:
    User.objects.bulk_create(User(username=f"person{n:02}", password="!", phone=f"1380000000{n}") for n in range(6))
    return list(User.objects.filter(username__startswith="person").order_by("pk"))


def stored(people: list[User]) -> list[Any]:
    return list(User.objects.filter(pk__in=[one.pk for one in people]).order_by("pk").values())


def changed(people: list[User]) -> list[str]:
    """Give fields of all kinds other values, without storing them."""
    department = Department.objects.create(name="Research")
    for n, one in enumerate(people):
        one.nickname, one.gender, one.is_active = f"“{n}” %s 名", n % 3, bool(n % 2)
        one.phone = None if n % 2 else f"1390000000{n}"
        one.department = department if n % 2 else None
        one.manager = people[0] if n else None
        one.date_joined = datetime(2024, 2, 29, 12, n, tzinfo=UTC)
    return ["nickname", "gender", "is_active", "phone", "department", "manager", "date_joined"]


def test_stores_what_bulk_update_stores(people: list[User]):
    before = stored(people)
    names = changed(people)
    update(User, [(one, names) for one in people])
    ours = stored(people)

    User.objects.filter(pk__in=[one.pk for one in people]).delete()
    User.objects.bulk_create(User(**each) for each in before)
    User.objects.bulk_update(people, names)

    assert ours == stored(people) != before


def test_writes_of_each_row_only_what_it_names(people: list[User]):
    before = stored(people)
    changed(people)
    User.objects.filter(pk=people[0].pk).update(real_name="by somebody else, meanwhile")

    update(User, [(people[0], ["nickname"]), (people[1], {"gender", "phone"}), (people[2], [])])

    before[0] |= {"nickname": "“0” %s 名", "real_name": "by somebody else, meanwhile"}
    before[1] |= {"gender": 1, "phone": None}
    assert stored(people) == before


def test_needs_no_more_statements_for_many_rows_than_for_one(people: list[User], django_assert_num_queries: Any):
    with django_assert_num_queries(1):
        update(User, [(one, ["nickname", "email"]) for one in people])


class TestSeen:
    def test_the_first_row_that_had_a_value_keeps_it(self):
        seen = Seen()
        seen.add([("a", 3), ("b", 4), ("a", 5)])

        assert [seen.first("a", 9), seen.first("b", 9), seen.first("c", 9), seen.first("c", 10)] == [3, 4, 9, 9]

    def test_says_which_of_many_values_were_met(self):
        seen = Seen()
        seen.add((f"value {n}", n) for n in range(0, 4 * AT_ONCE, 2))
        asked = [f"value {n}" for n in range(4 * AT_ONCE)]

        assert seen.among(asked) == {*asked[::2]}
        assert seen.among([]) == set()

    def test_tells_texts_that_look_alike_apart(self):
        seen = Seen()
        seen.add([("Müller", 1), ("1", 2), (" x", 3)])

        assert seen.among(["müller", "Mu\u0308ller", "x", "x ", "1"]) == {"1"}

    def test_values_need_not_be_texts(self):
        seen = Seen()
        seen.add([(7, 1), (datetime(2024, 2, 29, tzinfo=UTC), 2)])

        assert seen.among([7, 8, datetime(2024, 2, 29, tzinfo=UTC)]) == {7, datetime(2024, 2, 29, tzinfo=UTC)}
