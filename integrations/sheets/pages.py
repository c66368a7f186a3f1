"""What the pages of imports and exports show."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from integrations.sheets import memory, samples, services
from integrations.sheets.checking import saved_headers
from integrations.sheets.columns import Column
from integrations.sheets.headers import AS_LAST_TIME, BY_HAND
from integrations.sheets.models import ExportJob, ImportJob
from integrations.sheets.reader.process import Flaw, from_plain
from integrations.sheets.resources import SheetResource, resource_class
from integrations.sheets.rows import BAD, CHANGED, KINDS, NEW, UNCHANGED
from project.core.admin import ago
from project.core.errors import GatehouseError, NotFound

PAGE = 25
RESERVED = {"resource", "set", "_changelist_filters", "_facets", "_popup", "_to_field", "e", "o", "p", "all"}
LIST_NAMES = {"q": "search"}
"""What lists of the back office call a filter → what resources call it."""


def known_columns(resource: str, user: Any) -> list[dict[str, Any]]:
    """The columns an upload may have, as people read them."""
    found = _resource(resource, user)
    return [
        {"label": capfirst(str(column.label)), "required": column.required, "note": column.note}
        for column in (found.columns if found else [])
        if not column.readonly
    ]


def matches(resource: str, user: Any) -> list[dict[str, str]]:
    """What somebody matched by hand before, as people read it."""
    found = _resource(resource, user)
    labels = {column.name: capfirst(str(column.label)) for column in (found.columns if found else [])}
    return [{"header": each.header, "column": labels.get(each.column, "")} for each in memory.of(user, resource)]


def export_columns(resource: str, user: Any) -> list[tuple[str, Any]]:
    found = _resource(resource, user)
    return [(column.name, column.label) for column in (found.export_columns() if found else [])]


def filters_of(query: QueryDict) -> dict[str, str]:
    """The filters of the list somebody came from."""
    given = {key: str(value) for key, value in query.items() if key not in RESERVED and value}
    return {LIST_NAMES.get(key, re.sub(r"(__id)?__exact$", "", key)): value for key, value in given.items()}


def in_a_word(job: ImportJob) -> str:
    """How an import stands, in a few words of a list."""
    if job.state == ImportJob.State.DONE:
        return _("{created} new, {updated} changed").format(created=job.created_rows, updated=job.updated_rows)
    if job.state == ImportJob.State.UNDONE:
        return _("{n} undone").format(n=job.removed_rows + job.restored_rows)
    if job.state == ImportJob.State.READY:
        return _("{rows} rows, {bad} bad").format(rows=job.rows, bad=job.bad)
    if job.state in ImportJob.OPEN:
        return _("{done} rows").format(done=job.done)
    return "–"


def of_import(job: ImportJob, query: Mapping[str, str]) -> dict[str, Any]:
    """The page of one import."""
    shown: dict[str, Any] = {"running": job.state in ImportJob.CLAIMABLE, "size": job.size, "percent": _percent(job)}
    shown |= {"taking_back": bool(job.reversing), "figures": _figures(job), "columns": _columns(job)}
    shown["undo"] = _undo(job)
    shown["may_invite"] = bool(job.new) and _may_invite(job)
    if job.can_be_mapped:
        shown["mapping"] = _mapping(job)
        shown["remembered"] = any(header.how for header in saved_headers(job))
    if job.state in {ImportJob.State.READY, *ImportJob.FINAL} - {ImportJob.State.CANCELLED} and job.rows:
        shown |= _rows(job, query)
    return shown


def of_export(job: ExportJob, user: Any) -> dict[str, Any]:
    """The page of one export."""
    labels = _labels(job)
    shown: dict[str, Any] = {"running": job.state in ExportJob.CLAIMABLE, "percent": _percent(job)}
    shown |= {"columns": [labels.get(name, name) for name in job.columns], "link": link_of(job, user)}
    resource = _resource(job.resource, job.created_by)
    shown["filters"] = resource.told(job.filters) if resource else job.filters
    shown["title_of_rows"] = str(resource.title) if resource else job.resource
    return shown


def link_of(job: ExportJob, user: Any) -> str:
    """Where the file of an export is fetched; "" when there is none, or it is somebody else's."""
    if not job.can_be_downloaded or job.created_by_id != user.pk:
        return ""
    return reverse("admin:sheets_exportjob_file", args=[job.pk, services.link_to(job, by=user)])


def asked_for(resource: str, user: Any, query: QueryDict) -> dict[str, Any]:
    """What the page on which an export is begun shows: which rows, and the sets of columns to choose from."""
    filters = filters_of(query)
    found = _resource(resource, user)
    shown: dict[str, Any] = {
        "filters": found.told(filters) if found else filters,
        "sets": services.column_sets(user, resource),
        "chosen": _chosen(query),
    }
    try:
        shown["rows"] = found.filtered(filters).order_by().count() if found and found.may_export() else 0
    except GatehouseError as problem:
        shown["problems"] = [text for texts in problem.fields.values() for text in texts] or [str(problem)]
    return shown


