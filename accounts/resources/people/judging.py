"""Which people somebody may add or change by a sheet, and what a row may say of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts import scope, validators
from accounts.models import Reach, User, UserQuerySet, reach_by, reach_of
from accounts.resources.cells import NO_ROLES
from accounts.resources.people.columns import PeopleColumns
from integrations.sheets.columns import Column
from integrations.sheets.rows import BAD, NEW, Checked


class JudgedPeople(PeopleColumns):
    """Holds rank, reach, names that are taken and passwords that are too weak against rows."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._spelt_otherwise: Set[str] = set()
        self._reaches: dict[tuple[frozenset[int], int | None], Reach] = {}
        self.column("manager").widget.people = self.queryset()

    def queryset(self) -> UserQuerySet:
        return scope.people(self.actor)

    def load(self, keys: Any) -> dict[str, User]:
        found: dict[str, User] = super().load(keys)
        # to some databases a name in other letters is the same name
        self._spelt_otherwise = found.keys() - set(keys)
        return found

    def guard(self, instance: User | None, values: Mapping[str, Any]) -> str:
        if instance is not None and not scope.outranks(self.actor, instance):
            return gettext("stands at or above your own rank")
        if instance is not None and instance.anonymised_at is not None:
            return gettext("was anonymised")
        return ""

    def refuse_taken(self, rows: list[Checked]) -> None:
        super().refuse_taken(rows)
        added = {row.key.casefold(): row for row in rows if row.kind == NEW}
        for taken in self._taken([row.key for row in added.values()]):
            if row := added.get(taken.casefold()):
                self.fault(row, self.key.name, gettext("belongs to somebody else already"), taken)

    def _taken(self, names: Sequence[str]) -> Iterable[str]:
        """Names that were not found although they are there: of people out of reach it can only be told that they are."""
        if reach_by(self.actor).everybody:
            return self._spelt_otherwise
        return User.objects.filter(username__in=names).values_list("username", flat=True)

    def validators_of_new(self, column: Column) -> Sequence[Callable[[Any], None]]:
        return [validators.username] if column is self.key else []

    def accept_secret(self, column: Column, value: Any, instance: Any) -> None:
        try:
            validators.password(value)
        except ValidationError:
            try:
                validate_password(value, instance)
            except ValidationError:
                raise ValidationError(
                    gettext(
                        "This password is too weak: 6 to 16 letters and digits with at least one of each will do, "
                        "or {n} and more characters that are on no list of leaked passwords."
                    ).format(n=settings.PASSWORD_MIN_LENGTH)
                ) from None

    def check_row(self, instance: User | None, values: Mapping[str, Any], row: Checked) -> None:
        had = frozenset(role.pk for role in instance.roles) if instance and instance.pk else NO_ROLES
        if "roles" in row.many and not self.trusted:
            self._check_roles(had, row)
        if not self.trusted and row.kind != BAD:
            self._check_place(instance, had, row)
        if "manager" in row.changes and instance:
            try:
                instance.clean()
            except ValidationError as problem:
                self.fault(row, "manager", " ".join(problem.messages), row.values.get("manager"))

    def _check_roles(self, had: frozenset[int], row: Checked) -> None:
        if self.actor.is_superuser:
            return
        known = self.column("roles").widget.known
        for pk in had ^ row.many["roles"]:
            role = known.get(pk)
            if role and role.rank >= self.actor.rank:
                reason = gettext("the role “{name}” stands at or above your own rank").format(name=role.group.name)
                self.fault(row, "roles", reason, row.values.get("roles"))
                return

    def _check_place(self, instance: User | None, had: frozenset[int], row: Checked) -> None:
        """Who is new or moves must end in the actor's reach, and reach nobody whom the actor does not."""
        if self.actor.reach.everybody:
            return
        department = instance.department_id if instance else getattr(row.given.get("department"), "pk", None)
        is_new = instance is None or not instance.pk
        if (is_new or "department" in row.changes) and not self.actor.reach.covers_departments([department]):
            reason = gettext("put people into departments whose people you reach")
            self.fault(row, "department", reason, row.values.get("department"))
        elif "department" in row.changes or "roles" in row.many:
            gained = self._reach(row.many.get("roles", had), department)
            if not self.actor.reach.includes(gained):
                reason = gettext("would reach people whom you do not reach yourself")
                self.fault(row, "roles" if "roles" in row.many else "department", reason, row.values.get("roles"))

    def _reach(self, roles: frozenset[int], department: int | None) -> Reach:
        """What these roles give in this department; asked once for each that occurs."""
        if (roles, department) not in self._reaches:
            known = self.column("roles").widget.known
            somebody = User(department_id=department)
            self._reaches[roles, department] = reach_of(somebody, [known[pk] for pk in roles if pk in known])
        return self._reaches[roles, department]
