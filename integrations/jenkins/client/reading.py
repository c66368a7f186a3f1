"""Jenkins' JSON, read. Anything missing or odd in it becomes nothing, never an exception, here or in the database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from integrations.jenkins import names
from integrations.jenkins.client import shapes

DEEPEST = 20
"""Folders within folders that are read, whatever is told."""
LONGEST_LINK = 1000
RESULTS = frozenset({"SUCCESS", "FAILURE", "UNSTABLE", "ABORTED", "NOT_BUILT"})


def info(told: Any, version: str) -> shapes.Info:
    return shapes.Info(
        version=version[:40],
        mode=text(told, "mode"),
        description=text(told, "nodeDescription"),
        quieting_down=bool(part(told, "quietingDown")),
        use_crumbs=bool(part(told, "useCrumbs")),
        executors=number(told, "numExecutors"),
    )


def job(told: Any) -> shapes.JobState:
    last, health = part(told, "lastBuild"), each(told, "healthReport")
    worst = min(health, key=lambda one: number(one, "score"), default=None)
    return shapes.JobState(
        full_name=_full_name(told)[: names.LONGEST],
        is_folder=isinstance(part(told, "jobs"), list),
        url=link(told, "url"),
        color=text(told, "color"),
        description=text(told, "description"),
        buildable=part(told, "buildable") is not False,
        in_queue=bool(part(told, "inQueue")),
        next_number=count(told, "nextBuildNumber"),
        last_number=count(last, "number"),
        last_result=text(last, "result"),
        last_building=bool(part(last, "building")),
        last_at=moment(last, "timestamp"),
        last_milliseconds=number(last, "duration"),
        last_successful=count(part(told, "lastSuccessfulBuild"), "number"),
        last_failed=count(part(told, "lastFailedBuild"), "number"),
        health=number(worst, "score") if worst else None,
        health_text=text(worst, "description"),
        parameters=tuple(map(parameter, _definitions(told))),
    )


def jobs(told: Any, depth: int = DEEPEST) -> Iterable[shapes.JobState]:
    """Everything below, folders before what is in them."""
    if not depth:
        return
    for one in each(told, "jobs"):
        found = job(one)
        if found.full_name:
            yield found
        yield from jobs(one, depth - 1)


def parameter(told: Any) -> shapes.Parameter:
    kind = text(told, "type") or text(told, "_class").rpartition(".")[2]
    default = part(part(told, "defaultParameterValue"), "value")
    return shapes.Parameter(
        name=text(told, "name"),
        kind=kind,
        description=text(told, "description"),
        default=None if kind in shapes.SECRET_KINDS else _value(default),
        choices=tuple(_whole(one) for one in _list(told, "choices") if isinstance(one, str)),
    )


def queue_item(told: Any) -> shapes.QueueItem:
    executable = part(told, "executable")
    return shapes.QueueItem(
        number=number(told, "id"),
        job=_job_of(part(told, "task")),
        why=text(told, "why"),
        since=moment(told, "inQueueSince"),
        by=_by(told),
        stuck=bool(part(told, "stuck")),
        blocked=bool(part(told, "blocked")),
        cancelled=bool(part(told, "cancelled")),
        build=count(executable, "number") or None,
        parameters=_parameters(told),
    )


def build(told: Any) -> shapes.BuildState:
    result = text(told, "result")
    return shapes.BuildState(
        number=count(told, "number"),
        building=bool(part(told, "building")),
        result=result if result in RESULTS else "",
        url=link(told, "url"),
        at=moment(told, "timestamp"),
        milliseconds=number(told, "duration"),
        estimated_milliseconds=number(told, "estimatedDuration"),
        queue_number=number(told, "queueId") or None,
        by=_by(told),
        parameters=_parameters(told),
        artifacts=tuple(text(one, "relativePath") for one in each(told, "artifacts")),
    )


def node(told: Any) -> shapes.Node:
    executors = each(told, "executors")
    return shapes.Node(
        name=text(told, "displayName"),
        description=text(told, "description"),
        offline=bool(part(told, "offline")),
        why_offline=text(told, "offlineCauseReason"),
        executors=number(told, "numExecutors"),
        busy=sum(1 for one in executors if part(one, "idle") is False),
        labels=tuple(filter(None, (text(one, "name") for one in each(told, "assignedLabels")))),
        is_controller=text(told, "_class").endswith("MasterComputer"),
    )


def view(told: Any) -> shapes.View:
    return shapes.View(text(told, "name"), link(told, "url"), tuple(map(_full_name, each(told, "jobs"))))


def plugin(told: Any) -> shapes.Plugin:
    return shapes.Plugin(
        name=text(told, "shortName"),
        title=text(told, "longName"),
        version=text(told, "version"),
        enabled=part(told, "enabled") is not False,
        active=part(told, "active") is not False,
        has_update=bool(part(told, "hasUpdate")),
        deleted=bool(part(told, "deleted")),
    )


def label(told: Any) -> shapes.Label:
    return shapes.Label(
        name=text(told, "name"),
        nodes=tuple(text(one, "nodeName") or "(built-in)" for one in each(told, "nodes")),
        jobs=tuple(map(_full_name, each(told, "tiedJobs"))),
        offline=bool(part(told, "offline")),
    )


def fingerprint(told: Any) -> shapes.Fingerprint:
    original = part(told, "original")
    return shapes.Fingerprint(
        id=text(told, "hash"),
        file_name=text(told, "fileName"),
        made_by=text(original, "name"),
        made_by_number=count(original, "number"),
        used_by=tuple(text(one, "name") for one in each(told, "usage")),
    )


def part(told: Any, name: str) -> Any:
    return told.get(name) if isinstance(told, dict) else None


def each(told: Any, name: str) -> list[Any]:
    return [one for one in _list(told, name) if isinstance(one, dict)]


def text(told: Any, name: str) -> str:
    found = part(told, name)
    return _whole(found) if isinstance(found, str) else ""


def link(told: Any, name: str) -> str:
    """An address that people may be led to."""
    found = text(told, name)
    return found if found.startswith(("http://", "https://")) and len(found) <= LONGEST_LINK else ""


def number(told: Any, name: str) -> int:
    found = part(told, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 2**62 else 0


def count(told: Any, name: str) -> int:
    """The number of a build: Jenkins has them as Java's `int`."""
    found = number(told, name)
    return found if found < 2**31 else 0


