"""Remembers which column somebody meant by a header, once they matched it by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from integrations.sheets.headers import Header, names, normal
from integrations.sheets.models import ColumnMatch
from integrations.sheets.resources import SheetResource


def of(person: Any, resource: str) -> "QuerySet[ColumnMatch]":
    """What `person` matched by hand for a resource."""
    return ColumnMatch.objects.filter(person=person.pk, resource=resource)


def recall(person: Any, resource: str) -> dict[str, str]:
    """Normal header → the column it was matched with, or "" where it was left out."""
    return dict(of(person, resource).values_list("normal", "column"))


def keep(
    person: Any, name: str, resource: SheetResource, found: Iterable[Header], mapping: Mapping[str, str | None]
) -> None:
    """Remember what `mapping` (letter → column or None) says otherwise than the headers do by themselves."""
    known = names(resource.header_columns())
    for header in found:
        meant = normal(header.text)[:100]
        if header.place not in mapping or not meant:
            continue
        chosen, by_itself = mapping[header.place] or "", known.get(normal(header.text))
        taken = by_itself is not None and not (by_itself.never or by_itself.readonly)
        if chosen == (by_itself.name if by_itself and taken else ""):
            of(person, name).filter(normal=meant).delete()
            continue
        said = {"header": header.text[:100], "column": chosen, "matched_at": timezone.now()}
        ColumnMatch.objects.update_or_create(person_id=person.pk, resource=name, normal=meant, defaults=said)


def forget(person: Any, resource: str) -> int:
    """Forget all of it; return how much that was."""
    return of(person, resource).delete()[0]
