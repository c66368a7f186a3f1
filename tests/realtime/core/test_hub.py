"""The hub by itself, with small outboxes that remember what they were given."""

import asyncio
from typing import Any

import pytest

from realtime.core.connection import MAX_GROUPS, Allowance, Connection, Identity, Limits, Peer
from realtime.core.frames import Message
from realtime.core.hub import MANY, Hub
from realtime.core.outbox import EAGER_BYTES, Put, StepOutbox, WireOutbox
from realtime.core.stuck import StuckReaders
from realtime.core.window import SECONDS


class Cable:
    """A transport that takes what fits."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.writes: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def offer(self, frame: bytes, limit: int) -> bool:
        if self.unsent() > limit:
            return False
        self.writes.append(frame)
        return True

    def unsent(self) -> int:
        return max(0, sum(map(len, self.writes)) - self.room)

    def taken(self) -> int:
        return min(self.room, sum(map(len, self.writes)))

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason


def texts(cable: Cable) -> str:
    """What arrived, in frames of one byte each."""
    return b"".join(cable.writes).replace(b"\x81\x01", b"").decode()


def joined(hub: Hub, user: int = 0, *, room: int = 10**9, limit: int = 1000, **about: Any) -> tuple[Connection, Cable]:
    cable = Cable(room)
    connection = Connection(hub, WireOutbox(cable, limit), Limits(), Peer())
    connection.identity = Identity(user, **about) if user else None
    hub.add(connection)
    return connection, cable


@pytest.fixture
def hub():
    return Hub("east")


class TestFanOut:
    async def test_waits_for_more_after_a_first_one(self, hub):
        cables = [joined(hub, user)[1] for user in range(1, MANY + 1)]

        for text in (b"1", b"2", b"3"):
            hub.send_group("everyone", Message(text))
        assert [len(cable.writes) for cable in cables] == [1] * MANY
        await asyncio.sleep(SECONDS * 10)

        assert [b"".join(cable.writes) for cable in cables] == [b"\x81\x011\x81\x012\x81\x013"] * MANY
        assert [len(cable.writes) for cable in cables] == [2] * MANY

    async def test_is_at_once_for_few(self, hub):
        _, cable = joined(hub, 1)

        for text in (b"1", b"2", b"3"):
            hub.send_group("everyone", Message(text))

        assert len(cable.writes) == 3

    async def test_keeps_a_reply_behind_what_waits(self, hub):
        people = [joined(hub, user) for user in range(1, MANY + 1)]
        for text in (b"1", b"2"):
            hub.send_group("everyone", Message(text))

        hub.reply(people[0][0], Message(b"3"))

        assert b"".join(people[0][1].writes) == b"\x81\x011\x81\x012\x81\x013"

    async def test_does_not_wait_for_much(self, hub):
        people = [joined(hub, user, limit=10**9) for user in range(1, MANY + 1)]
        hub.send_group("everyone", Message(b"first"))

        hub.send_group("everyone", Message(b"x" * EAGER_BYTES))
        hub.send_group("everyone", Message(b"last"))

        assert len(people[0][1].writes) == 2

    async def test_keeps_the_order_whatever_comes_between(self, hub):
        people = [joined(hub, user) for user in range(1, MANY + 1)]
        one, cable = people[0]

        for number in range(8):
            assert hub.send_group("everyone", Message(b"%d" % number)) == MANY
            if number == 3:
                hub.reply(one, Message(b"r"))
            if number == 5:
                hub.deliver((one,), Message(b"p"))
        await asyncio.sleep(SECONDS * 10)

        assert texts(cable) == "0123r45p67"
        assert {texts(other) for _, other in people[1:]} == {"01234567"}
        assert [connection.sent for connection, _ in people] == [10] + [8] * (MANY - 1)

    async def test_is_for_those_who_are_there_at_that_moment(self, hub):
        people = [joined(hub, user) for user in range(1, MANY + 2)]
        for text in (b"1", b"2", b"3"):
            hub.send_group("everyone", Message(text))
        hub.remove(people[0][0])
        _, late = joined(hub, 99)

        assert hub.send_group("everyone", Message(b"4")) == MANY + 1
        await asyncio.sleep(SECONDS * 10)

        assert texts(people[1][1]) == "1234"
        assert texts(late) == "4"
        assert "4" not in texts(people[0][1])

    async def test_reaches_several_groups_in_the_order_it_was_sent(self, hub):
        people = [joined(hub, user) for user in range(1, MANY + 1)]
        for connection, _ in people:
            hub.join(connection, "public.x")

        for number in range(6):
            hub.send_group("everyone" if number % 2 else "public.x", Message(b"%d" % number))
        hub.send_group("everyone", Message(b"6"), exclude_user=1)
        await asyncio.sleep(SECONDS * 10)

        assert texts(people[0][1]) == "012345"
        assert texts(people[1][1]) == "0123456"

    async def test_evicts_who_does_not_read_and_nobody_else(self, hub):
        slow, slow_cable = joined(hub, 1, room=0, limit=100)
        quick, quick_cable = joined(hub, 2)

        for _ in range(3):
            hub.send_group("everyone", Message(b"x" * 101))

        assert slow_cable.closed is not None
        assert slow_cable.closed[0] == 4008
        assert set(hub.connections) == {quick.id}
        assert len(quick_cable.writes) == 3
        assert hub.info()["evicted"] == 1
        assert slow.id not in hub.connections

    async def test_sends_what_waits_before_it_closes(self, hub):
        people = [joined(hub, user) for user in range(1, MANY + 1)]
        for text in (b"1", b"2"):
            hub.send_group("everyone", Message(text))

        hub.close(people[0][0], 4503, "bye")

        assert b"".join(people[0][1].writes) == b"\x81\x011\x81\x012"
        assert people[0][1].closed == (4503, "bye")


class TestMembership:
    async def test_follows_who_one_is(self, hub):
        connection, _ = joined(hub, 1, groups=frozenset({"role.guard"}), session_id="s1")
        hub.join(connection, "public.x")

        hub.regroup(connection, frozenset({"role.cook"}))

        assert connection.groups == {"everyone", "user.1", "role.cook", "public.x"}
        assert set(hub.groups) == connection.groups
        assert hub.find(session_id="s1") == [connection]

    async def test_leaves_nothing_behind(self, hub):
        connection, _ = joined(hub, 1, session_id="s1")
        hub.join(connection, "public.x")

        hub.remove(connection)
        hub.remove(connection)
        hub.join(connection, "public.y")

        assert (hub.connections, hub.groups, hub.sessions) == ({}, {}, {})

    async def test_keeps_automatic_groups(self, hub):
        connection, _ = joined(hub, 1)

        assert hub.leave(connection, "everyone") == 1
        assert MAX_GROUPS >= 100

    async def test_counts_what_went_through(self, hub):
        connection, _ = joined(hub, 1)
        hub.send_group("everyone", Message(b"1"))
        hub.remove(connection)

        assert hub.info()["sent"] == 1


class TestAllowance:
    def test_gives_a_burst_then_a_rate(self):
        allowance = Allowance(rate=10, burst=3)

        assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
        assert [allowance.take(100.2) for _ in range(3)] == [True, True, False]


class Pipe:
    """A server's `send` that can be blocked."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.sent: list[Any] = []

    async def send(self, event: Any) -> None:
        await self.free.wait()
        self.sent.append(event.get("text") or event.get("bytes") or event.get("code"))


