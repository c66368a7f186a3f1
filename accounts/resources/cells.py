"""How departments, roles and people stand in a cell."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from accounts import deeds, validators
from accounts.models import Department, Role, User
from accounts.resources.paths import Paths
from integrations.sheets.columns import Column, Text, plain_text
from integrations.sheets.reader.process import Cell
from integrations.sheets.rows import BLANKS

SEMICOLONS = re.compile(r"(?<!;);(?!;)|[；\n]")
NO_ROLES: frozenset[int] = frozenset()
SEPARATORS = re.compile(r"[,，;；、\n]")


class Email(Text):
    """A mail address, its host in lower case as Django keeps it."""

    def normal(self, text: str) -> str:
        return text if text.islower() and text == text.strip() else User.objects.normalize_email(text)


class Phone(Text):
    """A phone number, in the one spelling in which it is kept."""

    def normal(self, text: str) -> str:
        return validators.phone.spelled(text)


class InDepartment(Widget):  # type: ignore[misc]  # import-export has no types
    """A department by its path ("Sales / North") or, where that is plain enough, by its name."""

    @cached_property
    def paths(self) -> Paths:
        return Paths()

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> Department | None:
        text = plain_text(value).strip(BLANKS)
        return self.paths.find(text) if text else None

    def render(self, value: Department | None, obj: Any = None, **_options: Any) -> Cell:
        return self.paths.of(value) if value else None

    def cells(self, values: Iterable[int | None]) -> list[Cell]:
        path = cache(self.paths.by_id)
        return [(path(pk) or None) if pk else None for pk in values]

    def choices(self) -> list[str]:
        return sorted(self.paths.known())


class Roles(Widget):  # type: ignore[misc]  # import-export has no types
    """Roles by name or key, several with commas between them."""

    @cached_property
    def known(self) -> dict[int, Role]:
        return {role.pk: role for role in Role.objects.select_related("group")}

    @cached_property
    def _spellings(self) -> dict[str, int]:
        names = {role.group.name.casefold(): role.pk for role in self.known.values()}
        return names | {role.key.casefold(): role.pk for role in self.known.values()}

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> frozenset[int]:
        if value is None:
            return NO_ROLES
        spellings = self._spellings
        wanted = [part for each in SEPARATORS.split(plain_text(value)) if (part := each.strip(BLANKS))]
        unknown = [name for name in wanted if name.casefold() not in spellings]
        if unknown:
            raise ValidationError(_("There is no role “{name}”.").format(name=unknown[0][:60]))
        return frozenset(spellings[name.casefold()] for name in wanted)

    def render(self, value: frozenset[int], obj: Any = None, **_options: Any) -> Cell:
        if not value:
            return None
        roles = sorted((self.known[pk] for pk in value if pk in self.known), key=lambda role: (-role.rank, role.key))
        return ", ".join(role.key if SEPARATORS.search(role.group.name) else role.group.name for role in roles) or None

    def cells(self, values: Iterable[frozenset[int]]) -> list[Cell]:
        shown = cache(self.render)
        return [shown(value) for value in values]

    def choices(self) -> list[str]:
        return [role.group.name for role in self.known.values() if not SEPARATORS.search(role.group.name)]


class RolesColumn(Column):
    """The roles a person has through groups."""

    def value(self, instance: User) -> frozenset[int]:
        return frozenset(role.pk for role in instance.roles)


class Several(Widget):  # type: ignore[misc]  # import-export has no types
    """Several things in one cell, with semicolons or line breaks between them; a semicolon inside a name is doubled."""

    def one(self, text: str) -> Any:
        """Return what a text between two semicolons stands for.

        :raises ValidationError: when it stands for nothing.
        """
        raise NotImplementedError

    def texts(self, value: Any) -> list[str]:
        """Return how each of them is written, in order."""
        raise NotImplementedError

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> frozenset[Any]:
        parts = (part.strip(BLANKS).replace(";;", ";") for part in SEMICOLONS.split(plain_text(value)))
        return frozenset(self.one(part) for part in parts if part)

    def render(self, value: Any, obj: Any = None, **_options: Any) -> Cell:
        return "; ".join(text.replace(";", ";;") for text in self.texts(value)) or None


class Departments(Several):
    """Departments by path or name."""

    @cached_property
    def paths(self) -> Paths:
        return Paths()

    def one(self, text: str) -> int:
        return int(self.paths.find(text).pk)

    def texts(self, value: Any) -> list[str]:
        return sorted(path for pk in value if (path := self.paths.by_id(pk)))


class Permissions(Several):
    """Permissions as people read them ("Users: View"), in any of our languages, or by their names (accounts.view_user)."""

    @cached_property
    def _known(self) -> dict[int, str]:
        every = Permission.objects.select_related("content_type")
        return {one.pk: f"{one.content_type.app_label}.{one.codename}" for one in every}

    @cached_property
    def _spellings(self) -> dict[str, int]:
        found = {name: pk for pk, name in self._known.items()}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                found |= {text.casefold(): pk for pk, text in self._words.items()}
        return found

    @property
    def _words(self) -> dict[int, str]:
        """What each is called in the present language; by name, where two are called the same."""
        words = {pk: deeds.in_words(name) for pk, name in self._known.items()}
        counted = Counter(words.values())
        return {pk: text if counted[text] == 1 else self._known[pk] for pk, text in words.items()}

    def one(self, text: str) -> int:
        found = self._spellings.get(text.casefold())
        if found is None:
            raise ValidationError(_("There is no permission called {name}.").format(name=f"“{text[:60]}”"))
        return found

    def texts(self, value: Any) -> list[str]:
        words = self._words
        return sorted(words[pk] for pk in value if pk in words)


class Person(Widget):  # type: ignore[misc]  # import-export has no types
    """Somebody by user name; they must be there already, among `people`."""

    within = "username"

    def __init__(self) -> None:
        super().__init__()
        self.people = User.objects.get_queryset()
        self._found: dict[str, User | None] = {}

    def expect(self, cells: Sequence[Cell]) -> None:
        """Find everybody whom these cells name with one query."""
        names = {plain_text(cell).strip(BLANKS) for cell in set(cells) if isinstance(cell, str | int)}
        if names - {"", *self._found}:
            self._found = {person.username: person for person in self.people.filter(username__in=names)}

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

    def cells(self, values: Iterable[str | None]) -> list[Cell]:
        return list(values)
