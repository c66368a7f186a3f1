"""A node's line to the others, over a real Redis and a line to it that can be bad."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime.commands import Command
from realtime.core.frames import Message
from realtime.link import Link
from tests.core.redis_server import RedisServer

GROUP = "public.lobby"


async def until(look: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(30):
            while not look():  # noqa: ASYNC110 (what is looked at has no event)
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"{what}: not within 30 s")


def note(number: int) -> Command:
    return Command("send", group=GROUP, message=Message(str(number).encode()))


class Pair:
    """Two nodes: what `west` says, `east` hears. East's line to Redis is the one given."""

    def __init__(self, east_url: str, west_url: str, *, socket_timeout: float = 15.0, **link: float) -> None:
        self.heard: list[int] = []
        self.layers = [
            RedisPubSubChannelLayer(
                hosts=[{"address": url, "socket_timeout": socket_timeout}], prefix="pair:", expiry=1, group_expiry=1
            )
            for url in (east_url, west_url)
        ]
        self.east = Link(self.layers[0], "east", self._hear, **link)
        self.west = Link(self.layers[1], "west", lambda command: None, **link)

    def _hear(self, command: Command) -> None:
        assert command.message
        self.heard.append(int(command.message.payload))

    async def __aenter__(self) -> "Pair":
        self.east.opened(GROUP)
        for one in (self.east, self.west):
            one.start()
        await until(lambda: self.east.up and self.west.up, "both are in touch")
        await self.east.settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in (self.east, self.west):
            await one.stop()
        for layer in self.layers:
            await layer.flush()

    async def until_heard(self, number: int) -> None:
        """Say `number` again and again until it is heard."""

        def said() -> bool:
            self.west.publish(note(number))
            return number in self.heard

        await until(said, f"{number} is heard")


class TestALine:
    @pytest.mark.attack("T-WS-11")
    async def test_that_is_idle_for_longer_than_any_time_out_still_brings_what_comes(self, redis_server):
        async with Pair(redis_server.url, redis_server.url, socket_timeout=1, probe_seconds=600) as pair:
            await asyncio.sleep(3)  # three time-outs long nothing is said: there is nothing to wait for

            pair.west.publish(note(1))

            await until(lambda: pair.heard == [1], "it is heard")
            assert (pair.east.outages, pair.west.lost) == (0, 0)

    @pytest.mark.attack("T-WS-10")
    async def test_is_in_its_groups_for_good_because_nothing_of_them_is_kept_that_could_expire(self, redis_server):
        async with Pair(redis_server.url, redis_server.url) as pair:
            assert await order(redis_server, "DBSIZE") == 0
            assert await order(redis_server, "PUBSUB", "NUMSUB", f"pair:__group__group.{GROUP}") == [
                f"pair:__group__group.{GROUP}",
                1,
            ]
            await asyncio.sleep(1.2)  # longer than the layer's `expiry` and `group_expiry` here

            pair.west.publish(note(1))

            await until(lambda: pair.heard == [1], "it is heard")

    async def test_that_breaks_unnoticed_is_in_all_its_groups_again(self, redis_server):
        async with Pair(redis_server.url, redis_server.url, probe_seconds=600) as pair:
            await order(redis_server, "CLIENT", "KILL", "TYPE", "pubsub")

            await pair.until_heard(1)

    @pytest.mark.attack("T-WS-11")
    async def test_that_takes_what_is_said_and_brings_nothing_back_is_left_for_another(self, redis_server, line):
        async with Pair(line.url, redis_server.url, echo_seconds=0.5, probe_seconds=0.1) as pair:
            before = pair.east.outages
            line.swallow_first()  # the one that listens

            await pair.until_heard(1)
            assert pair.east.outages > before

    async def test_that_is_gone_is_told_of_once_and_what_is_lost_is_counted(self, redis_server, caplog):
        async with Pair(redis_server.url, redis_server.url, probe_seconds=0.1) as pair:
            caplog.clear()
            with caplog.at_level("INFO"):
                await asyncio.to_thread(redis_server.stop)
                await until(lambda: not pair.west.up and not pair.east.up, "both notice")
                for _ in range(100):
                    pair.west.publish(note(0))
                await asyncio.sleep(1.5)  # time to try again, and to complain again
                await asyncio.to_thread(redis_server.start)
                await pair.until_heard(1)
                await until(lambda: pair.west.up and pair.east.up, "both are in touch")

            lines = [record.message for record in caplog.records if record.name.startswith(("realtime", "channels"))]
            assert len([one for one in lines if "cannot be reached" in one]) == 2
            assert len([one for one in lines if "is in touch" in one]) == 2
            assert len(lines) < 10, lines
            assert (pair.east.outages, pair.west.outages) == (1, 1)
            assert pair.west.info()["lost"] >= 100


async def order(server: RedisServer, *words: object) -> Any:
    return await asyncio.to_thread(server.order, *words)
