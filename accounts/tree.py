"""The departments as the tree they are: in order, with their depth and with how many people belong to them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Count

from accounts import scope
from accounts.models import Department


class Counted(NamedTuple):
    """How many people belong to a department itself, and to it with all below it."""

    own: int
    all: int


NOBODY = Counted(0, 0)


def departments() -> list[Department]:
    """Return every department, parents before children, each knowing its `depth`: one query, however deep they lie."""
    rows = Department.objects.without_tree_fields().select_related("head").order_by("position", "name", "pk")
    return list(in_order(rows))


def in_order(rows: Iterable[Department]) -> Iterator[Department]:
    """Go through `rows`, which are sorted among siblings, parents before children; give each its `depth`."""
    below: dict[int | None, list[Department]] = defaultdict(list)
    for one in rows:
        below[one.parent_id].append(one)
    waiting = [(one, 0) for one in reversed(below[None])]
    while waiting:
        one, one.depth = waiting.pop()
        yield one
        waiting += [(child, one.depth + 1) for child in reversed(below[one.pk])]


def counted(reader: Any, *, active_only: bool = False) -> dict[int, Counted]:
    """Return how many of the people that `reader` may see belong to each department, by its id."""
    people = scope.people(reader).exclude(department=None)
    people = people.active() if active_only else people
    own = dict(people.order_by().values_list("department").annotate(Count("pk", distinct=True)))
    return _summed(own, dict(Department.objects.without_tree_fields().order_by().values_list("pk", "parent")))


def _summed(own: dict[Any, int], parents: dict[int, int | None]) -> dict[int, Counted]:
    total: dict[int, int] = defaultdict(int)
    for pk, number in own.items():
        above: int | None = pk
        while above is not None:
            total[above] += number
            above = parents.get(above)
    return {pk: Counted(own.get(pk, 0), total[pk]) for pk in parents}


def version(rows: Iterable[Department]) -> str:
    """Return a mark that changes when any department comes, goes, moves or is renamed."""
    told = sorted((one.pk, one.parent_id or 0, one.position, one.name) for one in rows)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
