"""The schedule is there before a scheduler is."""

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from project import boot
from project.celery import app
from project.scheduler import Scheduler

pytestmark = pytest.mark.django_db


def test_is_written_down_once(django_assert_num_queries):
    PeriodicTask.objects.all().delete()

    boot._plan()

    assert set(PeriodicTask.objects.values_list("name", flat=True)) == app.conf.beat_schedule.keys()
    with django_assert_num_queries(1):
        boot._plan()


def test_leaves_what_staff_changed():
    boot._plan()
    changed = PeriodicTask.objects.order_by("pk").first()
    PeriodicTask.objects.filter(pk=changed.pk).update(enabled=False)

    boot._plan()

    assert not PeriodicTask.objects.get(pk=changed.pk).enabled


def test_of_another_version_is_not_sent():
    boot._plan()
    every_second = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="of tomorrow", task="tomorrow.work", interval=every_second)
    PeriodicTask.objects.create(name="by staff", task="core.sweep", interval=every_second)

    sent = Scheduler(app=app, lazy=True).all_as_schedule()

    assert set(sent) == app.conf.beat_schedule.keys() | {"by staff"}
