"""Messages on the Redis Stream, whatever happens to nodes and to Redis."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
import redis
import requests
from websockets.exceptions import ConnectionClosed

from realtime import queue
from realtime.models import DeadLetter
from realtime.queue.delivery import MAX_ATTEMPTS
from realtime.queue.stream import BATCH
from tests.clients import PATIENCE
from tests.realtime.conftest import Socket, until
from tests.realtime.queue.conftest import Mailbox, note, numbers
from tests.realtime.server import GatehouseProcess


def rest_of(socket: Socket) -> list[int]:
    """What still comes through a socket whose node was killed."""
    found: list[int] = []
    try:
        while True:
            found.append(socket.frame()["data"])
    except ConnectionClosed:
        return found


class TestDelivery:
    def test_reaches_each_audience(self, node, mailbox, opener):
        mei, hans = opener(node, bearer="mei").greeted(), opener(node, bearer="hans").greeted()

        mailbox.put(
            {"to": {"user": 1}, "topic": "note", "data": 1},
            {"to": {"users": [1, 2]}, "topic": "note", "data": 2},
            {"to": {"group": "role.guard"}, "topic": "note", "data": 3},
            {"to": {"groups": ["role.guard", "user.1"]}, "topic": "note", "data": 4},
            {"to": {"group": "role.guard", "user": 1}, "topic": "note", "data": "Mei is no guard"},
            {"to": {"group": "role.guard", "user": 2}, "topic": "note", "data": 5},
            {"to": {"connection": mei.id}, "topic": "note", "data": 6},
            {"to": {"all": True}, "topic": "note", "data": 7, "exclude_user": 2},
            {"to": {"all": True}, "topic": "note", "data": 8},
        )

        assert numbers(mei, 8) == [1, 2, 4, 6, 7, 8]
        assert numbers(hans, 8) == [2, 3, 4, 5, 8]
        mailbox.wait_until_empty()

    def test_of_bytes_is_a_binary_frame(self, node, mailbox, opener):
        mei = opener(node, bearer="mei").greeted()

        mailbox.put({"to": {"user": 1}, "topic": "blob", "data_base64": base64.b64encode(b"\x00\xff").decode()})

        assert mei.raw.recv(timeout=PATIENCE) == b"\x00\xff"

    def test_of_an_id_happens_once(self, node, mailbox, opener):
        mei = opener(node, bearer="mei").greeted()

        mailbox.put(note(1, id="first"), note("again", id="first"), note(2, id="second"))
        assert numbers(mei, 2) == [1, 2]
        mailbox.wait_until_empty()
        mailbox.put(note("and again", id="first"), note(3, id="third"))

        assert numbers(mei, 3) == [3]

    def test_begins_with_what_was_there_before_any_node(self, mailbox, redis_server, new_node, opener):
        mailbox.hold()
        mailbox.put(note(1), note(2))
        mei = opener(new_node(REDIS_URL=redis_server.url), bearer="mei").greeted()

        mailbox.release()

        assert numbers(mei, 2) == [1, 2]

    def test_keeps_the_order_across_two_nodes_and_drains_much_in_little_memory(
        self, mailbox, redis_server, new_node, opener
    ):
        mailbox.hold()
        east, west = (new_node(REDIS_URL=redis_server.url) for _ in range(2))
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()
        mailbox.put(*({"to": {"users": [1, 2]}, "topic": "note", "data": number} for number in range(5000)))
        before = {one.pid: psutil.Process(one.pid).memory_info().rss for one in (east, west)}

        mailbox.release()

        assert numbers(mei, 4999) == list(range(5000))
        assert numbers(hans, 4999) == list(range(5000))
        mailbox.wait_until_empty()
        grown = {pid: psutil.Process(pid).memory_info().rss - rss for pid, rss in before.items()}
        assert max(grown.values()) < 32 * 1024**2

    def test_waits_until_clients_had_a_moment_to_come_back(self, mailbox, redis_server, new_node, opener):
        mailbox.put(note(1))

        node = new_node(REDIS_URL=redis_server.url, GATEWAY_QUEUE_GRACE="5")

        assert len(mailbox) == 1
        assert opener(node, bearer="mei").greeted().next("note") == 1

    def test_may_be_switched_off(self, mailbox, redis_server, new_node, opener):
        node = new_node(REDIS_URL=redis_server.url, GATEWAY_QUEUE="false")
        mei = opener(node, bearer="mei").greeted()

        mailbox.put(note(1))

        assert mei.is_alive()
        assert mei.kept == []
        assert len(mailbox) == 1


class TestKilledNode:
    def test_loses_nothing_and_repeats_less_than_a_batch(self, mailbox, redis_server, new_node, opener):
        node = new_node(REDIS_URL=redis_server.url)
        mei = opener(node, bearer="mei").greeted()
        mailbox.put(*map(note, range(2000)))
        found = numbers(mei, 60)

        node.kill()
        found += rest_of(mei)
        mailbox.hold()
        again = opener(new_node(REDIS_URL=redis_server.url), bearer="mei").greeted()
        mailbox.release()
        mailbox.put(note(2000))  # the first may have been quick enough to leave none
        found += numbers(again, 2000)

        assert set(found) == set(range(2001))
        assert len(found) - 2001 <= BATCH
        mailbox.wait_until_empty()

    def test_leaves_its_messages_to_the_other(self, mailbox, redis_server, new_node, opener):
        nodes = [new_node(REDIS_URL=redis_server.url) for _ in range(2)]
        sockets = [opener(one, bearer="mei").greeted() for one in nodes]
        first = 0 if sockets[0].id.startswith(mailbox.reader) else 1
        survivor = sockets[1 - first]
        mailbox.put(*map(note, range(1000)))
        found = numbers(survivor, 40)

        nodes[first].kill()
        found += numbers(survivor, 999)

        assert set(found) == set(range(1000))
        assert len(found) - 1000 <= BATCH
        assert survivor.id.startswith(mailbox.reader)

    def test_that_a_message_ends_again_and_again_lives_without_it(self, mailbox, redis_server, new_node, opener):
        mailbox.put(note("the end", id="the-end"))
        with redis_server.operator() as client:
            client.xgroup_create(mailbox.key, "gateway", id="0")
            client.xreadgroup("gateway", "gateway", {mailbox.key: ">"})
            for _ in range(MAX_ATTEMPTS):
                client.xreadgroup("gateway", "gateway", {mailbox.key: "0"})

        mei = opener(new_node(REDIS_URL=redis_server.url), bearer="mei").greeted()
        mailbox.put(note(1))

        assert numbers(mei, 1) == [1]
        dead = DeadLetter.objects.get()
        assert (dead.reason, dead.message_id) == ("given_up", "the-end")
        assert dead.attempts > MAX_ATTEMPTS


class TestStoppedNode:
    def test_hands_over_at_once(self, mailbox, redis_server, new_node, opener):
        nodes = [new_node(REDIS_URL=redis_server.url) for _ in range(2)]
        sockets = [opener(one, bearer="mei").greeted() for one in nodes]
        first = 0 if sockets[0].id.startswith(mailbox.reader) else 1

        nodes[first].stop()
        mailbox.put(note(1))

        assert numbers(sockets[1 - first], 1) == [1]


class TestRedis:
    def test_that_restarts_brings_back_what_it_had(self, lasting_redis, new_node, opener):
        mailbox = Mailbox(lasting_redis)
        east, west = (new_node(REDIS_URL=lasting_redis.url) for _ in range(2))
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()
        mailbox.hold()
        mailbox.put(*({"to": {"users": [1, 2]}, "topic": "note", "data": number} for number in range(300)))

        # one node finds its way back sooner than the other, and whoever reads may not even have noticed
        lasting_redis.stop()
        lasting_redis.start()
        mailbox.release()

        assert set(numbers(mei, 299)) == set(range(300))
        assert set(numbers(hans, 299)) == set(range(300))
        mailbox.wait_until_empty()

    def test_that_comes_back_empty_costs_nothing_that_is_put_then(self, mailbox, redis_server, new_node, opener):
        east, west = (new_node(REDIS_URL=redis_server.url) for _ in range(2))
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()

        redis_server.stop()
        redis_server.start()
        mailbox.put(*({"to": {"users": [1, 2]}, "topic": "note", "data": number} for number in range(100)))

        assert set(numbers(mei, 99)) == set(range(100))
        assert set(numbers(hans, 99)) == set(range(100))

    def test_that_hangs_costs_no_message(self, node, mailbox, redis_server, opener):
        mei = opener(node, bearer="mei").greeted()
        mailbox.put(note(1))
        assert numbers(mei, 1) == [1]

        redis_server.freeze()
        assert mei.is_alive()
        redis_server.thaw()
        mailbox.put(*map(note, range(2, 50)))

        assert set(numbers(mei, 49)) == set(range(2, 50))

    def test_that_was_flushed_is_read_on(self, node, mailbox, redis_server, opener):
        mei = opener(node, bearer="mei").greeted()
        mailbox.put(note(1))
        assert numbers(mei, 1) == [1]

        redis_server.order("FLUSHALL")
        mailbox.put(note(2))

        assert numbers(mei, 2) == [2]


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


POISON: dict[str, list[Any]] = {
    "not_json": ["not JSON at all", b"\xff\xfe", "[1, 2]", '{"to": {"all": true}, "topic": NaN}', "[" * 100_000],
    "invalid": [
        {"topic": "note"},
        {"to": {"all": True}},
        note(1) | {"urgent": True},
        note(1) | {"to": {"user": 1, "all": True}},
        note(1) | {"to": {"user": "1"}},
        note(1) | {"topic": "welcome"},
        note(1) | {"data_base64": "AA=="},
        note(1) | {"exclude_user": 2},
        note(1) | {"expires_at": "tomorrow"},
        note(1) | {"id": "a b"},
    ],
    "too_large": [note("x" * 1_100_000), "x" * 2_200_000],
    "expired": [note(1, expires_at="2020-01-31T08:00:00Z")],
}


class TestPoison:
    @pytest.fixture
    def mei(self, node, opener):
        return opener(node, bearer="mei").greeted()

    def test_is_set_aside_and_holds_up_nobody(self, mailbox, mei):
        for reason, those in POISON.items():
            mailbox.put(*those, note(reason, expires_at=soon(3600)))

        assert [mei.next("note") for _ in POISON] == list(POISON)
        mailbox.wait_until_empty()
        found = list(DeadLetter.objects.order_by("pk"))
        assert [one.reason for one in found] == [reason for reason, those in POISON.items() for _ in those]
        assert {(one.source, one.state, one.attempts) for one in found} == {("redis", "waiting", 1)}
        assert all(one.detail for one in found)

    def test_is_kept_as_it_was_received(self, mailbox, mei):
        mailbox.put("täglich\x00", b"\xff{", "x" * 100_000)
        mailbox.wait_until_empty()

        texts, broken, long = DeadLetter.objects.order_by("pk")

        assert (texts.body, broken.body) == ("täglich\\x00", "\\xff{")
        assert (len(long.body), long.is_cut, long.size) == (65_536, True, 100_000)

    def test_of_another_shape_is_set_aside(self, mailbox, redis_server, mei):
        redis_server.order("XADD", mailbox.key, "*", "letter", "{}")
        mailbox.wait_until_empty()

        assert DeadLetter.objects.get().body == "letter: {}"

    def test_stays_on_the_stream_while_no_table_takes_it(self, mailbox, redis_server, new_node, opener, tmp_path):
        node = new_node(REDIS_URL=redis_server.url, DATABASE_URL=f"sqlite:///{tmp_path / 'without-tables.sqlite3'}")
        mei = opener(node, bearer="mei").greeted()
        mailbox.put("nonsense", note(1))
        assert numbers(mei, 1) == [1]
        until(lambda: len(mailbox) == 1)

        node.kill()
        new_node(REDIS_URL=redis_server.url)

        mailbox.wait_until_empty()
        assert DeadLetter.objects.get().body == "nonsense"


def asked(node: GatehouseProcess, path: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{node.port}{path}", timeout=PATIENCE)


def figure(node: GatehouseProcess, name: str) -> float:
    found = re.search(rf"^gatehouse_{name} (\S+)$", asked(node, "/metrics").text, re.MULTILINE)
    assert found, name
    return float(found[1])


class TestFigures:
    def test_tell_what_became_of_messages_and_what_waits(self, node, mailbox, redis_server):
        mailbox.put(note(1, id="one"), note(1, id="one"), "nonsense")
        mailbox.wait_until_empty()
        until(lambda: figure(node, "gateway_queue_dead") == 1)
        assert figure(node, "gateway_queue_delivered") == figure(node, "gateway_queue_duplicates") == 1
        assert figure(node, "gateway_queue_reading") == figure(node, "dead_letters") == 1
        assert figure(node, "message_queue_length") == figure(node, "message_queue_age_seconds") == 0
        assert asked(node, "/readyz").json()["queue"]["status"] == "ok"

        mailbox.hold()
        until(lambda: figure(node, "gateway_queue_reading") == 0)
        redis_server.order("DEL", mailbox.key)
        redis_server.order("XADD", mailbox.key, "1000000000000-0", "message", "{}")  # of the year 2001

        assert figure(node, "message_queue_length") == 1
        assert figure(node, "message_queue_age_seconds") > 1e8
        assert asked(node, "/readyz").json()["queue"]["status"] == "late"


class TestPut:
    def test_is_taken_by_the_stream_from_any_process(self, node, mailbox, opener, stranger):
        mei = opener(node, bearer="mei").greeted()

        name = stranger.run(
            "from realtime import queue\n"
            "queue.put({'to': {'user': 1}, 'topic': 'note', 'data': b'bytes'})\n"
            "print(queue.put({'to': {'user': 1}, 'topic': 'note', 'data': 1}))\n"
        )

        assert mei.raw.recv(timeout=PATIENCE) == b"bytes"
        assert numbers(mei, 1) == [1]
        mailbox.wait_until_empty()
        assert redis.Redis(port=mailbox.server.port).exists(f"{mailbox.key}:seen:{name}")

    def test_is_refused_when_too_many_wait(self, mailbox, stranger):
        mailbox.put(note(1), note(2))
        stranger.environment["GATEWAY_QUEUE_MAX"] = "2"

        said = stranger.run(
            "from realtime import queue\n"
            "from realtime.errors import GatewayUnreachable\n"
            "try:\n    queue.put({'to': {'user': 1}, 'topic': 'note'})\n"
            "except GatewayUnreachable as problem:\n    print(problem)\n"
        )

        assert "full" in said
        assert len(mailbox) == 2

    def test_delivers_at_once_where_everything_is_one_process(self, gatehouse, mei):
        queue.put({"to": {"user": 1}, "topic": "note", "data": 1})

        assert mei.next("note") == 1
