"""Files that builds left: passed on from Jenkins piece by piece, none of them kept here."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from integrations.jenkins import rights
from integrations.jenkins.errors import AnswerTooLarge, NotAtJenkins
from integrations.jenkins.models import Build
from integrations.jenkins.services.queueing import client_for_people
from project.core import audit


@dataclass(frozen=True)
class Artifact:
    """A file of a build, open; whoever does not read it to its end closes `pieces`."""

    name: str
    size: int | None
    pieces: Generator[bytes]


def open_artifact(build: Build, *, path: str, by: Any) -> Artifact:
    """Begin to fetch a file that a build left.

    :raises NoPermission, NotHere: when `by` may not see the job.
    :raises NotAtJenkins: when the build left no such file, or it is not there any more.
    :raises AnswerTooLarge: beyond `JENKINS_ARTIFACT_MAX_BYTES`.
    :raises FileElsewhere: when Jenkins keeps it at a host that is not in `JENKINS_ARTIFACT_HOSTS`.
    """
    rights.ensure_may(by, "view", build.job)
    server = build.server
    if path not in build.artifacts or build.number is None:
        raise NotAtJenkins(server=server.name, what=path)
    most = settings.JENKINS_ARTIFACT_MAX_BYTES
    with ExitStack() as opening:
        client = opening.enter_context(client_for_people(server))
        size, pieces = opening.enter_context(client.artifact(build.job.full_name, build.number, path))
        if size is not None and size > most:
            raise _too_large(server.name, most)
        opened = opening.pop_all()
    audit.record("jenkins_build.artifact_read", build, actor=by, path=path, job=build.job.full_name)
    reading = _bounded(pieces, opened, most, server.name)
    next(reading)
    return Artifact(path.rpartition("/")[2], size, reading)


def _bounded(pieces: Iterator[bytes], opened: ExitStack, most: int, server: str) -> Generator[bytes]:
    with opened:
        # from here on it is closed with the generator, also where nobody reads any of it
        yield b""
        came = 0
        for piece in pieces:
            came += len(piece)
            if came > most:
                raise _too_large(server, most)
            if piece:
                yield piece


def _too_large(server: str, most: int) -> AnswerTooLarge:
    return AnswerTooLarge(server=server, limit=filesizeformat(most))
