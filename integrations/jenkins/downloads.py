"""Logs and other files of builds, piece by piece: a hundred megabytes are never in memory at once."""

from collections.abc import AsyncIterator, Generator
from contextlib import suppress
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
    name = f"{build.job.full_name.replace('/', '-')}-{build.number or 0}.log"
    return _download(request, services.whole_log(build), name, "text/plain; charset=utf-8")


def artifact_file(request: Any, build: Build, path: str) -> StreamingHttpResponse:
    """Answer with a file that a build left; never as something that a browser would show.

    :raises GatehouseError: one of integrations.jenkins.errors.
    """
    found = services.open_artifact(build, path=path, by=request.user)
    response = _download(request, found.pieces, found.name, "application/octet-stream")
    if found.size is not None:
        response.headers["Content-Length"] = str(found.size)
    return response


def _download(request: Any, pieces: Generator[bytes], name: str, kind: str) -> StreamingHttpResponse:
    # letters that turn the others around would let a program look like a picture
    plain = "".join(one for one in name if one.isprintable())
    is_asgi = isinstance(getattr(request, "_request", request), ASGIRequest)
    return StreamingHttpResponse(
        _awaited(pieces) if is_asgi else pieces,
        content_type=kind,
        headers={
            "Content-Disposition": content_disposition_header(True, plain) or "attachment",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _awaited(pieces: Generator[bytes]) -> AsyncIterator[bytes]:
    # Django would gather a plain iterator into a list first
    following = sync_to_async(lambda: next(pieces, b""), thread_sensitive=False)
    try:
        while piece := await following():
            yield piece
    finally:
        with suppress(ValueError):  # a thread is still in it: it ends with that
            pieces.close()