def moment(told: Any, name: str) -> datetime | None:
    milliseconds = number(told, name)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def _list(told: Any, name: str) -> list[Any]:
    found = part(told, name)
    return found if isinstance(found, list) else []


def _whole(found: str) -> str:
    """Text as databases take it: without NUL, and without halves of characters."""
    return found.replace("\0", "").encode(errors="replace").decode()


def _value(found: Any) -> Any:
    return _whole(found) if isinstance(found, str) else found if isinstance(found, bool | int | float) else None


def _full_name(told: Any) -> str:
    return text(told, "fullName") or text(told, "name")


def _definitions(told: Any) -> list[Any]:
    places = [*each(told, "property"), *each(told, "actions")]
    return [one for place in places for one in each(place, "parameterDefinitions") if text(one, "name")][:200]


def _parameters(told: Any) -> dict[str, Any]:
    actions = each(told, "actions")
    return {text(one, "name"): _value(part(one, "value")) for action in actions for one in each(action, "parameters")}


def _by(told: Any) -> str:
    for action in each(told, "actions"):
        for cause in each(action, "causes"):
            return text(cause, "userId") or text(cause, "userName") or text(cause, "shortDescription")
    return ""


def _job_of(task: Any) -> str:
    """The full name of a queue item's job: from its address, since the item itself has only the last part of it."""
    _, found, path = text(task, "url").partition("/job/")
    return names.from_url_path(path) if found else text(task, "name")