def columns_at_first(resource: str, user: Any, query: QueryDict) -> list[str]:
    """The columns that are ticked at first: of the set that was chosen, of the default set, or all."""
    known = [name for name, _label in export_columns(resource, user)]
    if not known:
        return []
    if "set" in query:
        found = services.column_sets(user, resource).filter(pk=_chosen(query)).first()
        wanted = found.columns if found else []
    else:
        wanted = services.default_columns(user, resource)
    return [name for name in known if name in wanted] or known


def number(text: str) -> int:
    """A key as it stands in an address or a form; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _chosen(query: QueryDict) -> int:
    return number(query.get("set", ""))


def _figures(job: ImportJob) -> list[dict[str, Any]]:
    labels = {NEW: _("new"), CHANGED: _("changed"), UNCHANGED: _("unchanged"), BAD: _("bad")}
    tones = {NEW: "ok", CHANGED: "info", UNCHANGED: "idle", BAD: "bad"}
    return [
        {"kind": kind, "label": labels[kind], "tone": tones[kind] if number else "idle", "number": number}
        for kind, number in job.counts.items()
    ]


def _may_invite(job: ImportJob) -> bool:
    resource = _resource(job.resource, job.created_by)
    try:
        resource.ensure_may_invite() if resource else None
    except GatehouseError:
        return False
    return resource is not None


def _undo(job: ImportJob) -> dict[str, Any]:
    """What the page says of undoing; nothing while there is nothing to say."""
    over = job.has_something_to_undo and not job.can_be_undone
    if not (job.has_something_to_undo or (job.state == ImportJob.State.UNDONE and job.left_rows)):
        return {}
    seen = job.undo.get("seen") if job.can_be_undone else None
    left, told = (seen["left"], seen["first"]) if seen else (job.left_rows, job.undo.get("left", []))
    return {
        "until": job.undo_until,
        "over": str(services.undo_over(job)) if over else "",
        "in_part": job.removed_rows + job.restored_rows > 0,
        "seen": seen,
        "takes_back": seen["removes"] + seen["restores"] + seen["settled"] if seen else 0,
        "at": ago(datetime.fromisoformat(seen["at"])) if seen else "",
        "more": left - len(told),
    }


def _columns(job: ImportJob) -> list[dict[str, Any]]:
    labels = _labels(job)
    return [
        {
            "place": header.place,
            "header": header.text,
            "column": labels.get(header.column, header.column),
            "ignored": "" if header.how == BY_HAND else header.why,
            "as_last_time": header.how == AS_LAST_TIME,
        }
        for header in saved_headers(job)
    ]


def _mapping(job: ImportJob) -> list[dict[str, Any]]:
    resource = _resource(job.resource, job.created_by)
    columns = [column for column in (resource.columns if resource else []) if not column.readonly]
    choices = [(column.name, capfirst(str(column.label))) for column in columns]
    secret = {column.name for column in columns if column.secret}
    found = samples.of(job)
    return [
        {
            "place": header.place,
            "header": header.text,
            "chosen": header.column,
            "choices": choices,
            "as_last_time": header.how == AS_LAST_TIME,
            "samples": [] if header.column in secret else found.get(header.place, []),
        }
        for header in saved_headers(job)
    ]


def _rows(job: ImportJob, query: Mapping[str, str]) -> dict[str, Any]:
    search = query.get("search", "").strip()[:100]
    tallies = services.tallied(job, search)
    counted = services.counted(tallies)
    fullest = next((kind for kind in (BAD, CHANGED, NEW, UNCHANGED) if counted[kind]), NEW)
    kind = query.get("show", "")
    kind = kind if kind in KINDS else fullest
    page = Paginator(range(counted[kind]), PAGE).get_page(query.get("page"))
    start = max(0, page.start_index() - 1)
    found = services.preview(job, kind, offset=start, limit=PAGE, search=search, tallies=tallies)
    labels = _labels(job)
    resource = _resource(job.resource, job.created_by)
    key = resource.key.name if resource else ""
    return {
        "tabs": [
            {**figure, "number": counted[figure["kind"]], "active": figure["kind"] == kind} for figure in _figures(job)
        ],
        "kind": kind,
        "search": search,
        "rows": [_row(row, labels, key) for row in found],
        "pages": page,
    }


def _row(row: Mapping[str, Any], labels: Mapping[str, str], key: str) -> dict[str, Any]:
    changes = [
        {"label": labels.get(name, name), "old": _plain(old), "new": _plain(new)}
        for name, (old, new) in row["changes"].items()
        if name != key
    ]
    return {
        "number": row["number"],
        "key": row["key"],
        "changes": changes,
        "errors": row["errors"],
        "values": [
            {"label": labels.get(name, name), "value": _plain(value)}
            for name, value in row["values"].items()
            if name != key
        ],
    }


def _plain(value: Any) -> str:
    cell = from_plain(value)
    if cell is None or cell == "":
        return ""
    return cell.text if isinstance(cell, Flaw) else str(cell)


def _labels(job: ImportJob | ExportJob) -> dict[str, str]:
    resource = _resource(job.resource, job.created_by)
    columns: list[Column] = resource.columns if resource else []
    return {column.name: capfirst(str(column.label)) for column in columns}


def _resource(name: str, user: Any) -> SheetResource | None:
    try:
        return resource_class(name)(actor=user)
    except NotFound:
        return None


def _percent(job: ImportJob | ExportJob) -> int:
    return min(100, round(100 * job.done / job.total)) if job.total else 0
