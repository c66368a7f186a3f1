"""What the client shows: frames as they are for pipes, or in colours, with times, for people."""

import base64
import json
import os
import sys
import time
from typing import Any, TextIO

from django.utils.termcolors import colorize
from django.utils.translation import gettext as _

PROMPT = "> "
TOPICS = "topics.list"
"""The topic whose answer reads better as a list."""
WIDE = 100
"""Data longer than this gets lines of its own."""
CLEAR_LINE = "\r\x1b[2K"


class NobodyReads(Exception):
    """The program at the other end of the pipe has seen enough."""


class Pipe:
    """Frames go out as JSON, one a line; what the client itself says goes to the other stream."""

    def __init__(self, out: TextIO, said: TextIO) -> None:
        self._out, self._said = out, said

    def frame(self, body: Any, seconds: float | None) -> None:
        """Show a frame; `seconds` is how long its answer took.

        :raises NobodyReads: when nobody will see it.
        """
        try:
            self._out.write(as_json(body, separators=(",", ":")) + "\n")
            self._out.flush()
        except BrokenPipeError:
            # what is left would be written once more at the end of the process, and fail aloud
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
            raise NobodyReads from None

    def note(self, text: str) -> None:
        """Say something to the person."""
        self._said.write(text + "\n")
        self._said.flush()

    def failure(self, text: str) -> None:
        """Say what went wrong."""
        self.note(text)


class Terminal(Pipe):
    """Frames in colours, above the line that is being typed."""

    def __init__(self, out: TextIO, *, colours: bool, prompts: bool) -> None:
        super().__init__(out, out)
        self._colours, self._prompts = colours, prompts

    def frame(self, body: Any, seconds: float | None) -> None:
        stamp = self._painted(time.strftime("%H:%M:%S"), "cyan")
        took = f"  {self._painted(f'{1000 * seconds:.1f} ms', 'cyan')}" if seconds is not None else ""
        if isinstance(body, dict):
            shown = f"{self._topic(body)}{took}{_data(body)}"
        elif isinstance(body, bytes):
            shown = f"{self._painted(_('{size} bytes').format(size=len(body)), 'magenta')}  {body[:32].hex(' ')}"
        else:
            shown = harmless(as_json(body))
        self._write(f"{stamp} ← {shown}")

    def _topic(self, body: dict[str, Any]) -> str:
        colour = "red" if "error" in body else "green" if "id" in body else "yellow"
        return self._painted(harmless(str(body.get("topic"))), colour, "bold")

    def note(self, text: str) -> None:
        self._write(self._painted(harmless(text), "blue"))

    def failure(self, text: str) -> None:
        self._write(self._painted(harmless(text), "red"))

    def _painted(self, text: str, colour: str, *how: str) -> str:
        return colorize(text, opts=how, fg=colour) if self._colours else text

    def _write(self, text: str) -> None:
        before, after = (CLEAR_LINE, f"{PROMPT}{_typed()}") if self._prompts else ("", "")
        self._out.write(f"{before}{text}\n{after}")
        self._out.flush()


def _data(body: dict[str, Any]) -> str:
    data = body.get("error", body.get("data"))
    if data is None:
        return ""
    if body.get("topic") == TOPICS and isinstance(data, list):
        return "".join(f"\n  {harmless(one['topic']):<24} {harmless(one['about'])}" for one in data)
    short = harmless(as_json(data))
    return f"  {short}" if len(short) <= WIDE else f"\n{harmless(as_json(data, indent=2))}"


def as_json(data: Any, **how: Any) -> str:
    """Return `data` as JSON; bytes, which JSON does not know, as an object with their Base64."""
    return json.dumps(data, ensure_ascii=False, default=lambda one: {"binary": base64.b64encode(one).decode()}, **how)


def harmless(text: str) -> str:
    """Return `text` without what a terminal would obey: others may have written it."""
    return "".join(one if one.isprintable() or one == "\n" else f"\\u{ord(one):04x}" for one in text)


def _typed() -> str:
    """Return what stands in the line that is being typed."""
    readline = sys.modules.get("readline")
    return str(readline.get_line_buffer()) if readline else ""
