"""Departments: a tree that people put in order, two of them at once included."""

import pytest

from accounts import services, tree
from accounts.errors import TreeHasChanged
from accounts.models import Department
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db):
    """Board; Sales with North and South; Plant."""
    made = {}
    for name, parent in (("Board", ""), ("Sales", ""), ("North", "Sales"), ("South", "Sales"), ("Plant", "")):
        made[name] = services.create_department(by=None, name=name, parent=made.get(parent))
    return made


@pytest.fixture
def top(phone_of, boss):
    return phone_of(boss)


def drawn() -> list[str]:
    """The tree as text, a dot for each level."""
    return ["." * one.depth + one.name for one in tree.departments()]


def move(caller, one: Department, **where: Department | None):
    sent = {name: other.pk if other else None for name, other in where.items()}
    return caller.post(f"departments/{one.pk}/move", sent)


@pytest.mark.every_database
class TestMoving:
    def test_newcomers_stand_last(self, house):
        assert drawn() == ["Board", "Sales", ".North", ".South", "Plant"]

    def test_beside_another(self, top, house):
        assert move(top, house["Plant"], before=house["Board"]).status_code == 200
        assert move(top, house["North"], after=house["South"]).status_code == 200

        assert drawn() == ["Plant", "Board", "Sales", ".South", ".North"]

    def test_below_another_takes_all_below_along(self, top, house):
        answer = move(top, house["Sales"], parent=house["Board"])

        assert (answer.json()["parent"], answer.json()["depth"]) == (house["Board"].pk, 1)
        assert drawn() == ["Board", ".Sales", "..North", "..South", "Plant"]

    def test_to_the_top_beside_its_parent(self, top, house):
        move(top, house["North"], parent=None, after=house["Sales"])

        assert drawn() == ["Board", "Sales", ".South", "North", "Plant"]

    def test_never_below_itself(self, top, house):
        assert fields_of(move(top, house["Sales"], parent=house["North"])) == {"parent"}
        assert fields_of(move(top, house["Sales"], after=house["South"])) == {"parent"}
        assert drawn() == ["Board", "Sales", ".North", ".South", "Plant"]

    def test_never_beside_a_twin(self, top, house):
        services.create_department(by=None, name="North")

        assert fields_of(move(top, house["North"], parent=None)) == {"name"}

    def test_is_refused_where_the_neighbour_stands_no_more(self, top, house):
        assert code_of(move(top, house["Plant"], parent=house["Board"], after=house["North"])) == (409, "10005")
        assert code_of(move(top, house["Plant"], after=house["Plant"])) == (409, "10005")

    @pytest.mark.parametrize("body", [{}, {"before": 1, "after": 1}, {"parent": "x"}, {"after": 99_999}, {"to": 1}])
    def test_says_what_is_missing(self, top, house, body):
        body = {name: house["Board"].pk if value == 1 else value for name, value in body.items()}

        assert code_of(top.post(f"departments/{house['Plant'].pk}/move", body)) == (400, "10000")

    def test_needs_the_permission_to_change_departments(self, phone_of, clerk, house, hire, role):
        builder = hire("thebuilder", roles=[role("builders", 60, "accounts.change_department")])

        assert code_of(move(phone_of(clerk), house["Plant"], parent=None)) == (403, "10009")
        assert move(phone_of(builder), house["Plant"], before=house["Board"]).status_code == 200

    def test_by_changing_the_parent_stands_last_there(self, top, house):
        top.patch(f"departments/{house['Plant'].pk}", {"parent": house["Sales"].pk})

        assert drawn() == ["Board", "Sales", ".North", ".South", ".Plant"]

    def test_is_refused_after_a_look_at_an_older_tree(self, house):
        seen = tree.version(tree.departments())
        services.move_department(by=None, department=house["Plant"], parent=None, before=house["Board"], seen=seen)

        with pytest.raises(TreeHasChanged):
            services.move_department(by=None, department=house["Sales"], parent=house["Board"], seen=seen)


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_never_make_a_circle(self, house):
        pair = [house["Board"], house["Plant"]]

        answers = together(2, lambda n: services.move_department(by=None, department=pair[n], parent=pair[1 - n]))

        assert sum(isinstance(one, Exception) for one in answers) == 1
        assert len(tree.departments()) == 5


class TestCounting:
    def test_counts_those_below_too(self, top, house, hire, django_assert_max_num_queries):
        for number, name in enumerate(("Sales", "North", "North", "South")):
            hire(f"member{number:03}", department=house[name])

        with django_assert_max_num_queries(12):
            found = top.get("departments/").json()["results"]

        counts = {one["name"]: (one["people"], one["people_total"]) for one in found}
        assert counts == {"Board": (0, 0), "Sales": (1, 4), "North": (2, 2), "South": (1, 1), "Plant": (0, 0)}

    def test_five_hundred_departments_ten_levels_deep_take_as_many_queries_as_five(
        self, top, hire, django_assert_max_num_queries
    ):
        above = None
        for level in range(10):
            above = Department.objects.create(name=f"Level {level}", parent=above)
        Department.objects.bulk_create(Department(name=f"Room {n}", parent=above, position=n) for n in range(490))
        hire("thedeepone", department=above)

        with django_assert_max_num_queries(12):
            page = top.get("departments/?page_size=200").json()

        assert page["count"] == 500
        assert [one["depth"] for one in page["results"][:11]] == list(range(11))
        assert page["results"][0]["people_total"] == 1
