"""What waits in the queues of servers."""

from dataclasses import dataclass
from typing import Any

from integrations.jenkins import rights
from integrations.jenkins.client import Client
from integrations.jenkins.client.shapes import QueueItem
from integrations.jenkins.errors import NotAtJenkins, NotReached
from integrations.jenkins.models import Build, Job, Server
from integrations.jenkins.services.servers import client_of
from project.core import audit
from project.core.errors import NoPermission


@dataclass(frozen=True)
class Waiting:
    """An item of a queue, with our job and build where they are known."""

    item: QueueItem
    job: Job | None
    build: Build | None

    @property
    def asked_by(self) -> Any:
        """Who of us asked for it."""
        return self.build.created_by if self.build else None


def client_for_people(server: Server) -> Client:
    """Return what talks to a server while somebody waits for the answer: one that is known to be down is not waited for.

    :raises NotReached: when it did not answer the last time.
    """
    if server.is_stale:
        raise NotReached(server=server.name)
    return client_of(server)


def queue_of(server: Server, *, by: Any) -> list[Waiting]:
    """Everything that waits at a server, as far as `by` may see the jobs.

    :raises GatehouseError: one of integrations.jenkins.errors.
    """
    with client_for_people(server) as client:
        items = client.queue()
    names = {one.job for one in items}
    jobs = {one.full_name: one for one in rights.jobs_of(by).filter(server=server, full_name__in=names)}
    numbers = [one.number for one in items]
    builds = Build.objects.filter(server=server, queue_number__in=numbers).select_related("created_by", "job")
    ours = {one.queue_number: one for one in builds}
    seen = [one for one in items if one.job in jobs or by.is_superuser]
    return [Waiting(one, jobs.get(one.job), ours.get(one.number)) for one in seen]


def item_of(server: Server, number: int, *, by: Any) -> Waiting:
    """One item of a queue.

    :raises NotAtJenkins: when it is not there (any more), or `by` may not see it.
    """
    found = next((one for one in queue_of(server, by=by) if one.item.number == number), None)
    if found is None:
        raise NotAtJenkins(server=server.name, what=f"#{number}")
    return found


def cancel_item(server: Server, number: int, *, by: Any) -> None:
    """Take one item out of a queue.

    :raises NotAtJenkins: as `item_of` does.
    :raises NoPermission: unless they asked for it, or may stop others' builds of this job.
    """
    found = item_of(server, number, by=by)
    _ensure_may_cancel(found, by)
    with client_for_people(server) as client:
        if not client.cancel(number):
            raise NotAtJenkins(server=server.name, what=f"#{number}")
    audit.record("jenkins_queue.cancelled", server, actor=by, number=number, job=found.item.job)


def cancel_all(server: Server, *, by: Any) -> list[int]:
    """Take everything out of a queue that `by` may; return the numbers.

    :raises NoPermission: without `jenkins.stop_build`.
    """
    rights.ensure_holds(by, "jenkins.stop_build")
    theirs = [one.item.number for one in queue_of(server, by=by) if may_cancel(one, by)]
    with client_for_people(server) as client:
        done = [number for number in theirs if client.cancel(number)]
    audit.record("jenkins_queue.emptied", server, actor=by, numbers=done)
    return done


def may_cancel(waiting: Waiting, by: Any) -> bool:
    """Whether `by` may take this out of its queue."""
    try:
        _ensure_may_cancel(waiting, by)
    except NoPermission:
        return False
    return True


def _ensure_may_cancel(waiting: Waiting, by: Any) -> None:
    if by.is_superuser:
        return
    if waiting.job is None:
        raise NoPermission
    is_theirs = waiting.build is not None and waiting.build.created_by_id == by.pk
    if not is_theirs and not by.has_perm("jenkins.stop_build"):
        raise NoPermission
    rights.ensure_may(by, "build", waiting.job)
