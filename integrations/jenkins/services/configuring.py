"""Jobs and folders are created, changed, renamed, copied and deleted at their server."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.jenkins import jobxml, names, rights
from integrations.jenkins.models import Job, Rule, Server
from integrations.jenkins.services.asking import approval_of
from integrations.jenkins.services.queueing import client_for_people
from integrations.jenkins.services.refreshing import AT_ONCE, know
from project.core import audit
from project.core.errors import InvalidParameters


def create_folder(server: Server, *, name: str, folder: str = "", by: Any) -> Job:
    """Create a folder, in another where one is given.

    :raises NoPermission, NotHere: when `by` may not configure there.
    :raises TakenName: when there is something of this name.
    """
    full_name = _ensure_may_create(server, name, folder, by)
    with client_for_people(server) as client:
        client.create_folder(name, folder)
        made = know(server, client, full_name)
    audit.record("jenkins_job.folder_created", made, actor=by, job=full_name)
    return made


def create_job(server: Server, *, name: str, xml: str, folder: str = "", by: Any) -> Job:
    """Create a job from its XML.

    :raises BadXml: when that is none.
    :raises NoPermission, NotHere, TakenName: as `create_folder` does.
    """
    full_name = _ensure_may_create(server, name, folder, by)
    jobxml.checked(xml)
    with client_for_people(server) as client:
        client.create_job(name, xml, folder)
        made = know(server, client, full_name)
    audit.record("jenkins_job.created", made, actor=by, job=full_name)
    return made


def xml_of(job: Job, *, by: Any) -> str:
    """How a job is configured at this moment.

    :raises NoPermission, NotHere: when `by` may not configure it: there may be secrets in it.
    """
    rights.ensure_may(by, "configure", job)
    with client_for_people(job.server) as client:
        return client.job_xml(job.full_name)


def difference(job: Job, *, xml: str, by: Any) -> list[str]:
    """What another XML would change, as lines of a unified diff.

    :raises BadXml: when it is none.
    """
    jobxml.checked(xml)
    return jobxml.difference(xml_of(job, by=by), xml)


def update_job(job: Job, *, xml: str, by: Any) -> Job:
    """Configure a job anew.

    :raises BadXml, NoPermission, NotHere: as `create_job` does.
    """
    changed = difference(job, xml=xml, by=by)
    with client_for_people(job.server) as client:
        client.update_job(job.full_name, xml)
        known = know(job.server, client, job.full_name)
    audit.record("jenkins_job.changed", job, actor=by, job=job.full_name, lines=len(changed))
    return known


def enable_job(job: Job, *, enabled: bool, by: Any) -> Job:
    """Let a job be built, or not any more."""
    rights.ensure_may(by, "configure", job)
    with client_for_people(job.server) as client:
        client.enable_job(job.full_name, enabled=enabled)
        known = know(job.server, client, job.full_name)
    audit.record("jenkins_job.enabled" if enabled else "jenkins_job.disabled", job, actor=by, job=job.full_name)
    return known


def rename_job(job: Job, *, name: str, by: Any) -> Job:
    """Give a job or folder another name. What we ask beyond Jenkins, approval and rules, goes along.

    :raises TakenName: when there is something of this name.
    """
    rights.ensure_may_all(by, "configure", job)
    _ensure_may_create(job.server, name, job.folder, by)
    before = job.full_name
    with client_for_people(job.server) as client:
        after = client.rename_job(before, name)
        _move_rows(job, before, after)
        known = know(job.server, client, after)
    audit.record("jenkins_job.renamed", known, actor=by, before=before, after=after)
    return known


def copy_job(job: Job, *, name: str, folder: str = "", by: Any) -> Job:
    """Make a job like another, or a folder with all that is in it. If that wants approval, the copy does too.

    :raises TakenName: when there is something of this name.
    """
    rights.ensure_may_all(by, "configure", job)
    _ensure_may_create(job.server, name, folder, by)
    with client_for_people(job.server) as client:
        made = know(job.server, client, client.copy_job(job.full_name, name, folder))
    wants = approval_of(job) or _below(job).filter(needs_approval=True).first()
    if wants is not None and wants != approval_of(made):
        made.needs_approval, made.approver_role, made.approval_hours = True, wants.approver_role, wants.approval_hours
        made.save(update_fields=["needs_approval", "approver_role", "approval_hours"])
    audit.record("jenkins_job.copied", made, actor=by, source=job.full_name, job=made.full_name)
    return made


def delete_job(job: Job, *, typed: str, by: Any) -> None:
    """Delete a job, or a folder with all that is in it. Its builds stay known here.

    :param typed: its full name, as whoever deletes it has typed it.
    :raises InvalidParameters: when that is another.
    """
    rights.ensure_may_all(by, "configure", job)
    if typed != job.full_name:
        raise InvalidParameters(fields={"name": [_("Type the full name: {name}").format(name=job.full_name)]})
    with client_for_people(job.server) as client:
        client.delete_job(job.full_name)
    _below(job).update(gone_at=timezone.now())
    audit.record("jenkins_job.deleted", job, actor=by, job=job.full_name)


def _ensure_may_create(server: Server, name: str, folder: str, by: Any) -> str:
    names.checked_new(name)
    if folder:
        names.checked(folder)
    full_name = names.joined(folder, name)
    rights.ensure_may_at(by, "configure", server, full_name)
    return full_name


def _below(job: Job) -> Any:
    rows = Job.objects.filter(server=job.server_id)
    return rows.filter(pk=job.pk) | rows.filter(full_name__startswith=f"{job.full_name}/")


def _move_rows(job: Job, before: str, after: str) -> None:
    """All or none: a job that lost its rules or its approval on the way would be open."""
    rows, rules = list(_below(job)), list(Rule.objects.filter(server=job.server_id))
    for row in rows:
        row.full_name = after + row.full_name[len(before) :]
        row.folder, row.name = names.folder_of(row.full_name), row.full_name.rpartition("/")[2]
    moved = [one for one in rules if one.folder == before or one.folder.startswith(f"{before}/")]
    for rule in moved:
        rule.folder = after + rule.folder[len(before) :]
    with transaction.atomic():
        # what was there before it went, and what was seen there already under its new name
        stale = Job.objects.filter(server=job.server_id).exclude(pk__in=[one.pk for one in rows])
        for start in range(0, len(rows), AT_ONCE):
            stale.filter(full_name__in=[one.full_name for one in rows[start : start + AT_ONCE]]).delete()
        Job.objects.bulk_update(rows, ["full_name", "folder", "name"], batch_size=AT_ONCE)
        Rule.objects.bulk_update(moved, ["folder"], batch_size=AT_ONCE)
