"""Who may do what with which jobs: the permission from a role, narrowed by the rules of folders.

    rights.ensure_may(person, "build", job)         # raises NoPermission
    rights.jobs_of(person, "view")                  # the rows

Where a folder has rules about an action, only those whom they name may do it there; the nearest such folder decides.
Superusers may everything, but for approving what they asked for themselves.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from integrations.jenkins import names
from integrations.jenkins.errors import NotHere
from integrations.jenkins.models import Build, BuildQuerySet, Job, JobQuerySet, Rule, Server
from project.core.errors import NoPermission

PERMISSIONS = {
    "view": "jenkins.view_job",
    "build": "jenkins.build_job",
    "approve": "jenkins.approve_build",
    "configure": "jenkins.configure_job",
}


def may(person: Any, action: str, job: Job) -> bool:
    """Whether `person` may view, build, approve or configure a job, or a folder."""
    return _may_at(person, action, job.server_id, job.full_name)


def may_at(person: Any, action: str, server: Server, full_name: str) -> bool:
    """The same for where there is nothing yet: a folder in which something is to be created; "" is the top."""
    return _may_at(person, action, server.pk, full_name)


def ensure_may_all(person: Any, action: str, job: Job) -> None:
    """Pass silently when `person` may with this folder and all that is or will be in it.

    :raises NoPermission, NotHere: as `ensure_may` does.
    """
    ensure_may(person, action, job)
    verdicts = {} if person.is_superuser else _verdicts(person, action, [job.server_id])[job.server_id]
    if any(not is_open for folder, is_open in verdicts.items() if folder.startswith(f"{job.full_name}/")):
        raise NotHere(name=job.full_name)


def ensure_may(person: Any, action: str, job: Job) -> None:
    """Pass silently when `person` may.

    :raises NoPermission: when not at all.
    :raises NotHere: when not with this job.
    """
    ensure_may_at(person, action, job.server, job.full_name)


def ensure_may_at(person: Any, action: str, server: Server, full_name: str) -> None:
    """:raises NoPermission, NotHere: as `ensure_may` does."""
    if not (person.is_active and person.has_perm(PERMISSIONS[action])):
        raise NoPermission
    if not _may_at(person, action, server.pk, full_name):
        raise NotHere(name=full_name or server.name)


def ensure_holds(person: Any, permission: str) -> None:
    """Pass silently when `person` has a permission that is about no job.

    :raises NoPermission: when not.
    """
    if not (person.is_active and person.has_perm(permission)):
        raise NoPermission


def ensure_superuser(person: Any) -> None:
    """:raises NoPermission: unless `person` is one."""
    if not (person.is_active and person.is_superuser):
        raise NoPermission


def jobs_of(person: Any, action: str = "view") -> JobQuerySet:
    """The jobs and folders with which `person` may do something; lists, API and sockets all start here."""
    return Job.objects.filter(_where(person, action, ""))


def builds_of(person: Any, action: str = "view") -> BuildQuerySet:
    """The builds of those jobs."""
    return Build.objects.filter(_where(person, action, "job__"))


def tops_of(person: Any, action: str, servers: Iterable[Server]) -> set[int]:
    """Those of `servers`, by their ids, at whose top `person` may do something: all at once what `may_at` says of each."""
    if not (person.is_active and person.has_perm(PERMISSIONS[action])):
        return set()
    verdicts = {} if person.is_superuser else _verdicts(person, action)
    return {one.pk for one in servers if verdicts.get(one.pk, {}).get("", True)}


def approvers_of(build: Build, people: Any, most: int) -> list[Any]:
    """Up to `most` of `people` (a QuerySet) who may decide about `build`: by permission and role in the database, by rules one by one."""
    named = {"codename": "approve_build", "content_type__app_label": "jenkins"}
    through = [
        {f"{path}__{name}": value for name, value in named.items()}
        for path in ("user_permissions", "groups__permissions")
    ]
    holders = Q(is_superuser=True) | Q(**through[0]) | Q(**through[1])
    found = people.filter(holders, is_active=True).exclude(pk__in={build.created_by_id, build.actor_id} - {None})
    if build.approver_role_id is not None:
        found = found.filter(Q(groups=build.approver_role_id) | Q(is_superuser=True))
    return [one for one in found.distinct().order_by("pk")[:most] if may(one, "approve", build.job)]


def _may_at(person: Any, action: str, server_id: int, full_name: str) -> bool:
    if not (person.is_active and person.has_perm(PERMISSIONS[action])):
        return False
    if person.is_superuser:
        return True
    verdicts = _verdicts(person, action, [server_id])[server_id]
    return next((verdicts[one] for one in names.folders_of(full_name) if one in verdicts), True)


def _verdicts(person: Any, action: str, server_ids: Any = None) -> dict[int, dict[str, bool]]:
    """For each server: the folders that have rules about `action`, and whether one of them names `person`."""
    rules = Rule.objects.filter(**{f"may_{action}": True})
    if server_ids is not None:
        rules = rules.filter(server__in=server_ids)
    roles = set(person.groups.values_list("pk", flat=True))
    verdicts: dict[int, dict[str, bool]] = defaultdict(dict)
    for rule in rules:
        folders = verdicts[rule.server_id]
        folders[rule.folder] = folders.get(rule.folder, False) or rule.names_one_of(person, roles)
    return verdicts


def _where(person: Any, action: str, path: str) -> Q:
    """The condition on rows whose job is at `path`."""
    if not (person.is_active and person.has_perm(PERMISSIONS[action])):
        return Q(pk__in=())
    if person.is_superuser:
        return Q()
    closed = Q(pk__in=())
    for server_id, folders in _verdicts(person, action).items():
        closed |= Q(**{f"{path}server": server_id}) & _closed_at(folders, path)
    return ~closed


def _closed_at(folders: dict[str, bool], path: str) -> Q:
    """What is closed of one server: below each closed folder, but for what is opened further below."""
    found = Q(pk__in=())
    for folder, is_open in folders.items():
        if is_open:
            continue
        nearer = [one for one in folders if one != folder and (not folder or one.startswith(f"{folder}/"))]
        part = _below(folder, path)
        for one in nearer:
            part &= ~_below(one, path)
        found |= part
    return found


def _below(folder: str, path: str) -> Q:
    if not folder:
        return Q(**{f"{path}full_name__isnull": False})
    return Q(**{f"{path}full_name": folder}) | Q(**{f"{path}full_name__startswith": f"{folder}/"})
