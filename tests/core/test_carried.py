"""A task knows who asked for it."""

from contextlib import contextmanager

import pytest
from celery import Celery, shared_task
from celery.app import app_or_default
from celery.contrib.testing.worker import start_worker

from project.core import context
from project.core.context import Identity
from tests.clients import until

seen = []


@shared_task(name="tests.look")
def look() -> None:
    user = context.get_user()
    seen.append((context.get_module(), context.get_request_id(), user and (user.user_id, user.username, user.actor_id)))


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


@pytest.fixture
def messages_waiting():
    """A broker in memory; `with` it a worker takes what was published."""
    own = app_or_default()
    app = Celery("tests", broker="memory://", set_as_current=True)

    @contextmanager
    def worked():
        yield app
        context.leave()
        with start_worker(app, pool="solo", perform_ping_check=False):
            until(lambda: seen, "the task has run")

    yield worked
    app.close()
    own.set_current()
    own.set_default()


class TestTask:
    def test_is_told_by_its_message(self, messages_waiting):
        context.init(module="api", request_id="trace-0001", user=Identity(7, "mei", actor_id=1))

        with messages_waiting() as app:
            app.send_task("tests.look")

        assert seen == [("task", "trace-0001", (7, "mei", 1))]
        assert context.current() is None

    def test_of_nobody_has_a_request_id_of_its_own(self, messages_waiting):
        with messages_waiting() as app:
            app.send_task("tests.look")

        [(module, request_id, user)] = seen
        assert (module, len(request_id), user) == ("task", 32, None)

    def test_inside_its_caller_sees_the_caller(self):
        context.init(module="api", request_id="trace-0001", user=Identity(7, "mei"))

        look.apply()

        assert seen == [("api", "trace-0001", (7, "mei", None))]
        assert context.get_user_id() == 7
