"""Columns that people take out again and again, under names of their own."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from integrations.sheets.models import ColumnSet
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.services.exporting import ensure_columns
from project.core.errors import InvalidParameters, NoPermission

MOST = 30


def column_sets(user: Any, resource: str = "") -> "models.QuerySet[ColumnSet]":
    """The sets of one person, of one resource or of all."""
    mine = ColumnSet.objects.filter(owner=user.pk).order_by("resource", "name")
    return mine.filter(resource=resource) if resource else mine


def default_columns(user: Any, resource: str) -> list[str]:
    """What their exports hold unless they choose: of their default set what they may still take out, or nothing."""
    found = column_sets(user, resource).filter(is_default=True).first()
    if found is None:
        return []
    allowed = {column.name for column in resource_class(resource)(actor=user).export_columns()}
    return [name for name in found.columns if name in allowed]


def save_columns(*, by: Any, resource: str, name: str, columns: Sequence[str], is_default: bool = False) -> ColumnSet:
    """Keep columns under a name; a set of this name is replaced. Only one set of a resource is the default.

    :raises NoPermission: when `by` may not export this.
    :raises InvalidParameters: for columns that are not there, none at all, no name, or too many sets.
    """
    found: SheetResource = resource_class(resource)(actor=by)
    if not found.may_export():
        raise NoPermission
    ensure_columns(found, columns)
    if not columns:
        raise InvalidParameters(fields={"columns": [_("Choose at least one column.")]})
    with transaction.atomic():
        others = column_sets(by, resource).select_for_update()
        if len(others) >= MOST and name not in {one.name for one in others}:
            raise InvalidParameters(fields={"name": [_("At most {n} sets are kept.").format(n=MOST)]})
        if is_default:
            others.update(is_default=False)
        chosen = [column.name for column in found.export_columns(columns)]
        kept = ColumnSet(owner_id=by.pk, resource=resource, name=name.strip(), columns=chosen, is_default=is_default)
        try:
            kept.clean_fields(exclude=["owner"])
        except ValidationError as problem:
            raise InvalidParameters(fields=problem.message_dict) from problem
        kept, _made = ColumnSet.objects.update_or_create(
            owner_id=by.pk,
            resource=resource,
            name=kept.name,
            defaults={"columns": chosen, "is_default": is_default},
        )
    return kept
