"""Questions to several nodes at once: one command, an answer from each, and an end to the waiting.

A command that carries a question is carried out like any other; then the node says what came of it to whoever asked.
"""

import asyncio
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from realtime.commands import Command, node_route

ANSWER_SECONDS = 2.0
"""How long a node may take. One that is alive takes a millisecond; one that died a moment ago is still believed alive."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a send: how many connections took it, on which nodes, and which nodes said nothing in time."""

    delivered: int
    nodes: dict[str, int] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answers:
    """What each node said, and which said nothing in time."""

    values: dict[str, Any]
    silent: list[str]

    def receipt(self) -> Receipt:
        """Read them as numbers of connections."""
        counts = {node: int(number) for node, number in self.values.items()}
        return Receipt(sum(counts.values()), counts, self.silent)


class _Question:
    def __init__(self, awaited: Collection[str]) -> None:
        self.values: dict[str, Any] = {}
        self.missing = set(awaited)
        self.complete = asyncio.Event()
        if not self.missing:
            self.complete.set()

    def answered(self, node: str, value: Any) -> None:
        self.values[node] = value
        self.missing.discard(node)
        if not self.missing:
            self.complete.set()


class Questions:
    """The open questions of one asker, a node or any other process; used from its event loop only."""

    def __init__(self, asker: str) -> None:
        self.asker = asker
        self._open: dict[str, _Question] = {}

    def open(self, command: Command, awaited: Iterable[str]) -> Command:
        """Return `command` as a question that the nodes in `awaited` will answer."""
        number = secrets.token_hex(8)
        self._open[number] = _Question(set(awaited))
        return replace(command, question=number, answer_to=node_route(self.asker))

    def answered(self, number: str, node: str, value: Any) -> None:
        """Note what `node` said; a late answer is nobody's."""
        if question := self._open.get(number):
            question.answered(node, value)

    async def answers(self, command: Command, seconds: float = ANSWER_SECONDS) -> Answers:
        """Wait until all that were asked have answered, or for `seconds`."""
        question = self._open[command.question]
        try:
            async with asyncio.timeout(seconds):
                await question.complete.wait()
        except TimeoutError:
            pass
        finally:
            del self._open[command.question]
        return Answers(question.values, sorted(question.missing))
