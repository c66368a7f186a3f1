"""What people own, and what becomes of it when they leave: each app says so itself, when it starts.

leaving.owns(
    "reports",
    title=_("People they manage"),
    becomes=_("The successor becomes their manager; without one, the leaver's own manager."),
    rows=lambda person: person.reports.all(),
    hand_over=_hand_reports_over,
)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Handed(NamedTuple):
    """How much was handed over or ended, and how much was left alone because who acts may not change it."""

    done: int
    left: int = 0


HandOver = Callable[[Any, Any, Any], Handed]


@dataclass(frozen=True)
class Belonging:
    """One kind of thing that people own.

    `hand_over(person, successor, by)` runs in the transaction of the leaving, with the rows of both people locked;
    `successor` and `by` may be None.
    """

    key: str
    title: Any
    becomes: Any
    rows: Callable[[Any], "QuerySet[Any]"]
    hand_over: HandOver


_belongings: dict[str, Belonging] = {}


def owns(key: str, *, title: Any, becomes: Any, rows: Callable[[Any], "QuerySet[Any]"], hand_over: HandOver) -> None:
    """Let people own things of this kind from now on."""
    _belongings[key] = Belonging(key, title, becomes, rows, hand_over)


def belongings() -> list[Belonging]:
    """Return every kind of thing that people may own, in the order the apps named them."""
    return list(_belongings.values())
