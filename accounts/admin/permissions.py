"""The permission matrix of a role: one row per kind of thing, one column per deed."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django import forms
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.deeds import DEEDS, OTHER_DEEDS

Cell = TypeVar("Cell")
OWN_APPS = ("accounts", "realtime", "sheets", "sms", "django_celery_beat", "auditlog")
HIDDEN_MODELS = frozenset(
    {
        ("django_celery_beat", "solarschedule"),
        ("django_celery_beat", "periodictasks"),
    }
)


def grantable() -> QuerySet[Permission]:
    """The permissions that mean something in this product."""
    return Permission.objects.filter(content_type__app_label__in=OWN_APPS).select_related("content_type")


@dataclass
class Row(Generic[Cell]):
    """Everything that may be done with one kind of thing."""

    title: str
    deeds: dict[str, Cell] = field(default_factory=dict)
    others: list[Cell] = field(default_factory=list)

    @property
    def columns(self) -> list[Cell | None]:
        return [self.deeds.get(deed) for deed in DEEDS]

    @property
    def cells(self) -> list[Cell]:
        return [*(self.deeds[deed] for deed in DEEDS if deed in self.deeds), *self.others]


def table(make: Callable[[Permission, str, str], Cell]) -> list[tuple[str, list[Row[Cell]]]]:
    """Put a cell for each permission that can be given in its place, by part of the product and kind of thing.

    :param make: makes the cell of a permission, given its full name and what people call the deed.
    """
    rows: dict[tuple[str, str], Row[Cell]] = {}
    for permission in grantable().order_by("content_type__app_label", "content_type__model", "codename"):
        kind = permission.content_type
        model = kind.model_class()
        if model is None or (kind.app_label, kind.model) in HIDDEN_MODELS:
            continue
        row = rows.setdefault((kind.app_label, kind.model), Row(str(model._meta.verbose_name_plural)))
        deed = permission.codename.removesuffix(f"_{kind.model}")
        label = str(DEEDS.get(deed) or OTHER_DEEDS.get(permission.codename) or gettext(permission.name))
        cell = make(permission, f"{kind.app_label}.{permission.codename}", label)
        if deed in DEEDS:
            row.deeds[deed] = cell
        else:
            row.others.append(cell)
    sections: dict[str, list[Row[Cell]]] = defaultdict(list)
    for (app, _model), row in rows.items():
        sections[app].append(row)
    return [(str(apps.get_app_config(app).verbose_name), sections[app]) for app in OWN_APPS if sections[app]]


@dataclass
class Box:
    """One permission as a box to tick."""

    pk: int
    label: str
    ticked: bool
    locked: bool


class PermissionMatrix(forms.CheckboxSelectMultiple):
    """Permissions as a table. What `holder` does not hold is shown, but cannot be given or taken."""

    template_name = "gatehouse/permission_matrix.html"
    holder: Any = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        # the forms' own renderer looks into Django's templates only
        return SafeString(render_to_string(self.template_name, self.get_context(name, value, attrs)))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        ticked = {int(one) for one in value or [] if str(one).isdigit()}
        return {
            "widget": {"name": name},
            "sections": self._sections(ticked),
            "deeds": list(DEEDS.values()),
        }

    def _sections(self, ticked: set[int]) -> list[tuple[str, list[Row[Box]]]]:
        def box(permission: Permission, name: str, label: str) -> Box:
            held = self.holder is None or self.holder.has_perm(name)
            return Box(permission.pk, label, permission.pk in ticked, locked=not held)

        return table(box)
