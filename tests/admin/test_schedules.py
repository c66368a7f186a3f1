"""What runs by the clock, started by hand."""

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from project.core import messenger
from project.core.errors import Unreachable
from tests.core.conftest import broker_at
from tests.core.redis_server import free_port

PAGE = "/admin/django_celery_beat/periodictask/"


@pytest.mark.django_db
class TestRunNow:
    def test_says_so_when_no_broker_takes_it(self, boss, browser_of):
        every_minute = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.MINUTES)
        task = PeriodicTask.objects.create(name="Tidy up", task="core.sweep", interval=every_minute)
        browser = browser_of(boss)
        with broker_at(f"amqp://127.0.0.1:{free_port()}//"):
            for _message in range(messenger.FAILURES):
                with pytest.raises(Unreachable):
                    messenger.send("core.sweep")

        answer = browser.post(PAGE, {"action": "run_now", "_selected_action": [task.pk]}, follow=True)

        assert "broker failed repeatedly and is left alone" in answer.content.decode()
