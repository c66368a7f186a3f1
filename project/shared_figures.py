"""What /metrics reads from the database and from Redis at the moment somebody asks; the same for every process."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from redis.exceptions import RedisError

from integrations.jenkins.models import Server
from integrations.sms.models import Message, Provider
from project.core import jobs
from realtime import cluster
from realtime.models import DeadLetter
from realtime.queue import stream

GIVEN_UP_WITHIN = timedelta(hours=1)


class SharedFigures:
    """Figures of the whole installation. Workers serve none of their own, so what they meet is read from its rows."""

    def collect(self) -> Iterator[Metric]:
        """Yield what can be read at present; /readyz tells about the database and Redis."""
        with suppress(RedisError, OSError):
            yield from _messages_for_sockets()
        with suppress(DatabaseError):
            yield from [*_queues(), *_schedule(), *_text_messages(), *_jenkins()]


registry = CollectorRegistry()
registry.register(SharedFigures())


def _messages_for_sockets() -> Iterator[Metric]:
    if cluster.shared():
        length, age = stream.backlog()
        yield GaugeMetricFamily("gatehouse_message_queue_length", "Messages that wait on the stream", length)
        yield GaugeMetricFamily("gatehouse_message_queue_age_seconds", "Age of the oldest of them", age)


def _queues() -> Iterator[Metric]:
    waiting = GaugeMetricFamily("gatehouse_queue_rows", "Rows that a worker should have", labels=["queue"])
    age = GaugeMetricFamily("gatehouse_queue_age_seconds", "Age of the oldest of them", labels=["queue"])
    for model in jobs.registered():
        due = jobs.due(model)
        oldest = due.order_by("next_at").values_list("next_at", flat=True).first()
        waiting.add_metric([model._meta.label_lower], due.count())
        age.add_metric([model._meta.label_lower], (timezone.now() - oldest).total_seconds() if oldest else 0.0)
    yield waiting
    yield age
    dead = DeadLetter.objects.waiting().count()
    yield GaugeMetricFamily("gatehouse_dead_letters", "Messages that could not be delivered", dead)


def _schedule() -> Iterator[Metric]:
    """Until a scheduler has run for the first time there is nothing to tell."""
    last = PeriodicTask.objects.filter(enabled=True).aggregate(at=Max("last_run_at"))["at"]
    if last:
        text = "Since anything was sent by the clock, as far as the scheduler has written down"
        yield GaugeMetricFamily("gatehouse_schedule_age_seconds", text, (timezone.now() - last).total_seconds())


def _text_messages() -> Iterator[Metric]:
    refuses = GaugeMetricFamily("gatehouse_sms_refused", "1 while a provider refuses our account", labels=["provider"])
    for one in Provider.objects.enabled():
        refuses.add_metric([one.key], bool(one.trouble_code))
    yield refuses
    dead = Message.objects.filter(state=Message.State.DEAD, finished_at__gte=timezone.now() - GIVEN_UP_WITHIN).count()
    yield GaugeMetricFamily("gatehouse_sms_given_up", "Text messages that no provider took, within the last hour", dead)


def _jenkins() -> Iterator[Metric]:
    down = GaugeMetricFamily("gatehouse_jenkins_down", "1 while a Jenkins server does not answer", labels=["server"])
    for one in Server.objects.enabled():
        down.add_metric([one.name], one.health == "down")
    yield down
