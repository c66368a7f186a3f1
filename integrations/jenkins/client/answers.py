"""What Jenkins' answers mean. Nothing of a body is ever shown: it may be anybody's page."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from integrations.jenkins import errors

WEB_PAGE = "text/html"
ANYTHING = "*/*"
"""Files of builds may be of any kind, web pages too."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_WHY = 200


class Asked(NamedTuple):
    """What was asked, for judging the answer."""

    server: str
    method: str
    kind: str
    what: str


def ensure_good(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked, *, is_ours: Callable[[str], bool]
) -> None:
    """Pass silently when an answer is what was asked for.

    :raises GatehouseError: one of integrations.jenkins.errors that says why not.
    """
    if status in REDIRECTS:
        _ensure_stays(headers, asked, is_ours)
        return
    if status >= 400:
        raise _refusal(status, headers, asked)
    if asked.method != "GET" or asked.kind == ANYTHING:
        return
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == WEB_PAGE != asked.kind:
        raise errors.NotJenkins(server=asked.server, what="a web page")
    if asked.kind and kind not in _kinds(asked.kind):
        raise errors.NotJenkins(server=asked.server, what=_plain(kind) or "no media type")
    if asked.kind == "application/json" and not body.strip():
        raise errors.NotJenkins(server=asked.server, what="nothing")


def _ensure_stays(headers: Mapping[str, str], asked: Asked, is_ours: Callable[[str], bool]) -> None:
    """After a POST Jenkins shows the browser what it made; a GET is answered, or else it is somebody else's page."""
    location = headers.get("Location", "")
    if asked.method == "GET" or not is_ours(location):
        raise errors.SentElsewhere(server=asked.server)
    if "login" in location.lower():
        raise errors.CredentialsRefused(server=asked.server)


def _refusal(status: int, headers: Mapping[str, str], asked: Asked) -> Exception:
    why = _plain(headers.get("X-Error", ""))
    match status:
        case 401:
            return errors.CredentialsRefused(server=asked.server)
        case 403:
            return errors.RefusedByJenkins(server=asked.server)
        case 404:
            return errors.NotAtJenkins(server=asked.server, what=asked.what or "?")
        case 503:
            return errors.NotReached(server=asked.server)
        case 502 | 504:
            return errors.NoAnswer(server=asked.server)
        case 400 if "already exists" in why.lower() or "already in use" in why.lower():
            return errors.TakenName(name=asked.what)
    refused = errors.JenkinsError(why=why or f"HTTP {status}")
    refused.sick = status >= 500
    return refused


def _kinds(kind: str) -> frozenset[str]:
    return frozenset({"application/xml", "text/xml"}) if kind == "application/xml" else frozenset({kind})


def _plain(text: str) -> str:
    return "".join(one for one in text if one.isprintable())[:LONGEST_WHY]
