"""From a queue to the sockets: open, leave out duplicates, deliver in order, set aside what cannot be delivered."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import translation
from redis.exceptions import RedisError

from project.core.errors import InvalidParameters, TooLarge
from realtime import letters
from realtime.commands import Command
from realtime.errors import GatewayUnreachable
from realtime.letters import Letter
from realtime.queue import dead, seen
from realtime.queue.dead import Arrived, Dead, Reason

if TYPE_CHECKING:
    from realtime.cluster import Node

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 5
LARGE = 65_536
"""Opening a body of this size takes so long that others on the event loop come first."""
LOOK_SECONDS = 0.1
BACK_TRIES = 5
"""How often the other nodes are asked whether they hear again, for two seconds each."""
NOBODY = "0-0"
"""A connection of no node: what is sent to it reaches nobody, but stands in line as any other message."""


class OutOfTouch(Exception):
    """The line to the other nodes broke while messages were on it; they are delivered once more."""


FAILURES = (RedisError, OSError, TimeoutError, GatewayUnreachable, OutOfTouch)
"""What passes by itself; until then the messages stay on their queue."""


@dataclass(slots=True)
class Tally:
    """What became of the messages so far."""

    delivered: int = 0
    duplicates: int = 0
    dead: int = 0


class Delivery:
    """Takes what lay on the queues, on the event loop of a node."""

    def __init__(self, node: "Node") -> None:
        self.node = node
        self.tally = Tally()
        self.is_closing = False
        self.is_in_doubt = False
        """Redis was away: other nodes may not hear yet."""
        self._breaks = 0

    def info(self) -> dict[str, int]:
        return {f"queue_{name}": number for name, number in asdict(self.tally).items()}

    async def begin(self) -> None:
        """Wait until the other nodes can be reached for the first time."""
        await self._linked()
        if link := self.node.link:
            self.is_in_doubt, self._breaks = link.outages > 0, link.breaks

    async def in_touch(self) -> int:
        """Wait until the other nodes can be reached: what is delivered meanwhile would be lost for their sockets.

        Returns what the breaks of the line were then, for `take`.

        :raises OutOfTouch: when this node stops.
        """
        await self._linked()
        if self.is_in_doubt or self._breaks != self._breaks_so_far():
            await self._all_are_back()
        return self._breaks

    async def _linked(self) -> None:
        while self.node.link and not self.node.link.up:
            if self.is_closing:
                raise OutOfTouch
            await asyncio.sleep(LOOK_SECONDS)

    async def take(self, source: str, arrived: Sequence[Arrived], breaks: int) -> set[int]:
        """Deliver messages in their order; `breaks` is what `in_touch` returned.

        Returns the places of those that must stay on the queue: they cannot be delivered, and the database does not
        take them either.

        :raises OutOfTouch, GatewayUnreachable: when they may not have reached every node; none is done with then.
        """
        opened = [await _open(one) for one in arrived]
        known = await asyncio.to_thread(seen.among, {one.id for one in opened if isinstance(one, Letter) and one.id})
        told = Tally()
        fresh: set[str] = set()
        poison: dict[int, Dead] = {}
        for place, letter in enumerate(opened):
            if isinstance(letter, Letter) and letter.id in known | fresh:
                told.duplicates += 1
            elif problem := await self._problem(letter, arrived[place]):
                poison[place] = problem
            elif isinstance(letter, Letter):
                told.delivered += 1
                fresh |= {letter.id} - {""}
        await self._ensure_all_were_told(breaks)
        if fresh:
            await asyncio.to_thread(seen.note, fresh)
        left = await _set_aside(source, poison)
        told.dead = len(poison) - len(left)
        for name, number in asdict(told).items():
            setattr(self.tally, name, getattr(self.tally, name) + number)
        return left

    async def _problem(self, letter: Letter | Dead, arrived: Arrived) -> Dead | None:
        """Deliver; return why it cannot be."""
        if isinstance(letter, Dead):
            return letter
        if letter.has_run_out:
            return Dead(arrived, Reason.EXPIRED, str(letter.expires_at), letter.id)
        if arrived.attempts > MAX_ATTEMPTS:
            return Dead(arrived, Reason.GIVEN_UP, "", letter.id)
        try:
            await letters.adeliver(letter)
        except GatewayUnreachable:
            raise
        except Exception as problem:
            log.exception("A message of a queue could not be delivered.")
            return Dead(arrived, Reason.FAILED, f"{type(problem).__name__}: {problem}", letter.id)
        return None

    async def _all_are_back(self) -> None:
        """After an outage, wait until the other nodes hear again, as far as they live."""
        for _try in range(BACK_TRIES):
            self._breaks = self._breaks_so_far()
            if not await self.node.deaf() and self._breaks == self._breaks_so_far():
                break
        self.is_in_doubt = False

    def _breaks_so_far(self) -> int:
        return self.node.link.breaks if self.node.link else 0

    async def _ensure_all_were_told(self, breaks: int) -> None:
        """Wait until what was sent to the other nodes is on the wire."""
        if self.node.link is None:
            return
        told = asyncio.Event()
        self.node.link.publish(Command("set", ids=(NOBODY,)), told.set)
        await told.wait()
        if self._breaks_so_far() != breaks:
            raise OutOfTouch


async def _open(arrived: Arrived) -> Letter | Dead:
    if len(arrived.body) > LARGE:
        await asyncio.sleep(0)
    try:
        return letters.opened(arrived.body)
    except TooLarge as problem:
        return Dead(arrived, Reason.TOO_LARGE, _in_the_house_language(problem))
    except letters.Unreadable as problem:
        return Dead(arrived, Reason.NOT_JSON, _in_the_house_language(problem))
    except InvalidParameters as problem:
        return Dead(arrived, Reason.INVALID, _in_the_house_language(problem))


def _in_the_house_language(problem: TooLarge | InvalidParameters) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        if not problem.fields:
            return str(problem)
        return "\n".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in problem.fields.items())


async def _set_aside(source: str, poison: dict[int, Dead]) -> set[int]:
    if not poison:
        return set()
    try:
        await database_sync_to_async(dead.set_aside, thread_sensitive=False)(source, list(poison.values()))
    except DatabaseError as problem:
        log.warning(
            "%d messages cannot be set aside (%s); they stay on the queue.", len(poison), type(problem).__name__
        )
        return set(poison)
    return set()
