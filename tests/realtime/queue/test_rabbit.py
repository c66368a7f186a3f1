"""Messages on RabbitMQ, put there by a program that knows nothing of Gatehouse."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import kombu
import pytest

from realtime.models import Attempt, DeadLetter
from realtime.queue.delivery import MAX_ATTEMPTS
from realtime.queue.rabbit import PREFETCH
from tests.brokers.wire import Wire
from tests.environment import need
from tests.realtime.conftest import until
from tests.realtime.queue.conftest import note, numbers
from tests.realtime.queue.test_stream import rest_of


class Publisher:
    """Whoever publishes plain JSON."""

    def __init__(self, url: str) -> None:
        self.prefix = f"queue-{secrets.token_hex(4)}"
        self.name = f"{self.prefix}.messages"
        self.link = kombu.Connection(url)
        channel: Any = self.link.default_channel
        self.channel = channel
        channel.queue_declare(queue=self.name, durable=True, auto_delete=False)

    def put(self, *messages: Any) -> None:
        producer = self.link.Producer()
        for one in messages:
            body = one if isinstance(one, str | bytes) else json.dumps(one)
            producer.publish(body, exchange="", routing_key=self.name, delivery_mode=2)

    def __len__(self) -> int:
        return int(self.channel.queue_declare(queue=self.name, passive=True).message_count)

    def close(self) -> None:
        self.channel.queue_delete(self.name)
        self.link.release()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(need("RABBITMQ_URL")) as wire:
        yield wire


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher(need("RABBITMQ_URL"))
    yield publisher
    publisher.close()


@pytest.fixture
def on_rabbit(publisher, wire, new_node):
    """Start nodes that read the publisher's queue."""

    def start(**environment: str) -> Any:
        return new_node(CELERY_BROKER_URL=wire.url, REDIS_PREFIX=publisher.prefix, **environment)

    return start


class TestRabbit:
    def test_delivers_in_order_once_and_sets_aside_what_it_cannot(self, publisher, on_rabbit, opener):
        mei = opener(on_rabbit(), bearer="mei").greeted()

        publisher.put(*map(note, range(500)), "nonsense", note("again", id="one") | {"topic": "Loud"})
        publisher.put(note(500, id="one"), note("twice", id="one"), note(501))

        assert numbers(mei, 501) == list(range(502))
        until(lambda: DeadLetter.objects.count() == 2)
        assert {(one.source, one.reason) for one in DeadLetter.objects.all()} == {
            ("rabbitmq", "not_json"),
            ("rabbitmq", "invalid"),
        }
        assert len(publisher) == 0

    def test_loses_nothing_when_the_node_is_killed(self, publisher, on_rabbit, opener):
        node = on_rabbit()
        mei = opener(node, bearer="mei").greeted()
        publisher.put(*map(note, range(2000)))
        found = numbers(mei, 60)

        node.kill()
        found += rest_of(mei)
        with kombu.Connection(need("RABBITMQ_URL")) as link:
            # nobody else may read until Mei is back
            until(lambda: _consumes(link, publisher.name))
            again = opener(on_rabbit(), bearer="mei").greeted()
        publisher.put(note(2000))  # the first may have been quick enough to leave none
        found += numbers(again, 2000)

        assert set(found) == set(range(2001))
        assert len(found) - 2001 <= PREFETCH

    def test_leaves_its_queue_to_the_other_node(self, publisher, on_rabbit, opener, redis_server):
        nodes = [on_rabbit(REDIS_URL=redis_server.url) for _ in range(2)]
        sockets = [opener(one, bearer="mei").greeted() for one in nodes]
        publisher.put(note(1))
        assert [one.next("note") for one in sockets] == [1, 1]

        nodes[0].kill()
        publisher.put(note(2))

        assert set(numbers(sockets[1], 2)) <= {1, 2}  # the first again, if it had not been acknowledged

    def test_is_found_again_when_the_line_broke(self, publisher, on_rabbit, opener, wire):
        mei = opener(on_rabbit(), bearer="mei").greeted()
        publisher.put(note(1))
        assert numbers(mei, 1) == [1]

        wire.cut()
        publisher.put(note(2))
        assert mei.is_alive()
        wire.mend()

        assert set(numbers(mei, 2)) <= {1, 2}

    def test_keeps_what_no_table_takes(self, publisher, on_rabbit, opener, tmp_path):
        node = on_rabbit(DATABASE_URL=f"sqlite:///{tmp_path / 'without-tables.sqlite3'}")
        mei = opener(node, bearer="mei").greeted()
        publisher.put("nonsense", note(1))
        assert numbers(mei, 1) == [1]

        node.kill()
        on_rabbit()

        until(lambda: DeadLetter.objects.count() == 1)

    def test_sets_aside_what_ends_its_reader_again_and_again(self, publisher, on_rabbit, opener):
        dying = on_rabbit(NODE_DIES_OF="poison")
        opener(dying, bearer="mei").greeted()
        publisher.put(note(1), note("the end", id="the-end") | {"topic": "poison"}, note(2), note(3))
        assert dying.wait() == 9
        # it comes again with the others; then alone, where it is found out
        for begun in ([1, 1, 1, 1], [1, 1, 2]):
            again = on_rabbit(NODE_DIES_OF="poison", GATEWAY_QUEUE_GRACE="1")
            opener(again, bearer="mei").greeted()
            assert again.wait() == 9
            assert sorted(Attempt.objects.values_list("begun", flat=True)) == begun
        Attempt.objects.filter(begun=2).update(begun=MAX_ATTEMPTS - 1)

        mei = opener(on_rabbit(NODE_DIES_OF="poison", GATEWAY_QUEUE_GRACE="1"), bearer="mei").greeted()

        assert numbers(mei, 3)[-2:] == [2, 3]
        dead = until(lambda: DeadLetter.objects.first())
        assert (dead.reason, dead.message_id, dead.attempts) == ("given_up", "the-end", MAX_ATTEMPTS + 1)
        until(lambda: not Attempt.objects.exists())

    def test_takes_what_python_puts(self, publisher, on_rabbit, opener, wire, stranger):
        mei = opener(on_rabbit(), bearer="mei").greeted()
        stranger.environment |= {"REDIS_URL": "", "CELERY_BROKER_URL": wire.url, "REDIS_PREFIX": publisher.prefix}

        stranger.run("from realtime import queue\nqueue.put({'to': {'user': 1}, 'topic': 'note', 'data': 1})\n")

        assert numbers(mei, 1) == [1]


def _consumes(link: Any, name: str) -> bool:
    """Become the queue's only reader; the dead node's line may take a moment to be noticed."""
    try:
        link.default_channel.basic_consume(queue=name, exclusive=True, callback=lambda message: None)
    except link.channel_errors:
        link._default_channel = None
        return False
    return True
