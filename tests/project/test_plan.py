"""The schedule is there before a scheduler is."""

import pytest
from django_celery_beat.models import PeriodicTask

from project import boot
from project.celery import app

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
