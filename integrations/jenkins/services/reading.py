"""Logs of builds: read once from Jenkins, however many watch, and handed out from here."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations.jenkins import logs, telling
from integrations.jenkins.client import Client
from integrations.jenkins.errors import NotAtJenkins
from integrations.jenkins.models import Build, BuildLog
from integrations.jenkins.services.servers import client_of
from project.core.errors import GatehouseError

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=8)
"""How long a reader that died keeps others waiting, but in the middle of a reading."""
READ_SECONDS = 60.0
"""How long one reading of a long log may take; what came until then is kept only as a whole, so it is generous."""
ANSWER_BYTES = 256 * 1024
PUSHED_BYTES = 32 * 1024
"""In one frame."""
MOST_PUSHED_BYTES = 256 * 1024
"""Of one reading: more than that is only told of, and fetched by whoever wants it."""
NOTHING = logs.Part(0, 0, "")
AT_MOST_EVERY = timedelta(seconds=1)
"""How often those who ask without watching make Jenkins be asked."""


def part_of(build: Build, start: int = 0, most: int = ANSWER_BYTES) -> dict[str, Any]:
    """A part of a build's log, and how it goes on: `{start, end, size, text, more, complete, cut}`.

    What is not here is fetched first, unless somebody is fetching it.
    """
    row = log_of(build)
    if not row.complete and (row.size == 0 or row.updated_at < timezone.now() - AT_MOST_EVERY):
        row = _read_alone(build, row)
    if row.size == 0:
        return _told(row, NOTHING)
    return _told(row, logs.read(build.pk, start, row.size, most, whole=row.complete))


def earlier_part(build: Build, before: int | None = None, most: int = ANSWER_BYTES) -> dict[str, Any]:
    """The part of a build's log that ends at `before`, or at its end; in the shape of `part_of`. Jenkins is not asked."""
    row = log_of(build)
    end = row.size if before is None else min(before, row.size)
    if not row.complete:
        end = logs.whole_end(build.pk, end)
    return _told(row, logs.lines_before(build.pk, end, most) if end else NOTHING)


def whole_log(build: Build) -> Generator[bytes]:
    """All there is of a log, for a download."""
    row = log_of(build)
    if not row.complete:
        row = _read_alone(build, row)
    return logs.all_of(build.pk, row.size)


def log_of(build: Build) -> BuildLog:
    """The row that says how far a build's log is here."""
    row, _made = BuildLog.objects.get_or_create(build=build)
    return row


def take(row: BuildLog, reader: str) -> bool:
    """Become the one reader of a log, or stay it, for as long as the lease."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now) | Q(reader=reader)
    taken = BuildLog.objects.filter(free, pk=row.pk, complete=False).update(reader=reader, lease_until=now + LEASE)
    return taken == 1


def release(row: BuildLog, reader: str) -> None:
    """Let somebody else read on."""
    BuildLog.objects.filter(pk=row.pk, reader=reader).update(reader="", lease_until=None)


def read_on(build: Build, reader: str) -> bool:
    """Read what Jenkins has more of a log, and push it to who watches; only for who has the lease.

    :return: whether there was something.
    :raises GatehouseError: one of integrations.jenkins.errors.
    """
    row = BuildLog.objects.get(pk=build.pk)
    if build.number is None:
        if build.finished:
            _keep(row, reader, complete=True)
        return False
    before = row.size
    lease = timezone.now() + LEASE + timedelta(seconds=READ_SECONDS)
    BuildLog.objects.filter(pk=row.pk, reader=reader).update(lease_until=lease)
    try:
        with client_of(build.server) as client:
            found = _read(client, build, row)
    except NotAtJenkins:
        if not build.finished:
            raise
        _keep(row, reader, complete=True)
        return False
    finally:
        BuildLog.objects.filter(pk=row.pk, reader=reader).update(lease_until=timezone.now() + LEASE)
    if found is None:
        return True
    if _keep(row, reader, **found):
        _push(build, row, before)
    return row.size > before


def forget_old() -> int:
    """Delete logs that nobody needs any more; return how many."""
    old = BuildLog.objects.filter(updated_at__lt=timezone.now() - timedelta(days=settings.JENKINS_LOG_DAYS))
    ids = list(old.values_list("pk", flat=True)[:500])
    for build_id in ids:
        logs.forget(build_id)
    BuildLog.objects.filter(pk__in=ids).delete()
    return len(ids)


def _read(client: Client, build: Build, row: BuildLog) -> dict[str, Any] | None:
    """Write what follows to the file; return what is to be kept of that, or None to try again at once."""
    where = (build.job.full_name, build.number or 0, row.remote_offset)
    most = settings.JENKINS_LOG_MAX_BYTES
    with client.log_stream(*where, READ_SECONDS) as (end, more, pieces):
        size, came, cut = logs.write(build.pk, row.size, pieces, most)
    if more and end is not None and end - row.remote_offset != came:
        # notes, half a line, or more lines than are given at once: where those that came end is asked for
        lines, end = client.log_lines(*where)
        if end is None:
            return None
        with client.log_stream(*where, READ_SECONDS) as (_end, _more, pieces):
            size, came, cut = logs.write(build.pk, row.size, logs.first_lines(pieces, lines), most)
    offset = row.remote_offset + came if end is None else end
    return {"size": size, "remote_offset": offset, "complete": cut or not more, "cut": cut}


def _read_alone(build: Build, row: BuildLog) -> BuildLog:
    """Read on for somebody who asks once; what is here will do where somebody else reads, or Jenkins does not answer."""
    reader = f"asked:{timezone.now().isoformat()}"
    if take(row, reader):
        try:
            read_on(build, reader)
        except GatehouseError as problem:
            log.info("jenkins.log_not_read", build=str(build.pk), problem=str(problem))
            if row.size == 0:
                raise
        finally:
            release(row, reader)
    row.refresh_from_db()
    return row


def _keep(row: BuildLog, reader: str, **fields: Any) -> bool:
    fields |= {"updated_at": timezone.now(), "lease_until": timezone.now() + LEASE}
    kept = BuildLog.objects.filter(pk=row.pk, reader=reader, size=row.size).update(**fields)
    for name, value in fields.items():
        setattr(row, name, value)
    return kept == 1


def _push(build: Build, row: BuildLog, before: int) -> None:
    """Tell who watches: what is new, or, where that is much, only that there is."""
    if row.size - before > MOST_PUSHED_BYTES:
        telling.log_piece(build.pk, {"build": str(build.pk), **_told(row, logs.Part(row.size, row.size, ""))})
        return
    start = logs.whole_end(build.pk, before)
    while True:
        part = logs.read(build.pk, start, row.size, PUSHED_BYTES, whole=row.complete) if row.size else NOTHING
        if part.text or row.complete:
            telling.log_piece(build.pk, {"build": str(build.pk), **_told(row, part)})
        if part.end >= row.size or not part.text:
            return
        start = part.end


def _told(row: BuildLog, part: logs.Part) -> dict[str, Any]:
    return {
        "start": part.start,
        "end": part.end,
        "size": row.size,
        "text": part.text,
        "more": part.end < row.size or not row.complete,
        "complete": row.complete,
        "cut": row.cut,
    }
