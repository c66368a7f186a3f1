"""A conversation with the gateway: lines go out, frames come in, and a line that was cut is opened again."""

import asyncio
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgpack
from django.utils import translation
from django.utils.translation import gettext as _
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Origin, Subprotocol

from realtime.core.codes import RECONNECT_BELOW
from realtime.core.frames import KICK, WELCOME
from realtime.terminal import words
from realtime.terminal.account import USER_AGENT, Account, CannotSignIn
from realtime.terminal.screen import Pipe
from realtime.terminal.trouble import why

ANSWER_SECONDS = 15.0
"""How long answers are waited for once there is nothing more to say."""
LONGEST_PAUSE = 30.0
BYE, CUT = 1000, 1006
"""The codes of a connection that ended well, and of one that ended without a word."""
NORMAL, REFUSED = 0, 1
"""Exit codes."""
PROBLEMS = (OSError, InvalidHandshake, InvalidURI, TimeoutError, CannotSignIn)


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to connect."""

    url: str
    subprotocol: str
    binary: bool = False
    origin: str = ""


class CannotConnect(Exception):
    """There is no connection; says why."""


class Conversation:
    """One person or program talks to one server, over as many connections as it takes.

    :param lines: what is typed; None is the end.
    :param wait: seconds to listen once the input has ended and all answers are in.
    """

    def __init__(
        self, server: Server, account: Account, screen: Pipe, lines: "asyncio.Queue[str | None]", *, wait: float
    ) -> None:
        self._server, self._account, self._screen, self._lines, self._wait = server, account, screen, lines, wait
        self._line: str | None = None
        self._number = 0
        self._finished = False
        self._greeted = asyncio.Event()
        self._asked: dict[str, float] = {}
        self._answered = asyncio.Event()
        self._retry_after: float | None = None

    async def hold(self) -> int:
        """Talk until the input ends, or the server wants to hear no more; return the exit code.

        :raises CannotConnect: when there is no first connection.
        """
        attempt = 0
        while True:
            try:
                code, reason = await self._talk()
            except PROBLEMS as problem:
                if not attempt:
                    raise CannotConnect(why(problem)) from problem
                code, reason = CUT, why(problem)
            if self._finished or code == BYE:
                return NORMAL
            self._screen.failure(_("Closed with {code}: {reason}").format(code=code, reason=reason or "–"))
            if code >= RECONNECT_BELOW or not self._account.may_return:
                return REFUSED
            attempt = 1 if self._greeted.is_set() else attempt + 1
            await self._pause(attempt)
            if self._line == words.QUIT:
                return REFUSED

    async def _pause(self, attempt: int) -> None:
        """Wait as long as the server asked, or a random part of what doubles with each attempt."""
        longest = min(LONGEST_PAUSE, 2.0**attempt)
        pause = random.uniform(0, longest) if self._retry_after is None else self._retry_after  # noqa: S311 (no secret)
        self._retry_after = None
        self._greeted.clear()
        self._asked.clear()
        self._screen.note(_("Connecting again in {seconds} s …").format(seconds=f"{pause:.1f}"))
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                if await self._next() != words.QUIT:
                    await asyncio.sleep(pause)

    async def _talk(self) -> tuple[int, str]:
        """Use one connection up; return how it ended."""
        query = self._account.query()
        headers = await asyncio.to_thread(self._account.headers)
        opening = connect(
            f"{self._server.url}?{urlencode(query)}" if query else self._server.url,
            additional_headers={"Accept-Language": translation.get_language() or "en", **headers},
            origin=Origin(self._server.origin) if self._server.origin else None,
            subprotocols=[Subprotocol(self._server.subprotocol)],
            user_agent_header=USER_AGENT,
            proxy=None,
        )
        async with opening as line:
            self._screen.note(_("Connected to {address}").format(address=self._server.url))
            listening = asyncio.create_task(self._listen(line))
            speaking = asyncio.create_task(self._speak(line))
            await asyncio.wait({listening, speaking}, return_when=asyncio.FIRST_COMPLETED)
            speaking.cancel()
            await line.close()
            await asyncio.wait({listening, speaking})
            for task in (listening, speaking):
                if not task.cancelled():
                    task.result()
        return line.close_code or CUT, line.close_reason or ""

    # what comes in

    async def _listen(self, line: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for sent in line:
                body = self._decoded(sent)
                self._screen.frame(body, self._took(body))
                self._heed(body)

    def _decoded(self, sent: str | bytes) -> Any:
        if isinstance(sent, str):
            return json.loads(sent)
        return msgpack.unpackb(sent) if self._server.binary else sent

    def _took(self, body: Any) -> float | None:
        """Return how long this answer took; None when it is none."""
        if not isinstance(body, dict) or "id" not in body:
            return None
        asked_at = self._asked.pop(json.dumps(body["id"]), None)
        if not self._asked:
            self._answered.set()
        return None if asked_at is None else time.perf_counter() - asked_at

    def _heed(self, body: Any) -> None:
        topic = body.get("topic") if isinstance(body, dict) else None
        if topic == WELCOME:
            self._greeted.set()
        elif topic == KICK:
            self._retry_after = body["data"].get("retry_after")

    # what goes out

    async def _speak(self, line: ClientConnection) -> None:
        """Send what is typed; a line that a cut connection did not take is kept for the next."""
        while (text := await self._next()) != words.QUIT:
            try:
                await self._send(line, text)
            except ConnectionClosed:
                return
            self._line = None
        await self._last_answers()
        self._finished = True

    async def _next(self) -> str:
        """Return the line to send next, as often as asked until it is sent; the end of the input is a word to leave."""
        if self._line is None:
            text = await self._lines.get()
            self._line = words.QUIT if text is None else text
        return self._line

    async def _send(self, line: ClientConnection, text: str) -> None:
        if text == words.HELP:
            self._screen.note(words.help_text())
            return
        try:
            frame = words.frame(text, self._number + 1)
            packed = msgpack.packb(json.loads(frame)) if self._server.binary else frame
        except ValueError as problem:
            self._screen.failure(str(problem))
            return
        self._number += 1
        if (asked := words.id_of(frame)) is not None:
            self._asked[asked] = time.perf_counter()
            self._answered.clear()
        await line.send(packed)

    async def _last_answers(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._greeted.wait()
                while self._asked:
                    await self._answered.wait()
        except TimeoutError:
            self._screen.failure(_("Some answers did not come."))
        await asyncio.sleep(self._wait)
