"""Sockets under attack: those who open and never ask, who flood, who never read; a Redis that dies, a clock that is wrong."""

import json
import select
import socket
import threading
import time
from contextlib import ExitStack, suppress
from functools import partial

import psutil
import pytest

from realtime import gateway
from tests.clients import PATIENCE
from tests.realtime.conftest import until
from tests.realtime.server import GatehouseProcess, GatehouseThread

HALF_OPEN = 5_000
MIB = 1024**2


class Stuck:
    """A client that is let in, and from then on reads only when told to."""

    def __init__(self, server, name: str) -> None:
        self.line = socket.socket()
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.line.connect(("127.0.0.1", server.port))
        self.line.settimeout(PATIENCE)
        request = (
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Authorization: Bearer {name}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        self.line.sendall(request.encode())
        heard = b""
        while b'"welcome"' not in heard:
            heard += self.line.recv(4096)

    def read(self, size: int = 2048) -> bytes:
        return self.line.recv(size)

    def is_cut(self) -> bool:
        """Wait, without reading, for the other side to hang up; whether it did."""
        looking = select.poll()
        looking.register(self.line, 0)
        return bool(looking.poll(PATIENCE * 1000))


@pytest.fixture
def stuck_one():
    """Let clients come that read nothing."""
    with ExitStack() as stack:

        def come(server, name: str = "lost") -> Stuck:
            one = Stuck(server, name)
            stack.callback(one.line.close)
            return one

        yield come


class Head:
    """A connection that has asked for half of something."""

    def __init__(self, server) -> None:
        self.line = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        self.line.sendall(b"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: webs")


@pytest.mark.attack("T-WS-7")
class TestHalfOpen:
    def test_connections_by_the_thousand_are_dropped_and_keep_nobody_out(
        self, gate_settings, gatehouse, opener, many_files
    ):
        gate_settings.GATEWAY_HANDSHAKE_SECONDS = 2
        with ExitStack() as stack:
            heads = [stack.enter_context(Head(gatehouse).line) for _ in range(min(HALF_OPEN, many_files // 2 - 500))]
            mei = opener(gatehouse, bearer="mei").greeted()

            assert len(dropped(heads)) == len(heads)
            assert mei.is_alive()

    def test_ones_that_drip_are_dropped_too(self, gate_settings, gatehouse):
        gate_settings.GATEWAY_HANDSHAKE_SECONDS = 0.5
        dripping = Head(gatehouse).line

        with pytest.raises(OSError, match="reset|pipe"):
            drip(dripping)
        dripping.close()

    def test_a_second_request_has_no_more_time_than_the_first(self, gate_settings, gatehouse):
        gate_settings.GATEWAY_HANDSHAKE_SECONDS = 0.5
        with socket.create_connection(("127.0.0.1", gatehouse.port), timeout=PATIENCE) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.recv(4096).startswith(b"HTTP/1.1 200")
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: lo")

            assert line.recv(4096) == b""


def drip(line: socket.socket) -> None:
    """Say a little more, and more."""
    for _ in range(400):
        line.sendall(b"o")
        time.sleep(0.05)


@pytest.fixture
def many_files():
    """Let this process have as many open files as it may; return how many."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def dropped(lines: list[socket.socket]) -> set[int]:
    """Wait for the other side to hang up; return on whom it did."""
    waiting, deadline = {one.fileno() for one in lines}, time.monotonic() + PATIENCE
    gone: set[int] = set()
    looking = select.epoll()
    for one in waiting:
        looking.register(one, select.EPOLLRDHUP)
    while waiting and time.monotonic() < deadline:
        for one, _ in looking.poll(0.1):
            looking.unregister(one)
            waiting.discard(one)
            gone.add(one)
    looking.close()
    return gone


@pytest.mark.attack("T-WS-6")
class TestFlood:
    def test_of_many_costs_the_others_no_message(self, gatehouse, opener, mei):
        flooding = [opener(gatehouse, bearer="hans", max_queue=None).greeted() for _ in range(2)]
        frame = json.dumps({"topic": "echo"})

        def flood(one) -> None:
            with suppress(Exception):  # it may be closed while writing
                for _ in range(2000):
                    one.send(frame)

        threads = [threading.Thread(target=flood, args=(one,)) for one in flooding]
        for one in threads:
            one.start()
        for number in range(100):
            gateway.send_user(1, "count", number)
            time.sleep(0.005)
        for one in threads:
            one.join(PATIENCE)

        assert [mei.next("count") for _ in range(100)] == list(range(100))
        assert mei.is_alive()
        assert {one.end()[0] for one in flooding} == {4009}


@pytest.mark.attack("T-WS-4")
class TestTooLarge:
    def test_frames_leave_no_memory_behind(self, tmp_path, opener):
        node = GatehouseProcess(tmp_path / "node", REDIS_URL="")
        weight = psutil.Process(node.pid).memory_info
        self._attack(node, opener)
        before = weight().rss

        self._attack(node, opener)

        assert weight().rss - before < 5 * MIB
        node.stop()

    @staticmethod
    def _attack(node, opener) -> None:
        in_pieces = [opener(node, bearer="mei").greeted() for _ in range(2)]
        bombs = [opener(node, bearer="mei", compression="deflate").greeted() for _ in range(2)]
        for one in in_pieces:
            with suppress(Exception):  # it is cut off while it is being written
                one.raw.send("x" * 65_000 for _ in range(160))
        for one in bombs:
            one.send("x" * 20_000_000)
        assert {one.end()[0] for one in (*in_pieces, *bombs)} == {1009}


@pytest.mark.attack("T-WS-8")
class TestNobodyReads:
    def test_is_bounded_and_the_others_miss_nothing(self, tmp_path, opener, stuck_one):
        node = GatehouseProcess(tmp_path / "node", REDIS_URL="")
        mei = opener(node, bearer="mei", max_queue=None).greeted()
        assert mei.ask("tests.count", {"to": 100, "bytes": 10_000})["data"] == "counted"
        weight = psutil.Process(node.pid).memory_info
        lost, before = stuck_one(node), weight().rss
        mei.kept.clear()

        assert mei.ask("tests.count", {"to": 300, "bytes": 10_000})["data"] == "counted"

        assert [frame["data"][0] for frame in mei.kept] == list(range(300))
        assert weight().rss - before < 4 * MIB
        assert lost.is_cut()
        node.stop()

    def test_is_not_awaited_for_ever_however_little_there_is_to_read(self, gate_settings, gatehouse, stuck_one, mei):
        gate_settings.GATEWAY_STUCK_SECONDS = 0.5
        lost = stuck_one(gatehouse)
        fill(lost)
        assert gateway.connections(user_id=4)[0]["buffered"]

        until(lambda: not gateway.is_online(4))

        assert gateway.this_node()["evicted"] == 1
        assert lost.is_cut()
        assert mei.is_alive()

    def test_is_something_else_than_reading_slowly(self, gate_settings, gatehouse, stuck_one):
        gate_settings.GATEWAY_STUCK_SECONDS = 3.0
        slow, lost = stuck_one(gatehouse, "mei"), stuck_one(gatehouse)
        fill(slow, 1)
        fill(lost)

        until(lambda: slow.read() and not gateway.is_online(4))

        assert gateway.connections(user_id=1)[0]["buffered"]

    def test_nor_a_ping_is_cut(self, gate_settings, stuck_one):
        gate_settings.GATEWAY_STUCK_SECONDS = 600
        with GatehouseThread(ws_ping_interval=0.3, ws_ping_timeout=0.3) as gatehouse:
            lost = stuck_one(gatehouse)
            fill(lost)

            until(lambda: not gateway.is_online(4))

            assert lost.is_cut()


def fill(stuck: Stuck, user: int = 4) -> None:
    """Send more than the kernel keeps, and less than the house does."""
    for _ in range(80):
        gateway.send_user(user, "news", "x" * 10_000)


@pytest.mark.attack("T-WS-9")
class TestKick:
    def test_waits_for_nobody_who_does_not_read(self, gatehouse, stuck_one, mei):
        lost = stuck_one(gatehouse)
        fill(lost)

        gateway.disconnect(user_id=4, reason="Time to go.")

        until(lambda: not gateway.is_online(4))
        assert lost.is_cut()
        assert mei.is_alive()


@pytest.mark.attack("T-WS-12")
class TestRedisDies:
    def test_in_the_middle_of_a_broadcast(self, two_nodes, opener, redis_server):
        east, west = two_nodes
        here = [opener(east, bearer=name, max_queue=None).greeted() for name in ("mei", "ada", "lost")]
        there = [opener(west, bearer=name, max_queue=None).greeted() for name in ("mei", "ada", "lost")]
        speaker = opener(east, bearer="hans", max_queue=None).greeted()
        speaker.tell("tests.count", {"to": 1000})
        assert there[0].next("count")[0] == 0

        redis_server.stop()
        assert speaker.is_alive()
        time.sleep(0.5)
        redis_server.start()

        for one in here:
            assert [one.next("count")[0] for _ in range(1000)] == list(range(1000))
        until(lambda: hears_again(speaker, there))
        for one in there:
            heard = [frame["data"][0] for frame in one.kept if frame["topic"] == "count"]
            rounds = [heard[start:end] for start, end in rounds_of(heard)]
            assert all(one == sorted(set(one)) for one in rounds), rounds
        for one in (*here, *there):
            assert one.is_alive()


def hears_again(speaker, those) -> bool:
    """Speak once more; whether all of those hear it to its end."""
    assert speaker.ask("tests.count", {"to": 3})["data"] == "counted"
    for one in those:
        one.ask("ping")
    return all(one.kept and [2, ""] in [frame["data"] for frame in one.kept[-6:]] for one in those)


def rounds_of(numbers: list[int]) -> list[tuple[int, int]]:
    """Where each round of counting from 0 begins and ends."""
    starts = [0, *(place for place in range(1, len(numbers)) if numbers[place] < numbers[place - 1])]
    return list(zip(starts, [*starts[1:], len(numbers)], strict=True))


def _are_two(speaker) -> bool:
    return speaker.ask("join", {"group": "public.lobby"})["data"]["members"] == 2


@pytest.mark.attack("T-WS-15")
class TestWrongClock:
    @pytest.fixture(params=[120, -120])
    def nodes(self, redis_server, tmp_path, request):
        """Two nodes, the second of which goes by a wrong clock."""
        right = GatehouseProcess(tmp_path / "right", REDIS_URL=redis_server.url)
        wrong = GatehouseProcess(tmp_path / "wrong", REDIS_URL=redis_server.url, NODE_CLOCK_AHEAD=str(request.param))
        yield right, wrong
        for node in (right, wrong):
            node.stop()

    def test_loses_nothing_keeps_the_order_and_hides_nobody(self, nodes, opener, redis_server):
        right, wrong = nodes
        mei, hans = opener(right, bearer="mei").greeted(), opener(wrong, bearer="hans").greeted()
        assert abs(mei.welcome["time"] - hans.welcome["time"]) > 60
        for one in (mei, hans):
            one.ask("join", {"group": "public.lobby"})

        for speaker, listener in ((mei, hans), (hans, mei)):
            assert speaker.ask("tests.count", {"to": 200})["data"] == "counted"
            assert [listener.next("count")[0] for _ in range(200)] == list(range(200))
            speaker.kept.clear()
            until(partial(_are_two, speaker))
        with redis_server.operator() as redis:
            beats = redis.zrange("gatehouse:presence:nodes", 0, -1, withscores=True)
            now, _microseconds = redis.time()
        assert len(beats) == 2
        assert all(abs(beat - now) < 60 for _node, beat in beats)  # so a node that dies is found in time
