"""How people outside reach the product: an HTTP caller with a token, and a socket."""

import json
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import requests
from requests.adapters import HTTPAdapter
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.accounts.captchas import knock

PATIENCE = 60
"""How long a test waits for what should happen at once: generous, because the machine may be busy."""

Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str, seconds: float = PATIENCE) -> Found:
    """Look again and again until something true is found, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s; last seen {found!r}"
        time.sleep(0.05)
    return found


class From(HTTPAdapter):
    """Connects from one of this machine's addresses."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named, source_address=(self._address, 0))


class Caller:
    """A person's program calling the API at `url`.

    :param trust: the certificate authority it trusts (PEM), where the address is https.
    :param address: the address it calls from: any of 127.0.0.0/8.
    """

    def __init__(self, url: str, *, trust: str = "", address: str = "") -> None:
        self.url, self.trust, self.address = url, trust, address
        self.tokens: dict[str, Any] = {}
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = trust or True
        if address:
            self._http.mount("http://", From(address))
            self._http.mount("https://", From(address))

    def sign_in(self, username: str, password: str, device: str = "") -> dict[str, Any]:
        """Sign in and keep the tokens; return the whole answer."""
        given = {"username": username, "password": password} | ({"device": device} if device else {})
        answer = knock(self.post, given)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self.tokens

    def refresh(self) -> requests.Response:
        """Trade the refresh token for new tokens, and keep those when it worked."""
        answer = self.post("auth/refresh", {"refresh": self.tokens["refresh"]})
        if answer.ok:
            self.tokens = answer.json()
        return answer

    def get(self, path: str, **how: Any) -> requests.Response:
        """GET a path below /api/v1/, or one that starts with a slash."""
        return self.ask("GET", path, **how)

    def post(self, path: str, body: Any = None, **how: Any) -> requests.Response:
        """POST JSON."""
        return self.ask("POST", path, **({"json": body} if body is not None else {}), **how)

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **how: Any) -> requests.Response:
        """Send any request, with the access token when there is one."""
        address = self.url + (path if path.startswith("/") else f"/api/v1/{path}")
        bearer = {"Authorization": f"Bearer {self.tokens['access']}"} if self.tokens else {}
        kept = {"allow_redirects": False, "timeout": PATIENCE} | how
        return self._http.request(method, address, headers=bearer | {"Accept-Language": "en"} | (headers or {}), **kept)

    def socket(self) -> "Line":
        """Open a socket with a one-time ticket."""
        answer = self.post("auth/ticket")
        assert answer.status_code == 200, answer.text
        return Line(self.url, ticket=answer.json()["ticket"], trust=self.trust, address=self.address)


def _secured(trust: str) -> ssl.SSLContext:
    """Trust `trust`. With TLS 1.3 one request in a thousand was lost: its tickets are read by one thread while another writes,
    which Python's ssl does not withstand."""
    context = ssl.create_default_context(cafile=trust)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


class Line:
    """A socket to the gateway. Frames that arrive while looking for another are kept in `frames`."""

    def __init__(
        self,
        url: str,
        *,
        ticket: str = "",
        bearer: str = "",
        origin: str | None = None,
        headers: dict[str, str] | None = None,
        trust: str = "",
        address: str = "",
    ) -> None:
        place = url.replace("http", "ws", 1) + "/ws/" + (f"?ticket={ticket}" if ticket else "")
        given = ({"Authorization": f"Bearer {bearer}"} if bearer else {}) | (headers or {})
        how: dict[str, Any] = {"ssl": _secured(trust)} if trust else {}
        if address:
            how["source_address"] = (address, 0)
        self.frames: list[dict[str, Any]] = []
        self._asked = 0
        self._closing = ExitStack()
        opening = connect(
            place,
            subprotocols=["gatehouse.v1"],  # type: ignore[list-item]  # a NewType of str
            additional_headers=given,
            origin=origin,  # type: ignore[arg-type]  # a NewType of str
            proxy=None,
            open_timeout=PATIENCE,
            ping_timeout=None,  # a busy machine is no broken line
            **how,
        )
        self._socket = self._closing.enter_context(opening)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closing.close()

    def send(self, topic: str, data: Any = None, **more: Any) -> None:
        """Send one frame."""
        self._socket.send(json.dumps({"topic": topic, "data": data} | more))

    def ask(self, topic: str, data: Any = None) -> dict[str, Any]:
        """Send a frame that wants a reply, and return the reply."""
        self._asked += 1
        self.send(topic, data, id=self._asked)
        return self.wait_for(lambda frame: frame.get("id") == self._asked)

    def next(self, topic: str) -> Any:
        """Return the data of the next frame of `topic`."""
        return self.wait_for(lambda frame: frame["topic"] == topic and "id" not in frame)["data"]

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first frame, kept or coming, that is wanted."""
        for frame in self.frames:
            if wanted(frame):
                self.frames.remove(frame)
                return frame
        deadline = time.monotonic() + PATIENCE
        while True:
            frame = json.loads(self._socket.recv(timeout=max(0.01, deadline - time.monotonic())))
            if wanted(frame):
                return dict(frame)
            self.frames.append(frame)

    def end(self, seconds: float = PATIENCE) -> tuple[int, str]:
        """Wait until the server closes; return its code and reason."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.frames.append(json.loads(self._socket.recv(timeout=max(0.01, deadline - time.monotonic()))))
        except ConnectionClosed as closed:
            last = closed.rcvd
        self._closing.close()
        assert last, "the line was cut without a close frame"
        return last.code, last.reason