class TestStepByStep:
    async def test_sends_at_once_when_nothing_blocks(self):
        pipe = Pipe()
        outbox = StepOutbox(pipe.send, 1000)

        assert outbox.put(Message(b"1")) is Put.SENT
        assert outbox.put(Message(b"2", binary=True)) is Put.SENT

        assert pipe.sent == ["1", b"2"]

    async def test_queues_behind_what_blocks_and_has_a_limit(self):
        pipe = Pipe()
        outbox = StepOutbox(pipe.send, 10)
        pipe.free.clear()

        answers = [outbox.put(Message(b"12345")) for _ in range(4)]
        assert answers == [Put.SENT, Put.QUEUED, Put.QUEUED, Put.FULL]
        assert outbox.unsent() == 10
        outbox.close(4503, "bye")
        pipe.free.set()
        await asyncio.sleep(0.05)

        assert pipe.sent == ["12345", "12345", "12345", 4503]

    async def test_gives_up_a_stuck_one(self, monkeypatch):
        monkeypatch.setattr(StepOutbox, "CLOSE_SECONDS", 0.02)
        pipe = Pipe()
        outbox = StepOutbox(pipe.send, 10)
        pipe.free.clear()
        outbox.put(Message(b"1"))

        outbox.close(4503, "bye")
        await asyncio.sleep(0.2)

        assert pipe.sent == []
        assert outbox.put(Message(b"2")) is Put.DROPPED

    async def test_survives_a_peer_that_is_gone(self):
        async def gone(event: Any) -> None:
            raise ConnectionError

        outbox = StepOutbox(gone, 10)
        outbox.put(Message(b"1"))

        assert outbox.put(Message(b"2")) is Put.DROPPED

    async def test_keeps_what_waits_for_the_window(self, hub):
        pipes = [Pipe() for _ in range(MANY)]
        for number, pipe in enumerate(pipes, start=1):
            connection = Connection(hub, StepOutbox(pipe.send, 1000), Limits(), Peer())
            connection.identity = Identity(number)
            hub.add(connection)

        for text in (b"1", b"2", b"3"):
            hub.send_group("everyone", Message(text))
        hub.reply(connection, Message(b"r"))
        await asyncio.sleep(SECONDS * 10)

        assert [pipe.sent for pipe in pipes] == [["1", "2", "3"]] * (MANY - 1) + [["1", "2", "3", "r"]]


class TestStuckReaders:
    def test_are_those_who_take_nothing_for_a_while(self, hub):
        limits = Limits(stuck_seconds=5.0)
        stuck, slow, quick = (joined(hub, user, room=room) for user, room in ((1, 10), (2, 10), (3, 10**9)))
        for connection, cable in (stuck, slow, quick):
            connection.limits = limits
            cable.offer(b"x" * 100, 1000)
        readers = StuckReaders()

        found = []
        for second in range(10):
            slow[1].room += 1
            found.append(readers.among(hub.connections.values(), 100.0 + second))

        assert found == [[]] * 5 + [[stuck[0]]] * 5

    def test_are_none_once_they_read_again(self, hub):
        one, cable = joined(hub, 1, room=10)
        one.limits = Limits(stuck_seconds=1.0)
        cable.offer(b"x" * 100, 1000)
        readers = StuckReaders()
        assert readers.among([one], 100.0) == []
        assert readers.among([one], 101.0) == [one]

        cable.room = 1000

        assert readers.among([one], 102.0) == []
        cable.offer(b"x" * 2000, 5000)
        assert readers.among([one], 103.0) == []
