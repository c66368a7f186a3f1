"""One request to Jenkins and its answer, within bounds: time, size, kind, place. Whatever goes wrong is one of our errors."""

import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from requests.auth import HTTPBasicAuth

from integrations.jenkins import addresses, errors
from integrations.jenkins.client import elsewhere
from integrations.jenkins.client.answers import ANYTHING, REDIRECTS, Asked, ensure_good
from integrations.jenkins.client.connections import CheckedAdapter, Deadline, deadline
from integrations.jenkins.client.failures import is_sick, translated
from integrations.jenkins.numbers import number_in
from project.core import breaker

MOST_BYTES = 5 * 1024 * 1024
PIECE = 1 << 16
AT_ONCE = {"": 32, "logs": 32, "files": 8}
"""So many calls of a process to one server at the same time. What is read for long has breakers of its own: who reads slowly
takes no other's turn, and is not the server's fault."""
CRUMB = "crumbIssuer/api/json"


@dataclass(frozen=True)
class Account:
    """Where a server is, and as whom we speak to it. Its `repr` shows no token."""

    key: str
    """What its breaker is called after."""
    name: str
    url: str
    user: str = ""
    token: str = field(default="", repr=False)
    networks: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    server: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return what it says.

        :raises NotJenkins: when that is no JSON.
        """
        try:
            # NaN and its kin are no JSON, and no database takes them; who nests without end wants to see us fall
            return json.loads(self.body, parse_constant=_refused)
        except (ValueError, RecursionError) as problem:
            what = "no JSON" if self.body else "nothing"
            raise errors.NotJenkins(server=self.server, what=what) from problem


class Sent(NamedTuple):
    """What goes along with a request."""

    data: Any = None
    files: Any = None
    headers: Mapping[str, str] | None = None


class Transport:
    """Speaks to one server. Not for several threads at once."""

    def __init__(self, account: Account) -> None:
        """:raises AddressNotAllowed: when the server may not be there."""
        self.account = account
        self._place = addresses.placed(account.url)
        self._crumb: dict[str, str] = {}
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(settings.JENKINS_CA_FILE or "") or True
        if account.user:
            # as bytes: requests would spell anything beyond latin-1 wrongly
            self.session.auth = HTTPBasicAuth(account.user.encode(), account.token.encode())
        self.session.headers.update({"User-Agent": "Gatehouse", "Accept-Encoding": "gzip"})
        allowed = partial(addresses.ensure_allowed, networks=account.networks)
        for scheme in addresses.PORTS:
            self.session.mount(f"{scheme}://", CheckedAdapter(allowed))

    @property
    def url(self) -> str:
        return self._place.url

    def close(self) -> None:
        self.session.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        kind: str = "",
        what: str = "",
        most: int = MOST_BYTES,
    ) -> Answer:
        """Ask, and return the whole answer. A request that wants a crumb gets one, once.

        :param kind: the media type that the answer must have; empty: any but a web page's.
        :param what: what it is about, for whoever reads the error.
        :raises GatehouseError: one of integrations.jenkins.errors, or the breaker's.
        """
        about = Asked(self.account.name, method, kind, what)
        with self._watched("", settings.JENKINS_CALL_SECONDS + 1):
            answer = self._once(method, url, Sent(data, files, headers), most)
            if method == "POST" and answer.status == 403 and self._renew_crumb():
                answer = self._once(method, url, Sent(data, files, headers), most)
            ensure_good(answer.status, answer.headers, answer.body, about, is_ours=self._is_ours)
        return answer

    @contextmanager
    def stream(
        self, url: str, *, seconds: float, what: str = "", kind: str = "text/plain", purpose: str = "logs"
    ) -> Iterator[tuple[Mapping[str, str], Iterator[bytes]]]:
        """Ask for something large, and read it piece by piece; whoever reads decides when it is enough."""
        about = Asked(self.account.name, "GET", kind, what)
        name = self.account.name
        with self._watched(purpose, math.inf), deadline(seconds) as end:
            with translated(name, end):
                response = self._open("GET", url, Sent())
            with closing(response):
                if response.status_code != 200:
                    ensure_good(response.status_code, response.headers, b"", about, is_ours=self._is_ours)
                ensure_good(200, response.headers, b"-", about, is_ours=self._is_ours)
                yield response.headers, _read(response, name, end)

    @contextmanager
    def file(self, url: str, *, seconds: float, what: str) -> Iterator[tuple[int | None, Iterator[bytes]]]:
        """Ask for a file of a build, also where Jenkins keeps it elsewhere: its size, if that is told, and what is in it.

        :raises FileElsewhere: when it is kept at a host that is not in JENKINS_ARTIFACT_HOSTS.
        :raises EndUnknown: when nobody could tell whether all of it came.
        """
        about, name = Asked(self.account.name, "GET", ANYTHING, what), self.account.name
        with self._watched("files", math.inf), deadline(seconds) as end, ExitStack() as opened:
            with translated(name, end):
                # as it is: packed its size would not be known
                response = opened.enter_context(self._open("GET", url, Sent(headers={"Accept-Encoding": "identity"})))
            if response.status_code in REDIRECTS:
                location = urljoin(self._absolute(url), response.headers.get("Location", ""))
                response.close()
                there = elsewhere.opened(location, server=name, what=what, end=end)
                name, response = opened.enter_context(there)
            elif response.status_code != 200:
                ensure_good(response.status_code, response.headers, b"", about, is_ours=self._is_ours)
            if not _has_end(response.headers):
                raise errors.EndUnknown(server=name)
            yield _size(response.headers), _read(response, name, end)

    @contextmanager
    def _watched(self, purpose: str, timeout: float) -> Iterator[None]:
        """Count the block as one call to the server; people are told of the server, and not of its breaker."""
        name = "-".join(filter(None, ("jenkins", self.account.key, purpose)))
        mine = breaker.named(name, timeout=timeout, concurrent=AT_ONCE[purpose], counts=is_sick)
        try:
            with mine.watching():
                yield
        except (breaker.Open, breaker.Busy) as problem:
            raise type(problem)(name=self.account.name) from problem

    def _once(self, method: str, url: str, sent: Sent, most: int) -> Answer:
        name = self.account.name
        with deadline(settings.JENKINS_CALL_SECONDS) as end:
            with translated(name, end):
                response = self._open(method, url, sent)
            # one that was not read to its end must not be used again
            with closing(response):
                body = bytearray()
                for piece in _read(response, name, end, most):
                    body += piece
                    if len(body) > most:
                        raise errors.AnswerTooLarge(server=name, limit=filesizeformat(most))
                return Answer(response.status_code, response.headers, bytes(body), name)

    def _open(self, method: str, url: str, sent: Sent) -> requests.Response:
        crumb = self._crumb if method == "POST" else {}
        return self.session.request(
            method,
            self._absolute(url),
            data=sent.data,
            files=sent.files,
            headers={**(sent.headers or {}), **crumb},
            allow_redirects=False,
            stream=True,
            timeout=(settings.JENKINS_CONNECT_SECONDS, settings.JENKINS_READ_SECONDS),
        )

    def _absolute(self, url: str) -> str:
        absolute = urljoin(self.url, url)
        if not absolute.startswith(self.url):
            raise errors.SentElsewhere(server=self.account.name)
        return absolute

    def _is_ours(self, location: str) -> bool:
        """Whether a redirect stays at the server."""
        parts = urlsplit(urljoin(self.url, location))
        ports = addresses.PORTS
        try:
            port = parts.port or ports.get(parts.scheme)
        except ValueError:
            return False
        return (parts.hostname or "").lower() == self._place.host and port in {self._place.port, *ports.values()}

    def _renew_crumb(self) -> bool:
        """Fetch a crumb; tell whether there is one to try again with. An API token wants none, a password does."""
        before = self._crumb
        self._crumb = {}
        answer = self._once("GET", CRUMB, Sent(), PIECE)
        if answer.status != 200:
            return False
        told = answer.json()
        if not isinstance(told, dict) or not isinstance(told.get("crumb"), str):
            return False
        name = told.get("crumbRequestField")
        self._crumb = {name if isinstance(name, str) and name.isascii() else "Jenkins-Crumb": told["crumb"][:500]}
        return self._crumb != before


def _has_end(headers: Mapping[str, str]) -> bool:
    """Whether it can be told that all of an answer came: else it ends where the connection does, also when that was cut."""
    return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()


def _size(headers: Mapping[str, str]) -> int | None:
    return None if headers.get("Content-Encoding") else number_in(headers.get("Content-Length", ""))


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _read(response: requests.Response, server: str, end: Deadline, most: int | None = None) -> Iterator[bytes]:
    """The body as it comes, unpacked; one that was cut by either side raises."""
    with translated(server, end):
        yield from _pieces(response, most)
        # an answer that says nowhere how long it is ends where it was cut, and looks whole
        if end.passed:
            raise errors.NoAnswer(server=server)


def _pieces(response: requests.Response, most: int | None = None) -> Iterator[bytes]:
    """A bomb is not unpacked past `most`."""
    packed = response.headers.get("Content-Encoding", "").lower()
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed in {"gzip", "deflate"} else None
    if packed not in {"", "identity", "gzip", "deflate"}:
        raise ValueError(f"an encoding nobody asked for: {packed[:20]}")
    came, length = False, 0
    while piece := response.raw.read1(PIECE, decode_content=False):
        came = True
        while piece:
            plain = unpack.decompress(piece, PIECE) if unpack else piece
            piece = unpack.unconsumed_tail if unpack else b""
            length += len(plain)
            yield plain
            if most is not None and length > most:
                return
    if unpack and came:
        yield unpack.flush()
        if not unpack.eof:
            raise ValueError("packed, and cut in the middle")
    missing = getattr(response.raw, "length_remaining", None)
    if missing:
        raise OSError("the connection was cut in the middle of the answer")
