"""A node's line to the others when the layer behind it is not what it should be."""

import asyncio

import pytest
from channels.layers import InMemoryChannelLayer

from realtime.commands import Command
from realtime.core.connection import Identity
from realtime.core.frames import Message
from realtime.link import MAX_QUEUED, Link


class Forgetful(InMemoryChannelLayer):  # type: ignore[misc]  # Channels has no type hints
    """Loses the first subscription to each group without a sound, as a line does that breaks at that moment."""

    def __init__(self) -> None:
        super().__init__(capacity=10**6)
        self.asked: list[str] = []

    async def group_add(self, group, channel):
        self.asked.append(group)
        if self.asked.count(group) > 1:
            await super().group_add(group, channel)


class Broken(InMemoryChannelLayer):  # type: ignore[misc]  # likewise
    """Refuses everything until it is repaired."""

    away = True

    async def new_channel(self, prefix="specific"):
        if self.away:
            raise ConnectionError("away")
        return await super().new_channel(prefix)

    async def group_send(self, group, message):
        if self.away:
            raise ConnectionError("away")
        await super().group_send(group, message)


@pytest.fixture
async def links():
    """Start links that are stopped when the test ends."""
    started: list[Link] = []

    def start(layer, node, **more):
        heard: list[Command] = []
        link = Link(layer, node, heard.append, **more)
        link.start()
        started.append(link)
        return link, heard

    yield start
    for link in started:
        await link.stop()


async def until(look):
    async with asyncio.timeout(20):
        while not look():  # noqa: ASYNC110 (what is looked at has no event)
            await asyncio.sleep(0.01)


def note(group="public.x", text=b"{}"):
    return Command("send", group=group, message=Message(text))


class TestLink:
    async def test_joins_again_what_was_lost_in_silence(self, links):
        layer = Forgetful()
        east, heard = links(layer, "east", echo_seconds=0.05)
        west, _ = links(layer, "west", echo_seconds=0.05)
        east.opened("public.x")
        await until(lambda: west.up and layer.asked.count("group.public.x") > 1)
        await east.settled()

        west.publish(note())

        await until(lambda: heard)
        assert heard[0].group == "public.x"

    async def test_ignores_what_it_said_itself(self, links):
        layer = InMemoryChannelLayer()
        east, heard = links(layer, "east")
        west, heard_there = links(layer, "west")
        for one in (east, west):
            one.opened("public.x")
        await until(lambda: east.up and west.up)

        east.publish(note())

        await until(lambda: heard_there)
        assert heard == []

    async def test_drops_and_counts_while_it_is_away_and_holds_nobody_up(self, links):
        layer = Broken()
        east, _ = links(layer, "east")
        done: list[int] = []
        for _ in range(10):
            east.publish(note(), lambda: done.append(1))
        assert (len(done), east.lost) == (10, 10)

        layer.away = False
        await until(lambda: east.up)
        east.publish(note(), lambda: done.append(1))

        await until(lambda: len(done) == 11)
        assert east.lost == 10

    async def test_queues_no_more_than_is_reasonable(self, links):
        east, _ = links(InMemoryChannelLayer(), "east")
        await until(lambda: east.up)

        for _ in range(MAX_QUEUED + 5):
            east.publish(note())

        assert east.lost == 5
        await east.room()


class TestCommands:
    @pytest.mark.parametrize(
        ("command", "routes"),
        [
            (note(), {"group.public.x"}),
            (Command("close", user_id=7), {"group.user.7"}),
            (Command("close", session_id="s"), {"nodes"}),
            (Command("send", ids=("east-1", "west-2", "east-3")), {"node.east", "node.west"}),
        ],
    )
    def test_go_where_they_concern_somebody(self, command, routes):
        assert command.routes() == routes

    def test_arrive_as_they_were_sent(self):
        sent = Command(
            "bind", ids=("east-1",), identity=Identity(7, "mei", groups=frozenset({"role.x"})), settings={"k": "v"}
        )

        assert Command.unpack(sent.pack()) == sent
        arrived = Command.unpack(
            Command("send", group="g", exclude_user=3, message=Message(b"\xff", binary=True)).pack()
        )
        assert arrived.message
        assert (arrived.message.payload, arrived.message.binary, arrived.exclude_user) == (b"\xff", True, 3)
