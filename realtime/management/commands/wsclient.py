"""An interactive WebSocket client: lines of standard input go out, frames come in.

    manage.py wsclient --login admin                  # asks for the password, gets a one-time ticket
    manage.py wsclient ws://host:8000/ws/ --token …   # an access token, in the Authorization header
    echo 'ping' | manage.py wsclient --ticket …       # ends when standard input ends and the answers are in

A line is a frame as JSON, or short `topic` or `topic {"data": …}`; short lines ask for a reply.
"""

import asyncio
import getpass
import json
import sys
import threading
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Origin, Subprotocol

from realtime.transport.handshake import SUBPROTOCOL

HTTP_SECONDS = 15


class Command(BaseCommand):
    """Speaks to the gateway from a terminal."""

    help = "Open a socket to the gateway: lines of standard input go out, frames come in."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = f"ws://{getattr(settings, 'HOST', '') or '127.0.0.1'}:{getattr(settings, 'PORT', '') or 8000}/ws/"
        parser.add_argument("url", nargs="?", default=default, help=f"where the socket is ({default})")
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--ticket", help="a one-time ticket")
        way.add_argument("--token", help="an access token; - reads it from the first line of standard input")
        way.add_argument(
            "--login",
            metavar="USER",
            help="sign in first; asks for the password, or reads it from the first line of standard input",
        )
        parser.add_argument("--origin", help="the Origin to send (a native client sends none)")
        parser.add_argument("--wait", type=float, default=1.0, help="seconds to listen once standard input has ended")

    def handle(self, *args: Any, **options: Any) -> None:
        headers: dict[str, str] = {}
        given = options["token"]
        token = sys.stdin.readline().strip() if given == "-" else given
        url = _websocket(options["url"])
        if token:
            headers["Authorization"] = f"Bearer {token}"
        ticket = self._sign_in(url, options["login"]) if options["login"] else options["ticket"]
        if ticket:
            url += f"?{urlencode({'ticket': ticket})}"
        origin = Origin(options["origin"]) if options["origin"] else None
        with suppress(KeyboardInterrupt):
            asyncio.run(self._talk(url, headers, origin, options["wait"]))

    def _sign_in(self, url: str, username: str) -> str:
        asked = sys.stdin.isatty()
        password = getpass.getpass(f"Password of {username}: ") if asked else sys.stdin.readline().rstrip("\n")
        answer = _post(url, "auth/login", {"username": username, "password": password, "device": "wsclient"})
        return str(_post(url, "auth/ticket", {}, answer["access"])["ticket"])

    async def _talk(self, url: str, headers: dict[str, str], origin: Origin | None, wait: float) -> None:
        opening = connect(
            url, additional_headers=headers, origin=origin, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None
        )
        try:
            async with opening as line:
                self._note(f"connected to {_shown(url)}")
                listening = asyncio.create_task(self._listen(line))
                speaking = asyncio.create_task(self._speak(line, wait))
                await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
                speaking.cancel()
                await line.close()
                await listening
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as problem:
            raise CommandError(f"No connection to {_shown(url)}: {problem}") from None

    async def _listen(self, line: ClientConnection) -> None:
        try:
            while True:
                frame = await line.recv()
                self.stdout.write(frame if isinstance(frame, str) else f"<binary, {len(frame)} bytes>")
                self.stdout.flush()
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code != 1000:
                self._note(f"closed with {closed.rcvd.code}: {closed.rcvd.reason}")

    async def _speak(self, line: ClientConnection, wait: float) -> None:
        number = 0
        async for text in _lines():
            number += 1
            with suppress(ConnectionClosed):
                await line.send(_frame(text, number))
        await asyncio.sleep(wait)

    def _note(self, text: str) -> None:
        self.stderr.write(self.style.NOTICE(text))


def _shown(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query=""))


def _websocket(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"ws", "wss"} or not parts.hostname:
        raise CommandError(f"{url!r} is no address of a socket; ws://127.0.0.1:8000/ws/ is one.")
    return urlunsplit((scheme, parts.netloc, parts.path if parts.path not in {"", "/"} else "/ws/", "", ""))


def _post(socket_url: str, path: str, body: dict[str, str], access: str = "") -> dict[str, Any]:
    parts = urlsplit(socket_url)
    scheme = "https" if parts.scheme == "wss" else "http"
    address = f"{scheme}://{parts.netloc}/api/v1/{path}"
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {access}"} if access else {})
    request = Request(address, json.dumps(body).encode(), headers)  # noqa: S310 (http or https by construction)
    try:
        with urlopen(request, timeout=HTTP_SECONDS) as answer:  # noqa: S310 (as above)
            found: dict[str, Any] = json.load(answer)
            return found
    except HTTPError as refused:
        with suppress(ValueError, KeyError, TypeError):
            raise CommandError(json.load(refused)["error"]["message"]) from None
        raise CommandError(f"{address} answered {refused.code}") from None
    except URLError as problem:
        raise CommandError(f"{address} cannot be reached: {problem.reason}") from None


def _frame(text: str, number: int) -> str:
    if text.lstrip().startswith(("{", "[", '"')):
        return text
    topic, _, data = text.strip().partition(" ")
    frame: dict[str, Any] = {"id": number, "topic": topic}
    if data:
        try:
            frame["data"] = json.loads(data)
        except ValueError:
            frame["data"] = data
    return json.dumps(frame, ensure_ascii=False)


async def _lines() -> AsyncIterator[str]:
    """Yield standard input line by line; a daemon thread reads it, so that Ctrl-C need not wait for Enter."""
    loop = asyncio.get_running_loop()
    arriving: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        with suppress(RuntimeError):  # the loop ended first
            for text in sys.stdin:
                loop.call_soon_threadsafe(arriving.put_nowait, text.rstrip("\n"))
            loop.call_soon_threadsafe(arriving.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (text := await arriving.get()) is not None:
        if text.strip():
            yield text
