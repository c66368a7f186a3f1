"""Whole logs as files, piece by piece: a hundred megabytes are never in memory at once."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from integrations.jenkins import services
from integrations.jenkins.models import Build


def log_file(request: Any, build: Build) -> StreamingHttpResponse:
    """Answer with a build's log as a file.

    :raises GatehouseError: one of integrations.jenkins.errors, when nothing of it is here and Jenkins cannot be asked.
    """
    pieces = services.whole_log(build)
    name = f"{build.job.full_name.replace('/', '-')}-{build.number or 0}.log"
    is_asgi = isinstance(getattr(request, "_request", request), ASGIRequest)
    return StreamingHttpResponse(
        _awaited(pieces) if is_asgi else pieces,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    # Django would gather a plain iterator into a list first
    following = sync_to_async(lambda: next(pieces, b""), thread_sensitive=False)
    while piece := await following():
        yield piece
