"""What the opening request of a socket says."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.http.cookie import parse_cookie
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from project.core.addresses import client_ip
from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Peer
from realtime.transport import origin
from realtime.transport.credentials import Credentials

SUBPROTOCOL = "gatehouse.v1"
MSGPACK = "gatehouse.v1.msgpack"
"""What frames are written in, JSON or MessagePack: the first that a client asks for, JSON when it asks for none."""
TICKET = "gateway.ticket"
"""The scope extension in which realtime/server.py keeps the ticket out of the URL that gets logged."""
MAX_USER_AGENT = 300


@dataclass(frozen=True, slots=True)
class Handshake:
    """The parts that matter, read once."""

    host: str
    origin: str | None
    bearer: str
    ticket: str
    cookie: str
    subprotocol: str | None
    peer: Peer

    @classmethod
    def read(cls, scope: dict[str, Any]) -> "Handshake":
        headers = {name: value.decode("latin-1") for name, value in scope.get("headers", ())}
        kind, _, value = headers.get(b"authorization", "").partition(" ")
        address, _port = scope.get("client") or ("", 0)
        asked = value_of("language", scope.get("query_string", b""))
        language = _language(asked) or _language(headers.get(b"accept-language", "")) or settings.LANGUAGE_CODE
        given_origin = headers.get(b"origin")
        return cls(
            host=headers.get(b"host", ""),
            origin=given_origin,
            bearer=value.strip() if kind.lower() == "bearer" else "",
            ticket=_ticket(scope),
            cookie=parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME, ""),
            subprotocol=next((one for one in scope.get("subprotocols", ()) if one in (SUBPROTOCOL, MSGPACK)), None),
            peer=Peer(
                address=client_ip(address, headers.get(b"x-forwarded-for", "")),
                user_agent=headers.get(b"user-agent", "")[:MAX_USER_AGENT],
                origin=given_origin or "",
                language=language,
                network=scope.get("scheme", "ws"),
            ),
        )

    @property
    def packs(self) -> bool:
        """Whether frames are MessagePack."""
        return self.subprotocol == MSGPACK

    def ensure_allowed(self) -> None:
        """Pass silently when this page and this address may open a socket.

        :raises Refused: when not. A cookie, which a browser sends by itself, counts only on a page of our own.
        """
        if self.origin is not None and not origin.is_allowed(self.origin, self.host):
            raise Refused(CloseCode.NOT_ALLOWED)
        if not origin.address_is_allowed(self.peer.address):
            raise Refused(CloseCode.NOT_ALLOWED)
        if self.origin is None and self.cookie and not (self.ticket or self.bearer):
            raise Refused(CloseCode.NOT_ALLOWED)

    def credentials(self) -> Credentials:
        own_page = self.origin is not None and origin.is_own(self.origin, self.host)
        return Credentials(
            ticket=self.ticket,
            bearer=self.bearer,
            cookie_session_key=self.cookie if own_page and not (self.ticket or self.bearer) else "",
            ip=self.peer.address,
            user_agent=self.peer.user_agent,
            origin=self.peer.origin,
        )


def _ticket(scope: dict[str, Any]) -> str:
    kept = scope.get("extensions", {}).get(TICKET)
    if kept is not None:
        return str(kept)
    return value_of("ticket", scope.get("query_string", b""))


def value_of(name: str, query: bytes) -> str:
    """Return what a query string says of `name`; empty when it says nothing."""
    if name.encode() not in query:
        return ""
    with suppress(ValueError):  # more fields than anybody needs
        return parse_qs(query.decode("latin-1"), max_num_fields=20).get(name, [""])[0]
    return ""


@lru_cache(maxsize=256)
def _language(accepted: str) -> str:
    for code, _weight in parse_accept_lang_header(accepted):
        if code == "*":
            break
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return ""
