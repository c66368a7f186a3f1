"""How the client shows who it is: as nobody, with a ticket, with a token, or as somebody who signs in."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from django.utils import translation
from django.utils.translation import gettext as _

from realtime.terminal.trouble import why

HTTP_SECONDS = 15
EARLY_SECONDS = 60
"""An access token that ends so soon is renewed first."""
SECOND_FACTOR = "20005"
USER_AGENT = "Gatehouse-wsclient"
"""How lists of devices and connections name this client."""


class CannotSignIn(Exception):
    """The server does not know who this is; says why."""


class Refusal(CannotSignIn):
    """The API's own answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        super().__init__(error["message"])


class Account:
    """Nobody, or whoever a ticket or a token stands for. A ticket is good for one connection."""

    def __init__(self, *, ticket: str = "", token: str = "") -> None:
        self._ticket, self._token = ticket, token

    @property
    def may_return(self) -> bool:
        """Whether it can be shown once more."""
        return not self._ticket

    def query(self) -> dict[str, str]:
        return {"ticket": self._ticket} if self._ticket else {}

    def headers(self) -> dict[str, str]:
        """Return the headers of the handshake; may ask the server, so keep it off the event loop."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def leave(self) -> None:
        """Give back what was taken."""


class Person(Account):
    """Somebody who signs in, stays so as long as the client runs, and signs out.

    :param ask: returns a secret, given what is asked for.
    :raises CannotSignIn: when the server refuses, or cannot be reached.
    """

    def __init__(self, api: str, username: str, ask: Callable[[str], str]) -> None:
        super().__init__()
        self._api = api
        self._tokens = self._signed_in(username, ask)
        self._good_until = self._deadline()

    def _signed_in(self, username: str, ask: Callable[[str], str]) -> dict[str, Any]:
        password = ask(_("Password of {name}: ").format(name=username))
        try:
            return self._post("auth/login", {"username": username, "password": password, "device": "wsclient"})
        except Refusal as refused:
            if refused.error["code"] != SECOND_FACTOR or "challenge" not in refused.error:
                raise
            code = ask(_("Code of the second factor: "))
            return self._post("auth/second-factor", {"challenge": refused.error["challenge"], "code": code})

    def _deadline(self) -> float:
        return time.monotonic() + float(self._tokens["access_expires_in"]) - EARLY_SECONDS

    def headers(self) -> dict[str, str]:
        if time.monotonic() > self._good_until:
            self._tokens = self._post("auth/refresh", {"refresh": self._tokens["refresh"]})
            self._good_until = self._deadline()
        return {"Authorization": f"Bearer {self._tokens['access']}"}

    def leave(self) -> None:
        with suppress(CannotSignIn):
            self._post("auth/logout", {}, self._tokens["access"])

    def _post(self, path: str, body: dict[str, str], access: str = "") -> dict[str, Any]:
        headers = {
            "Content-Type": "application/json",
            "Accept-Language": translation.get_language() or "en",
            "User-Agent": USER_AGENT,
        }
        if access:
            headers["Authorization"] = f"Bearer {access}"
        request = Request(self._api + path, json.dumps(body).encode(), headers)  # noqa: S310 (api_of makes http or https)
        try:
            with urlopen(request, timeout=HTTP_SECONDS) as answer:  # noqa: S310 (as above)
                return dict(json.loads(answer.read() or b"{}"))
        except HTTPError as refused:
            with suppress(ValueError, KeyError, TypeError):
                raise Refusal(json.load(refused)["error"]) from None
            raise CannotSignIn(
                _("{address} answered {status}.").format(address=self._api + path, status=refused.code)
            ) from None
        except (URLError, OSError) as problem:
            said = _("{address} cannot be reached: {why}")
            raise CannotSignIn(said.format(address=self._api + path, why=why(problem))) from None


def api_of(socket_url: str) -> str:
    """Return the address of the API beside a socket."""
    parts = urlsplit(socket_url)
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}/api/v1/"
