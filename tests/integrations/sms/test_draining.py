"""Many messages are sent by several threads, and none twice."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from integrations.sms import services
from integrations.sms.models import Attempt, Message
from project.core import jobs
from tests.clients import until
from tests.core.threads import in_threads
from tests.fakes.alibaba import Refuse
from tests.integrations.sms.conftest import account_at

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]


def ask_for(number: int) -> None:
    many = (services.Request(f"+86138{one:08}", {"text": f"Lunch {one}"}, "zh-hans") for one in range(number))
    with transaction.atomic():
        for _batch in services.enqueue_many(many, template="notice", purpose="campaign"):
            pass


class TestDraining:
    def test_sends_all_that_waits(self, gateway):
        account_at(gateway.url)
        ask_for(60)

        assert services.drain() == 60
        assert len({one.phone for one in gateway.taken}) == len(gateway.taken) == 60
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
        assert services.drain() == 0

    def test_leaves_processes_for_other_work(self, gateway, settings):
        settings.WORKER_CONCURRENCY = 4
        account_at(gateway.url)
        ask_for(6)
        host = jobs.place_of_this_process(host_only=True)
        others = list(Message.objects.values_list("pk", flat=True)[:4])
        for number, pk in enumerate(others):
            lease = {"worker": f"{host}{number % 2}:x", "lease_until": timezone.now() + timedelta(seconds=30)}
            Message.objects.filter(pk=pk).update(**lease)

        assert services.drain() == 0
        Message.objects.filter(pk=others[0]).update(worker="", lease_until=None)
        assert services.drain() == 3

    def test_leaves_what_is_to_be_tried_again_for_later(self, gateway):
        account_at(gateway.url)
        ask_for(5)
        gateway.next(Refuse("isp.SYSTEM_ERROR"))

        assert services.drain() == 5
        assert Message.objects.filter(state="pending").count() == 1
        assert services.drain() == 0

    def test_stops_while_the_gateway_is_left_alone(self, gateway, settings):
        settings.SMS_AT_ONCE = 4
        account_at(gateway.url)
        ask_for(40)
        gateway.next(*[Refuse("isp.SYSTEM_ERROR")] * 40)

        done = services.drain()

        assert 10 <= done <= 20
        assert Message.objects.filter(attempts=0).count() >= 20
        assert services.drain() == 0

    def test_goes_on_where_the_database_cuts_its_line(self, gateway, settings):
        if connection.vendor != "postgresql":
            pytest.skip("a server that can be told to cut a line")
        settings.SMS_AT_ONCE = 4
        gateway.latency = 0.02
        account_at(gateway.url)
        ask_for(60)

        def cut():
            until(lambda: len(gateway.taken) >= 20, "twenty messages sent", 60)
            with connection.cursor() as line:
                line.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

        def drain():
            with suppress(OperationalError):  # the task failed, and is asked for anew
                services.drain()

        in_threads(2, lambda number: (drain, cut)[number]())
        connection.close()  # ours was cut as well
        before = timezone.now() - timedelta(minutes=2)
        Message.objects.exclude(lease_until=None).update(lease_until=before)
        Attempt.objects.filter(outcome="open").update(started_at=before)
        services.drain()

        assert len(gateway.taken) == 60
        assert gateway.copies() == 0
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}

    def test_by_two_workers_sends_nothing_twice(self, gateway, settings):
        settings.SMS_AT_ONCE = 4
        account_at(gateway.url)
        ask_for(40)

        # in one process one drains and the other has nothing to do
        assert sorted(in_threads(2, lambda _number: services.drain())) == [0, 40]
        assert len(gateway.taken) == 40
