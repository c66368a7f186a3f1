"""Key ids that a process does not know: another node's newest, or made up."""

import pytest
from django.db import OperationalError

from accounts import keys
from accounts.keys.key import Key, State, make
from accounts.keys.ring import Ring
from accounts.keys.rows import Rows


class Table:
    """Where the keys are kept; counts how often they are read."""

    def __init__(self) -> None:
        self.kids, self.reads, self.is_away, self.now = ["first"], 0, False, 0.0
        self._private = make("EdDSA")

    def read(self) -> list[Key]:
        self.reads += 1
        if self.is_away:
            raise OperationalError
        return [Key(kid, "EdDSA", State.CURRENT, self._private.public_key(), self._private, {}) for kid in self.kids]


@pytest.fixture
def table():
    return Table()


@pytest.fixture
def ring(table):
    """A process that has read the keys a moment ago."""
    ring = Ring(table.read, clock=lambda: table.now)
    assert ring.find("first")
    return ring


class TestAnUnknownKey:
    def test_that_another_node_made_counts_at_once(self, table, ring):
        table.kids.append("second")

        assert ring.find("second").kid == "second"
        assert table.reads == 2

    @pytest.mark.attack("T-JWT-2")
    def test_that_is_made_up_costs_one_look_in_a_second(self, table, ring):
        for step in range(50):
            table.now = step / 10
            assert [ring.find(f"made-up-{step}-{number}") for number in range(20)] == [None] * 20

        assert table.reads == 1 + 5

    @pytest.mark.attack("T-JWT-2")
    def test_that_comes_again_and_again_costs_one_look_in_ten_seconds(self, table, ring):
        for second in range(25):
            table.now = float(second)
            assert ring.find("made-up") is None

        assert table.reads == 1 + 3

    def test_is_found_beside_made_up_ones_within_a_second(self, table, ring):
        assert ring.find("made-up") is None
        table.kids.append("second")
        assert ring.find("second") is None

        table.now = 1.0
        assert ring.find("another") is None

        assert ring.find("second")

    def test_that_was_looked_for_in_vain_counts_once_it_is_there(self, table, ring):
        assert ring.find("second") is None
        table.kids.append("second")

        table.now = 1.0
        assert ring.find("another") is None

        assert ring.find("second")

    @pytest.mark.attack("T-JWT-2")
    def test_does_not_make_us_forget_the_others_while_the_table_is_away(self, table, ring):
        table.is_away = True

        assert ring.find("made-up") is None
        assert ring.find("first")


@pytest.mark.django_db
class TestAnUnknownKeyInARow:
    @pytest.fixture(autouse=True)
    def rows(self, settings):
        settings.JWT_KEYS_DIR = None
        keys.forget()
        keys.current()
        yield
        keys.forget()

    @pytest.mark.attack("T-KEY-1")
    def test_that_another_node_made_counts_at_once(self):
        added = Rows().add("EdDSA")

        assert keys.find(added.kid).kid == added.kid

    @pytest.mark.attack("T-JWT-2")
    def test_costs_a_crowd_one_query(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            for number in range(50):
                assert keys.find(f"made-up-{number}") is None
