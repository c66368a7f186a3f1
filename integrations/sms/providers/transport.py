"""Did a request leave the house? What both vendors' SDKs raise when theirs came back with nothing."""

from collections.abc import Iterator

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from integrations.sms.providers.interface import NotSent, Verdict

AT_ONCE = 64
"""Connections that a process keeps to one provider; its breaker lets so many calls through at a time."""
NEVER_LEFT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ConnectionRefusedError,
)


def not_sent(problem: BaseException) -> NotSent:
    """Say what an exception of the transport means. Its text is left out: it names the URL, in which there are codes."""
    causes = list(_causes(problem))
    found = next((one for one in causes if isinstance(one, NEVER_LEFT)), None)
    if found is not None:
        return NotSent(Verdict.NOT_REACHED, type(found).__name__)
    known = next((one for one in causes if isinstance(one, requests.RequestException)), problem)
    return NotSent(Verdict.NO_ANSWER, type(known).__name__)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException] = [problem]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, getattr(one, "inner_exception", None), getattr(one, "reason", None)]
        waiting += [cause for cause in (*inner, *one.args) if isinstance(cause, BaseException)]
