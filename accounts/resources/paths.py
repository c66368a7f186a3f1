"""Departments by their paths: "Head office / Research / Platform". A slash inside a name is doubled."""

import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Department

SLASH = re.compile(r"(?<!/)/(?!/)")
BETWEEN = " / "


def names_of(text: str) -> list[str]:
    """Split a path into the names along it.

    :raises ValidationError: when there is nothing between two slashes.
    """
    names = [part.strip().replace("//", "/") for part in SLASH.split(text)]
    if not all(names):
        raise ValidationError(_("Write the names of a path with one slash between them: A / B / C."))
    return names


def path_of(names: Sequence[str]) -> str:
    return BETWEEN.join(name.replace("/", "//") for name in names)


def normal(names: Sequence[str]) -> tuple[str, ...]:
    """A path as it is compared: case and blanks do not matter."""
    return tuple(name.strip().casefold() for name in names)


class Paths:
    """The departments as they are now, found by path or, where that is plain enough, by name; case does not matter."""

    def __init__(self) -> None:
        self._rows: dict[int, Department] = {row.pk: row for row in Department.objects.without_tree_fields()}
        self._by_path: dict[tuple[str, ...], Department] = {}
        self._by_name: dict[str, list[Department]] = {}
        for row in self._rows.values():
            self._note(row)

    def add(self, department: Department) -> None:
        """Know one more, made since."""
        self._rows[department.pk] = department
        self._note(department)

    def known(self) -> list[str]:
        return [self.of(row) for row in self._rows.values()]

    def of(self, department: Department) -> str:
        return path_of(self._names(self._rows.get(department.pk, department)))

    def by_id(self, pk: int) -> str:
        """Return the path of the department of this key; "" when there is none."""
        return self.of(self._rows[pk]) if pk in self._rows else ""

    def at(self, names: Sequence[str]) -> Department | None:
        """Return the department that stands there."""
        return self._by_path.get(normal(names))

    def find(self, text: str) -> Department:
        """Return the department that people mean by a path or a name.

        :raises ValidationError: when there is none, or more than one.
        """
        if found := self.at(names_of(text)):
            return found
        named = self._by_name.get(text.casefold(), [])
        if len(named) == 1:
            return named[0]
        if named:
            paths = "; ".join(self.of(each) for each in named[:5])
            raise ValidationError(
                _("More than one department has this name; write one of: {paths}").format(paths=paths)
            )
        raise ValidationError(_("There is no department “{name}”.").format(name=text[:60]))

    def _note(self, row: Department) -> None:
        self._by_path[normal(self._names(row))] = row
        self._by_name.setdefault(row.name.strip().casefold(), []).append(row)

    def _names(self, department: Department) -> list[str]:
        names = [department.name]
        above, seen = department.parent_id, {department.pk}
        while above in self._rows and above not in seen:
            seen.add(above)
            names.insert(0, self._rows[above].name)
            above = self._rows[above].parent_id
        return names
