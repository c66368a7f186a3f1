"""Lines as they are typed, or as another program writes them."""

import asyncio
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from realtime import topics
from realtime.terminal import words
from realtime.terminal.screen import CLEAR_LINE, PROMPT


def follow(read: Callable[[], str]) -> "asyncio.Queue[str | None]":
    """Return a queue of what `read` returns, and None once it raises EOFError.

    A daemon thread reads, so that Ctrl-C need not wait for Enter.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def run() -> None:
        with suppress(RuntimeError):  # the loop ended first
            with suppress(EOFError):
                while True:
                    if text := read().strip():
                        loop.call_soon_threadsafe(lines.put_nowait, text)
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=run, daemon=True).start()
    return lines


def piped() -> str:
    """Read a line that a program writes."""
    if text := sys.stdin.readline():
        return text
    raise EOFError


def typed() -> str:
    """Read a line that a person types, with history (the arrow keys) and completion (Tab)."""
    return input(PROMPT)


@contextmanager
def terminal() -> Iterator[None]:
    """Prepare the terminal for `typed`, and leave it as it was: whoever still reads does not tidy up."""
    import readline  # noqa: PLC0415 (it changes how `input` reads, for everybody in this process)

    known = sorted([*words.SHORTCUTS, words.HELP, words.QUIT, *(one.name for one in topics.registered())])

    def complete(text: str, number: int) -> str | None:
        return dict(enumerate(one for one in known if one.startswith(text))).get(number)

    readline.set_completer(complete)
    readline.set_completer_delims(" ")
    readline.parse_and_bind("tab: complete")
    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        sys.stdout.write(CLEAR_LINE)
