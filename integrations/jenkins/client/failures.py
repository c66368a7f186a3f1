"""What calls die of, as errors of ours."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

import requests
import urllib3

from integrations.jenkins import errors
from integrations.jenkins.client.connections import Deadline
from project.core.errors import GatehouseError

FAILURES = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    HTTPException,
    OSError,
    ValueError,
    zlib.error,
)
"""What requests, and what lies below it, raise when a call fails."""


@contextmanager
def translated(server: str, end: Deadline, *, privately: bool = False) -> Iterator[None]:
    """Turn whatever a call to `server` dies of into one of our errors. Not for what is done with an answer: a full disk of ours is
    no failure of theirs.

    :param privately: what it came from has an address in it that nobody may read.
    """
    try:
        yield
    except GatehouseError:
        raise
    except FAILURES as problem:
        raise _told(problem, server, end) from (None if privately else problem)


def is_sick(problem: Exception) -> bool:
    """Whether an error is the server's fault, and neither ours nor that of what was asked."""
    if isinstance(problem, errors.JenkinsError):
        return problem.sick
    return isinstance(problem, GatehouseError) and problem.status >= 500


def _told(problem: Exception, server: str, end: Deadline) -> GatehouseError:
    if isinstance(problem, requests.exceptions.SSLError):
        return errors.UnknownCertificate(server=server)
    if isinstance(problem, requests.exceptions.ConnectTimeout):
        return errors.NotReached(server=server)
    if isinstance(refusal := _refusal(problem), GatehouseError):
        return refusal
    return (errors.NoAnswer if end.sent else errors.NotReached)(server=server)


def _refusal(problem: BaseException | None) -> BaseException | None:
    """The error of ours that lies below, if there is one."""
    seen: set[int] = set()
    while problem is not None and not isinstance(problem, GatehouseError) and id(problem) not in seen:
        seen.add(id(problem))
        inner = [one for one in problem.args if isinstance(one, BaseException)]
        problem = problem.__cause__ or problem.__context__ or (inner[0] if inner else None)
    return problem
