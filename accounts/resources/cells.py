"""How departments, roles and people stand in a cell."""

import re
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from accounts.models import Department, Role, User
from integrations.sheets.columns import BLANKS, Column, Text, plain_text
from integrations.sheets.reader.process import Cell

SEPARATORS = re.compile(r"[,，;；、\n]")


class Email(Text):
    """A mail address, its host in lower case as Django keeps it."""

    def clean(self, value: Cell, row: Any = None, **options: Any) -> str:
        return User.objects.normalize_email(super().clean(value, row, **options) or "")


class InDepartment(Widget):  # type: ignore[misc]  # import-export has no types
    """A department by its path ("Sales / North") or, where that is plain enough, by its name."""

    @cached_property
    def _departments(self) -> dict[int, Department]:
        return {each.pk: each for each in Department.objects.all()}

    @cached_property
    def _by_path(self) -> dict[str, Department]:
        return {self._normal(self._path(each)): each for each in self._departments.values()}

    @cached_property
    def _by_name(self) -> dict[str, list[Department]]:
        named: dict[str, list[Department]] = {}
        for each in self._departments.values():
            named.setdefault(each.name.strip().casefold(), []).append(each)
        return named

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> Department | None:
        text = plain_text(value).strip(BLANKS)
        if not text:
            return None
        if found := self._by_path.get(self._normal(text)):
            return found
        named = self._by_name.get(text.casefold(), [])
        if len(named) == 1:
            return named[0]
        if named:
            paths = "; ".join(self._path(each) for each in named[:5])
            raise ValidationError(
                _("More than one department has this name; write one of: {paths}").format(paths=paths)
            )
        raise ValidationError(_("There is no department “{name}”.").format(name=text[:60]))

    def render(self, value: Department | None, obj: Any = None, **_options: Any) -> Cell:
        return self._path(self._departments.get(value.pk, value)) if value else None

    def choices(self) -> list[str]:
        return sorted(self._path(each) for each in self._departments.values())

    def _path(self, department: Department) -> str:
        names = [department.name]
        above, seen = department.parent_id, {department.pk}
        while above in self._departments and above not in seen:
            seen.add(above)
            names.insert(0, self._departments[above].name)
            above = self._departments[above].parent_id
        return " / ".join(names)

    @staticmethod
    def _normal(path: str) -> str:
        return "/".join(part.strip().casefold() for part in path.split("/"))


class Roles(Widget):  # type: ignore[misc]  # import-export has no types
    """Roles by name or key, several with commas between them."""

    @cached_property
    def known(self) -> dict[int, Role]:
        return {role.pk: role for role in Role.objects.select_related("group")}

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> frozenset[int]:
        spellings = {role.group.name.casefold(): role.pk for role in self.known.values()}
        spellings |= {role.key.casefold(): role.pk for role in self.known.values()}
        wanted = [part for each in SEPARATORS.split(plain_text(value)) if (part := each.strip(BLANKS))]
        unknown = [name for name in wanted if name.casefold() not in spellings]
        if unknown:
            raise ValidationError(_("There is no role “{name}”.").format(name=unknown[0][:60]))
        return frozenset(spellings[name.casefold()] for name in wanted)

    def render(self, value: frozenset[int], obj: Any = None, **_options: Any) -> Cell:
        roles = sorted((self.known[pk] for pk in value if pk in self.known), key=lambda role: (-role.rank, role.key))
        return ", ".join(role.key if SEPARATORS.search(role.group.name) else role.group.name for role in roles) or None

    def choices(self) -> list[str]:
        return [role.group.name for role in self.known.values() if not SEPARATORS.search(role.group.name)]


class RolesColumn(Column):
    """The roles a person has through groups."""

    def value(self, instance: User) -> frozenset[int]:
        return frozenset(role.pk for role in instance.roles)


class Person(Widget):  # type: ignore[misc]  # import-export has no types
    """Somebody by user name; they must be there already, among `people`."""

    def __init__(self) -> None:
        super().__init__()
        self.people = User.objects.get_queryset()
        self._found: dict[str, User | None] = {}

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> User | None:
        name = plain_text(value).strip(BLANKS)
        if not name:
            return None
        if name not in self._found:
            self._found[name] = self.people.filter(username=name).first()
        if self._found[name] is None:
            raise ValidationError(_("There is nobody of the user name “{name}”.").format(name=name[:60]))
        return self._found[name]

    def render(self, value: User | None, obj: Any = None, **_options: Any) -> Cell:
        return value.username if value else None
