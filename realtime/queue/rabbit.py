"""RabbitMQ's durable queue `{REDIS_PREFIX}.messages`: each message is a letter as JSON, whoever published it.

It is read where Celery's broker is RabbitMQ, by a thread of each serving process: kombu blocks, and a worker's own
consumer could neither wait for the gateway nor be forked beside it. The consumer is exclusive: one node reads, so that
the order is kept, and RabbitMQ lets the next one in when its connection ends.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from itertools import takewhile
from random import uniform
from typing import Any

import kombu
from celery import current_app
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.core import breaker
from project.core.errors import Unreachable
from realtime.errors import GatewayUnreachable
from realtime.queue import attempts
from realtime.queue.dead import Arrived
from realtime.queue.delivery import FAILURES
from realtime.queue.outage import Outage

log = logging.getLogger(__name__)
PREFETCH = 50
WAIT_SECONDS = 0.5
GATHER_SECONDS = 0.005
STAND_BY_SECONDS = 2.0
LEFT_SECONDS = 5.0
"""How long to leave a queue alone whose messages no table would take."""
STOP_SECONDS = 5.0

Take = Callable[[Sequence[Arrived]], set[int]]


def is_there() -> bool:
    return bool(settings.CELERY_BROKER_URL.startswith("amqp"))


def name() -> str:
    return f"{settings.REDIS_PREFIX}.messages"


def put(body: bytes) -> None:
    """Publish a letter; RabbitMQ has confirmed that it keeps it.

    :raises GatewayUnreachable: when it does not.
    """
    try:
        breaker.named("broker", timeout=settings.BROKER_SECONDS).call(_publish, body)
    except Unreachable as problem:
        raise GatewayUnreachable(why=str(problem)) from problem
    except Exception as problem:  # every transport raises its own
        why = _("RabbitMQ does not take it ({problem}).").format(problem=type(problem).__name__)
        raise GatewayUnreachable(why=why) from problem


def _publish(body: bytes) -> None:
    with current_app.producer_or_acquire() as producer:
        producer.publish(
            body,
            routing_key=name(),
            exchange="",
            declare=[kombu.Queue(name(), durable=True)],
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode="persistent",
        )


class Rabbit:
    """A node's reader: `take` delivers what came and returns the places of what must stay."""

    def __init__(self, take: Take) -> None:
        self.take = take
        self.reading = False
        self._stopping = threading.Event()
        self._came: list[Any] = []
        self._thread = threading.Thread(target=self._run, name="gateway-rabbitmq", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what was begun; what was fetched and not begun goes back to the queue."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        outage = Outage(log, "RabbitMQ's queue of messages")
        while not self._stopping.is_set():
            link = current_app.connection_for_read(heartbeat=settings.CELERY_BROKER_HEARTBEAT)
            known = (*FAILURES, kombu.exceptions.OperationalError, *link.connection_errors, *link.channel_errors)
            try:
                with link:
                    self._read(link, outage)
            except Exception as problem:  # noqa: BLE001 (a reader that ended would leave a node that looks well)
                if _is_somebody_elses(problem):
                    outage.over()
                    self._stopping.wait(STAND_BY_SECONDS * uniform(0.5, 1.5))  # noqa: S311 (no secret)
                else:
                    self._stopping.wait(outage.met(problem, known=isinstance(problem, known)))
            finally:
                self.reading = False

    def _read(self, link: Any, outage: Outage) -> None:
        channel = link.default_channel
        channel.queue_declare(queue=name(), durable=True, auto_delete=False)
        channel.basic_qos(0, PREFETCH, False)
        self._came.clear()
        channel.basic_consume(queue=name(), exclusive=True, callback=self._came.append)
        outage.over()
        self.reading = True
        while not self._stopping.is_set():
            self._gather(link)
            if came := self._next():
                self._settle(channel, came)

    def _gather(self, link: Any) -> None:
        """Wait for a message, then for those that are on their way behind it."""
        wait = WAIT_SECONDS
        with suppress(TimeoutError):
            while len(self._came) < PREFETCH and not self._stopping.is_set():
                link.drain_events(timeout=wait)
                wait = GATHER_SECONDS
        link.heartbeat_check()

    def _next(self) -> list[Any]:
        """Return what is delivered together: what came for the first time, or what came again.

        That is one by one when somebody was gone while it was tried: so the message that does it is found.
        """
        if not self._came:
            return []
        again = _is_back(self._came[0])
        came = list(takewhile(lambda one: _is_back(one) == again, self._came[:PREFETCH]))
        if again and not attempts.harmless([_body(one) for one in came]):
            came = came[:1]
        del self._came[: len(came)]
        return came

    def _settle(self, channel: Any, came: list[Any]) -> None:
        bodies = [_body(one) for one in came]
        with attempts.counted(bodies) if _is_back(came[0]) else nullcontext(1) as number:
            left = self.take([Arrived(body, number) for body in bodies])
        if not left:
            channel.basic_ack(came[-1].delivery_tag, multiple=True)
            return
        for place, one in enumerate(came):
            if place in left:
                channel.basic_reject(one.delivery_tag, requeue=True)
            else:
                channel.basic_ack(one.delivery_tag)
        self._stopping.wait(LEFT_SECONDS)


def _is_back(message: Any) -> bool:
    """Was this handed out before, to whoever is gone now?"""
    return bool(message.delivery_info["redelivered"])


def _body(message: Any) -> bytes:
    # the library decodes what names its encoding
    return message.body.encode() if isinstance(message.body, str) else bytes(message.body)


def _is_somebody_elses(problem: Exception) -> bool:
    return getattr(problem, "reply_code", 0) == 403 and "exclusive" in str(problem)
