"""What /metrics tells of work that other processes do."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from prometheus_client import generate_latest

from integrations.jenkins.models import Server
from integrations.sms.models import Message, Provider, Template
from project import boot, shared_figures

pytestmark = pytest.mark.django_db


def told() -> dict[str, float]:
    """Return each figure by name and labels."""
    lines = generate_latest(shared_figures.registry).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_a_provider_that_refuses_us():
    Provider.objects.create(key="refusing", kind=Provider.Kind.ALIYUN, trouble_code="isv.AMOUNT_NOT_ENOUGH")
    Provider.objects.create(key="well", kind=Provider.Kind.ALIYUN)
    Provider.objects.create(key="off", kind=Provider.Kind.ALIYUN, enabled=False, trouble_code="isv.OUT_OF_SERVICE")

    found = told()

    assert found['gatehouse_sms_refused{provider="refusing"}'] == 1
    assert found['gatehouse_sms_refused{provider="well"}'] == 0
    assert 'gatehouse_sms_refused{provider="off"}' not in found


def test_text_messages_that_were_given_up_lately():
    template = Template.objects.earliest("pk")
    now, long_ago = timezone.now(), timezone.now() - timedelta(hours=2)
    # one waited for hours because no worker ran, and was given up when one did
    for next_at, finished_at in ((now, now), (long_ago, now), (long_ago, long_ago)):
        Message.objects.create(
            phone="+8613800000000",
            prefix=86,
            template=template,
            state=Message.State.DEAD,
            next_at=next_at,
            finished_at=finished_at,
        )

    assert told()["gatehouse_sms_given_up"] == 2


def test_a_jenkins_server_that_does_not_answer():
    Server.objects.create(name="ci", url="http://ci.example.com/", stale_since=timezone.now())
    Server.objects.create(name="well", url="http://well.example.com/", fetched_at=timezone.now())

    found = told()

    assert (found['gatehouse_jenkins_down{server="ci"}'], found['gatehouse_jenkins_down{server="well"}']) == (1, 0)


def test_how_long_nothing_was_sent_by_the_clock():
    boot._plan()
    PeriodicTask.objects.update(last_run_at=None)
    assert "gatehouse_schedule_age_seconds" not in told()

    PeriodicTask.objects.filter(name="core.sweep").update(last_run_at=timezone.now() - timedelta(minutes=10))

    assert told()["gatehouse_schedule_age_seconds"] >= 600


@pytest.mark.django_db(transaction=True)
async def test_asking_for_them_keeps_no_connection_to_the_database(async_client):
    # the loop lends its threads to whoever asks: what one of them kept would be missing in the pool
    with ThreadPoolExecutor(1) as thread:
        asyncio.get_running_loop().set_default_executor(thread)

        answer = await async_client.get("/metrics")
        kept = await asyncio.to_thread(lambda: connection.connection)

    assert b"gatehouse_queue_rows{" in answer.content
    assert kept is None
