"""What servers know beyond our rows: views, labels, where a file comes from, builds that nobody asked for here.

Each is asked of the server at that moment. Of jobs that a person may not see nothing is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from integrations.jenkins import rights
from integrations.jenkins.client import shapes
from integrations.jenkins.client.views import LIST
from integrations.jenkins.errors import NotAtJenkins
from integrations.jenkins.models import Job, Server
from integrations.jenkins.services.queueing import client_for_people
from project.core import audit
from project.core.errors import InvalidParameters, NotFound


def views_of(server: Server, *, by: Any) -> list[shapes.View]:
    """The views of a server, with the jobs in them that `by` may see.

    :raises NoPermission: without `jenkins.view_job`.
    """
    rights.ensure_holds(by, rights.PERMISSIONS["view"])
    with client_for_people(server) as client:
        found = client.views()
    seen = _seen(server, by, (name for one in found for name in one.jobs))
    return [replace(one, jobs=_only(one.jobs, seen)) for one in found]


def view_of(server: Server, name: str, *, by: Any) -> shapes.View:
    """One view.

    :raises NotAtJenkins: when there is none.
    """
    rights.ensure_holds(by, rights.PERMISSIONS["view"])
    with client_for_people(server) as client:
        found = client.view(name)
    return replace(found, jobs=_only(found.jobs, _seen(server, by, found.jobs)))


def create_view(server: Server, *, name: str, kind: str = LIST, jobs: Sequence[str] = (), by: Any) -> shapes.View:
    """Make a view of a server: a list of jobs, that everybody finds there.

    :raises NoPermission, NotHere: unless `by` may configure at the server's top.
    :raises InvalidParameters: for jobs that are not there for `by`.
    :raises TakenName: when there is one of this name.
    """
    rights.ensure_may_at(by, "configure", server, "")
    missing = set(jobs) - _seen(server, by, jobs)
    if missing or (jobs and kind != LIST):
        raise InvalidParameters(fields={"jobs": [NotFound.message]})
    with client_for_people(server) as client:
        made = client.create_view(name, kind, jobs)
    audit.record("jenkins_server.view_created", server, actor=by, view=name, jobs=len(jobs))
    return made


def label_of(server: Server, name: str, *, by: Any) -> shapes.Label:
    """The machines that have a label, and the jobs that ask for it.

    :raises NoPermission: without `jenkins.view_server`.
    """
    rights.ensure_holds(by, "jenkins.view_server")
    with client_for_people(server) as client:
        found = client.label(name)
    return replace(found, jobs=_only(found.jobs, _seen(server, by, found.jobs)))


def fingerprint_of(server: Server, digest: str, *, by: Any) -> shapes.Fingerprint:
    """Which build made a file, and which used it; `digest` is its MD5 sum.

    :raises NotAtJenkins: when the server does not know the file, or only from jobs that `by` may not see.
    """
    rights.ensure_holds(by, rights.PERMISSIONS["view"])
    with client_for_people(server) as client:
        found = client.artifact_data(digest)
    seen = _seen(server, by, [found.made_by, *found.used_by])
    if not seen:
        raise NotAtJenkins(server=server.name, what=digest)
    if found.made_by not in seen:
        found = replace(found, made_by="", made_by_number=0)
    return replace(found, used_by=_only(found.used_by, seen))


def numbers_of(job: Job, *, by: Any) -> list[int]:
    """The numbers of all builds of a job that its server keeps, whoever asked for them; the newest first."""
    rights.ensure_may(by, "view", job)
    with client_for_people(job.server) as client:
        return client.build_numbers(job.full_name)


def build_at(job: Job, number: int, *, by: Any) -> shapes.BuildState:
    """One of them, as Jenkins tells of it; without secret parameters.

    :raises NotAtJenkins: when there is none (any more).
    """
    rights.ensure_may(by, "view", job)
    with client_for_people(job.server) as client:
        found = client.build(job.full_name, number)
    secret = {one.name for one in job.definitions if one.secret}
    shown = {name: value for name, value in found.parameters.items() if name not in secret}
    return replace(found, parameters=shown)


def last_log(job: Job, *, by: Any) -> str:
    """What the last build of a job wrote, whoever asked for it.

    :raises NotAtJenkins: when it was never built.
    :raises AnswerTooLarge: beyond 5 MB.
    """
    rights.ensure_may(by, "view", job)
    with client_for_people(job.server) as client:
        return client.last_log(job.full_name)


def _seen(server: Server, by: Any, names: Iterable[str]) -> set[str]:
    rows = rights.jobs_of(by).present().filter(server=server)
    return set(rows.values_list("full_name", flat=True)) & set(names)


def _only(names: Iterable[str], seen: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in seen)
