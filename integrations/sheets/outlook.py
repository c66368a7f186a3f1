"""What undoing a chunk of an import would do: its rows as the import left them, compared with what is there now."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.sheets.columns import Column
from integrations.sheets.models import ImportChunk
from integrations.sheets.reader.process import from_plain, to_plain
from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import BAD, CHANGED, NEW, UNCHANGED, Checked, Given
from integrations.sheets.ties import Tie

Row = Mapping[str, Any]
Written = tuple[Row, Any]


@dataclass
class Outlook:
    """`removes` are keys of rows to take out; `restores` say the old values; `left` are rows that stay, and why."""

    removes: list[Any] = field(default_factory=list)
    restores: list[Checked] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)
    settled: int = 0
    """Rows that are as they were before already: nothing is to be done about them."""

    @property
    def rows(self) -> int:
        return len(self.removes) + len(self.restores) + len(self.left) + self.settled

    def leave(self, row: Row, reason: str) -> None:
        self.left.append({"row": row["number"], "key": row["key"], "reason": reason})


def written(chunk: ImportChunk) -> list[Written]:
    """The rows that a chunk wrote and that are not undone, in the order of the sheet: new ones with the keys they got."""
    made = iter(chunk.made)
    rows: list[Written] = [
        (row, next(made) if row["kind"] == NEW else None) for row in chunk.every_row if row["kind"] in (NEW, CHANGED)
    ]
    return rows[: len(rows) - chunk.undone]


def look_at(
    rows: Sequence[Written], resource: SheetResource, *, going: Collection[Any] = (), lock: bool = False
) -> Outlook:
    """Compare rows with the database; with `lock`, in a transaction, nobody changes them meanwhile.

    `going` are keys of rows that go too: what hangs on a row and goes with it is no hindrance.
    """
    made = [(row, key) for row, key in rows if row["kind"] == NEW]
    changed = [row for row, _key in rows if row["kind"] == CHANGED]
    if lock:
        _lock(resource, [key for _row, key in made], [row["key"] for row in changed])
    outlook = Outlook()
    _look_at_made(outlook, resource, made, going)
    _look_at_changed(outlook, resource, changed)
    outlook.left.sort(key=lambda left: left["row"])
    return outlook


def _lock(resource: SheetResource, keys: Sequence[Any], names: Sequence[str]) -> None:
    wanted = [*keys, *(instance.pk for instance in resource.load(names).values())]
    rows = resource._meta.model._base_manager.select_for_update().filter(pk__in=wanted)
    # everybody locks in this order, so that nobody waits for who waits for them
    list(rows.order_by("pk").values_list("pk", flat=True))


def _look_at_made(outlook: Outlook, resource: SheetResource, rows: Sequence[Written], going: Collection[Any]) -> None:
    keys = [key for _row, key in rows]
    there = set(resource._meta.model._base_manager.filter(pk__in=keys).values_list("pk", flat=True))
    found = resource.load([row["key"] for row, _key in rows])
    hanging: dict[Any, list[Tie]] = defaultdict(list)
    for tie in resource.ties(there):
        hanging[tie.key].append(tie)
    blank = resource._meta.model()
    for row, plain in reversed(rows):  # what was made later may hang on what was made before
        key = resource._meta.model._meta.pk.to_python(plain)
        if key not in there:
            outlook.settled += 1
            continue
        stays = [tie.what for tie in hanging[key] if tie.row not in going and tie.row not in outlook.removes]
        reason = _why_not(resource, row, key, found.get(row["key"]), blank)
        if not reason and stays:
            reason = _("is in use by now: {what}").format(what=", ".join(dict.fromkeys(stays)))
        if reason:
            outlook.leave(row, reason)
        else:
            outlook.removes.append(key)
    outlook.removes.reverse()


def _why_not(resource: SheetResource, row: Row, key: Any, instance: Any, blank: models.Model) -> str:
    if instance is None or instance.pk != key:
        return _("was renamed since, or is out of your reach")
    return resource.guard(instance, {}) or _touched(resource, row, instance, blank)


def _look_at_changed(outlook: Outlook, resource: SheetResource, rows: Sequence[Row]) -> None:
    resource.forget_seen()
    fresh = resource.examine([former(row, resource) for row in rows])
    for row, now in zip(rows, fresh, strict=True):
        touched = [name for name, (current, _old) in now.changes.items() if current != row["changes"][name][1]]
        if now.instance is None or now.instance._state.adding:
            outlook.leave(row, _("is no longer there, or out of your reach"))
        elif touched:
            outlook.leave(row, _was_changed(resource, touched))
        elif now.kind == BAD:
            outlook.leave(row, "; ".join(each["reason"] for each in now.errors))
        elif now.kind == UNCHANGED:
            outlook.settled += 1
        else:
            outlook.restores.append(now)


def former(row: Row, resource: SheetResource) -> Given:
    """What a row would have to say to bring the old values back."""
    old = {name: from_plain(old) for name, (old, _new) in row["changes"].items()}
    return Given(row["number"], {resource.key.name: row["key"], **old})


def _touched(resource: SheetResource, row: Row, instance: models.Model, blank: models.Model) -> str:
    """Say what was changed of a row since it was made: a column that was in the sheet, or any other field."""
    columns = [column for column in resource.columns if not column.secret]
    if changed := [column.name for column in columns if not _is_as_left(column, row, instance)]:
        return _was_changed(resource, changed)
    compared = {column.attribute for column in resource.columns if column.secret or column.name in row["changes"]}
    for own in resource._meta.model._meta.concrete_fields:
        if own.name in compared or own.name in resource.bookkeeping or _sets_itself(own):
            continue
        if own.value_from_object(instance) != own.value_from_object(blank):
            return _("“{column}” was changed since").format(column=capfirst(str(own.verbose_name)))
    return ""


def _is_as_left(column: Column, row: Row, instance: models.Model) -> bool:
    if column.name in row["changes"]:
        return bool(to_plain(column.show(column.value(instance))) == row["changes"][column.name][1])
    return not column.many or not column.value(instance)


def _sets_itself(own: "models.Field[Any, Any]") -> bool:
    varies = own.has_default() and callable(own.default) and own.default not in (dict, list)
    return own.primary_key or varies or getattr(own, "auto_now", False) or getattr(own, "auto_now_add", False)


def _was_changed(resource: SheetResource, names: Sequence[str]) -> str:
    labels = ", ".join(capfirst(str(resource.column(name).label)) for name in names)
    return _("“{column}” was changed since").format(column=labels)
