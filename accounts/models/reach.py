"""How far people reach: whom they may see, and act on where they have the permission and the rank."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models.organisation import Department, Role


@dataclass(frozen=True)
class Reach:
    """The people somebody reaches: everybody, those of some departments, and in any case themselves.

    `owner` is who reaches; None reaches nobody at all.
    """

    owner: int | None = None
    everybody: bool = False
    departments: frozenset[int] = frozenset()

    def where(self, path: str = "") -> Q:
        """The condition on rows whose person is at `path` ("user"; empty: the rows are people).

        Rows of nobody are for those who reach everybody. Add conditions with `&`: no condition at all means everything.
        """
        if self.everybody:
            return Q()
        inner = f"{path}__" if path else ""
        if self.owner is None:
            return Q(pk__in=())
        own = Q(**{f"{inner}pk": self.owner})
        return own | Q(**{f"{inner}department__in": self.departments}) if self.departments else own

    def covers(self, person: Any) -> bool:
        """Tell whether `person` is among them; asks no database."""
        mine = self.owner is not None and person.pk == self.owner
        return self.everybody or mine or person.department_id in self.departments

    def covers_departments(self, ids: Iterable[int | None]) -> bool:
        """Tell whether all people of these departments are among them, now and later; None is "in no department"."""
        return self.everybody or self.departments.issuperset(ids)

    def includes(self, other: "Reach", *, besides: "Reach | None" = None) -> bool:
        """Tell whether whoever `other` reaches is among them, or among those of `besides`."""
        known = besides or Reach()
        if self.everybody or known.everybody:
            return True
        return not other.everybody and other.departments <= self.departments | known.departments


NOBODY = Reach()


def reach_of(person: Any, roles: Iterable[Role] | None = None) -> Reach:
    """How far `person` reaches, or would with `roles`: the union of what each gives, for their own department as it is.

    A superuser reaches everybody, and who has no role only themselves.
    """
    if person.is_superuser:
        return Reach(person.pk, everybody=True)
    held = person.roles if roles is None else roles
    parts = [reach_through(role, person.department_id) for role in held]
    return Reach(person.pk, any(one.everybody for one in parts), frozenset().union(*(one.departments for one in parts)))


def reach_through(role: Role, department_id: int | None) -> Reach:
    """What one role gives to people of this department, besides themselves."""
    own = [] if department_id is None else [department_id]
    match role.scope:
        case Role.Scope.ALL:
            return Reach(everybody=True)
        case Role.Scope.DEPARTMENT_TREE:
            return Reach(departments=below(own))
        case Role.Scope.DEPARTMENT:
            return Reach(departments=frozenset(own))
        case Role.Scope.CHOSEN:
            return Reach(departments=below(role.departments.without_tree_fields().values_list("pk", flat=True)))
    return NOBODY


def below(roots: Iterable[int]) -> frozenset[int]:
    """Return these departments and all below them, in one query whatever the depth."""
    first = list(roots)
    if not first:
        return frozenset()
    marks = ", ".join(["%s"] * len(first))
    table = connection.ops.quote_name(Department._meta.db_table)
    # UNION without ALL: a circle, should there ever be one, ends
    query = (
        f"WITH RECURSIVE reached (id) AS (SELECT id FROM {table} WHERE id IN ({marks})"  # noqa: S608 (marks only)
        f" UNION SELECT lower.id FROM {table} lower JOIN reached ON lower.parent_id = reached.id) SELECT id FROM reached"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, first)
        return frozenset(row[0] for row in cursor.fetchall())
