"""Every way an import begins and goes on."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.sheets import errors, storage
from integrations.sheets.checking import limits, resource_of
from integrations.sheets.importing import CANCELLED
from integrations.sheets.models import ImportJob
from integrations.sheets.progress import tell
from integrations.sheets.reader import bounds
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.resources import resource_class
from integrations.sheets.services.ending import not_now
from integrations.sheets.services.looking import error_line, first_errors
from project.core import audit, jobs
from project.core.errors import NoPermission


def start_import(*, resource: str, file: UploadedFile[Any], mode: str, by: Any) -> ImportJob:
    """Take an upload in and have it read.

    :raises NoPermission: when `by` may not import this.
    :raises FileTooLarge: beyond IMPORT_MAX_BYTES.
    :raises UnreadableFile: for a file that can be refused from outside.
    """
    if not resource_class(resource)(actor=by).may_import():
        raise NoPermission
    name = plain_name(file.name)
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise errors.FileTooLarge(limit=filesizeformat(settings.IMPORT_MAX_BYTES))
    try:
        kind = bounds.kind_of(name)
        bounds.examine(file, kind, limits())  # type: ignore[arg-type]  # an upload reads and seeks as any binary file
    except Unreadable as problem:
        raise errors.refusal(problem) from problem
    job = ImportJob(resource=resource, mode=mode, kind=kind, file_name=name, size=file.size or 0)
    job.created_by, job.language = by, get_language() or ""
    with transaction.atomic():
        job.file.save(name, file, save=True)
        jobs.wake(job)
    audit.record("import.uploaded", job, actor=by, resource=resource, file=name, size=job.size)
    return job


def confirm(job: ImportJob, *, by: Any, mode: str = "", invite: bool = False) -> ImportJob:
    """Have a checked import written. Of two confirmations one counts.

    With `invite` people it adds without a password are invited to choose one, once all rows are written.

    :raises InvalidParameters: when there is nobody to invite among such rows.
    :raises ImportFailed: when rows are bad and all or none were asked for; `fields` names the first of them.
    :raises NotInThisState: when it is not waiting for this.
    """
    resource_of(job)
    if invite:
        resource_class(job.resource)(actor=by).ensure_may_invite()
    mode = mode or job.mode
    if job.state != ImportJob.State.READY:
        raise not_now(job)
    if job.bad and mode == ImportJob.Mode.ALL:
        raise errors.ImportFailed(n=job.bad, fields={"rows": [error_line(each) for each in first_errors(job)[:20]]})
    if not job.writes:
        raise errors.NotInThisState(_("There is nothing to import: no row is new or changed."))
    with transaction.atomic():
        asked = {"mode": mode, "invite": invite, "confirmed_at": timezone.now()}
        if not job.move(ImportJob.State.IMPORTING, done=0, total=job.rows, **asked):
            job.refresh_from_db()
            raise not_now(job)
        jobs.wake(job)
    audit.record("import.confirmed", job, actor=by, resource=job.resource, mode=mode, invite=invite, rows=job.counts)
    return job


def cancel(job: ImportJob, *, by: Any) -> ImportJob:
    """End an import. While rows are being written, what was written is taken back first.

    An undo stops where it is: what is undone stays undone, and the import is done as before.

    :raises NotInThisState: when it has ended already.
    """
    stoppable = {ImportJob.State.IMPORTING, ImportJob.State.UNDOING}
    while True:
        if job.inviting:
            raise not_now(job)
        if job.state in stoppable:
            mine = ImportJob.objects.filter(pk=job.pk, state=job.state, reversing="", inviting=False)
            asked = bool(mine.update(reversing=CANCELLED))
        elif job.can_be_cancelled:
            asked = job.move(ImportJob.State.CANCELLED)
        else:
            raise not_now(job)
        state = job.state
        job.refresh_from_db()
        if asked or (state == job.state and job.reversing):
            break
    if job.state == ImportJob.State.CANCELLED:
        storage.discard(job)
    else:
        jobs.wake(job)
    event = "import.undo_cancelled" if job.state == ImportJob.State.UNDOING else "import.cancelled"
    audit.record(event, job, actor=by, resource=job.resource)
    tell(job)
    return job


def plain_name(name: str | None) -> str:
    """A file's name as it may be shown: no path, no control characters, not endless."""
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in base if letter.isprintable()).strip()
    stem, dot, suffix = shown.rpartition(".")
    return f"{stem[:150]}{dot}{suffix[:10]}"
