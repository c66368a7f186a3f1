"""The log of a build over HTTP: `hudson.console.AnnotatedLargeText` and, below it, Stapler's `LargeText`."""

import html
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.fakes.jenkins.stapler import Bean, Request, Response, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.builds import Build

MOST_LINES = 10_000
"""`LargeText.MAX_LINES_READ`: what one answer holds of a log that grows."""


class Log(Bean):
    def __init__(self, build: "Build") -> None:
        self.build, self.content = build, bytearray()

    def write(self, *lines: str) -> None:
        self.content += "".join(f"{line}\n" for line in lines).encode()

    def write_raw(self, text: str) -> None:
        """Text that does not end its line yet."""
        self.content += text.encode()

    @web("progressiveText")
    def progressive_text(self, request: Request) -> Response:
        """`LargeText.doProgressText`.

        Lines end in CR LF on the wire, while `X-Text-Size` counts the file. Of a log that grows, whole lines are sent,
        10,000 at most; since Stapler's change 657 (Jenkins 2.506) `X-Text-Size` is the size of the file nevertheless,
        before it was where the sent text ends.
        """
        start, sent = self._cut(request)
        reached = start + len(sent) if self.build.jenkins.counts_sent_text else len(self.content)
        return self._answer(re.sub(rb"(?<!\r)\n", b"\r\n", sent), reached, "text/plain;charset=utf-8")

    @web("progressiveHtml")
    def progressive_html(self, request: Request) -> Response:
        """`AnnotatedLargeText.doProgressiveHtml`: whole lines, and `X-Text-Size` is where they end."""
        start, sent = self._cut(request)
        body = html.escape(sent.decode(errors="replace"), quote=False).replace("\n", "\r\n").encode()
        return self._answer(body, start + len(sent), "text/html;charset=utf-8")

    def _cut(self, request: Request) -> tuple[int, bytes]:
        start = int(request.get("start") or 0)
        start = 0 if start > len(self.content) else start
        if not self.build.is_building:
            return start, bytes(self.content[start:])
        end = start
        for _ in range(MOST_LINES):
            newline = self.content.find(b"\n", end)
            if newline < 0:
                break
            end = newline + 1
        return start, bytes(self.content[start:end])

    def _answer(self, body: bytes, reached: int, kind: str) -> Response:
        more = {"X-More-Data": "true"} if self.build.is_building else {}
        return Response(HTTPStatus.OK, body, kind, {"X-Text-Size": str(reached), **more})
