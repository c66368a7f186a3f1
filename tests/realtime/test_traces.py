"""Every frame has an id of its own, by which what it caused can be found."""

import json
import logging

import pytest
from celery import signals

from project.core import logs
from realtime import gateway


@pytest.fixture
def mei(gatehouse, opener, gate_topics):
    return opener(gatehouse, bearer="mei").greeted()


@pytest.fixture
def log_lines():
    """The lines of the log from now on, as they are written in production."""
    written: list[dict] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    ear = Ear()
    ear.setFormatter(logs.formatter("json"))
    logging.getLogger().addHandler(ear)
    yield written
    logging.getLogger().removeHandler(ear)


class TestTraceIds:
    @pytest.mark.parametrize("topic", ["tests.trace", "tests.trace-plain"])
    def test_are_new_for_each_frame_and_begin_as_the_connection_does(self, mei, topic):
        seen = [mei.ask(topic)["data"] for _ in range(3)]

        assert all(on_connection == in_context for on_connection, in_context in seen)
        assert len({one for one, _ in seen}) == 3
        assert {one[:16] for one, _ in seen} == {mei.id.partition("-")[2]}
        assert [int(one[16:], 16) for one, _ in seen] == [1, 2, 3]

    def test_stay_with_their_handlers_however_many_run_at_once(self, mei):
        for number in range(5):
            mei.send(json.dumps({"id": number, "topic": "tests.trace-slow", "data": 0.3 - number / 20}))
        mei.ask("tests.trace")

        ids = [mei.wait_for(lambda frame, n=number: frame.get("id") == n)["data"] for number in range(5)]

        assert all(before == after for before, after in ids)
        assert [int(before[16:], 16) for before, _ in ids] == [1, 2, 3, 4, 5]

    def test_of_a_failure_is_told_and_logged(self, mei, log_lines):
        error = mei.ask("tests.fail")["error"]

        line = next(one for one in log_lines if one["level"] == "error")
        assert error["request_id"] == line["request_id"]
        assert len(error["request_id"]) == 32
        assert line["user_id"] == 1
        assert line["module"] == "websocket"
        assert "a secret of the inside" in line["exception"]

    def test_are_not_told_for_what_the_client_did_wrong(self, mei):
        assert mei.ask("tests.missing")["error"].keys() == {"code", "message"}

    def test_travel_to_tasks(self, mei):
        carried: list[dict] = []

        def look(sender: str, headers: dict, **_rest: object) -> None:
            if sender == "tests.look_around":
                carried.append(headers["gatehouse"])

        signals.before_task_publish.connect(look)

        trace_id = mei.ask("tests.task")["data"]

        assert [(one["request_id"], one["user_id"]) for one in carried] == [(trace_id, 1)]


class TestWhatHandlersKeep:
    def test_stays_with_the_connection_and_with_this_process(self, gatehouse, opener, mei):
        other = opener(gatehouse, bearer="mei").greeted()

        assert [mei.ask("tests.visits")["data"] for _ in range(3)] == [1, 2, 3]
        assert other.ask("tests.visits")["data"] == 1
        assert "visits" not in json.dumps([mei.ask("whoami"), gateway.connections()])


class TestCounters:
    def test_are_shown_to_the_client(self, mei):
        mei.ask("echo")
        mei.ask("no.such")

        known = mei.ask("whoami")["data"]

        assert known["counters"]["received"] == 3
        assert known["counters"]["sent"] == 3
        assert known["since"] == mei.welcome["time"]
        assert "no.such" in known["last_error"]
