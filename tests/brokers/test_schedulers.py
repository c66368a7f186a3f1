"""Schedulers that die or have a double do no harm."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.brokers.office import Parts
from tests.clients import PATIENCE

pytestmark = pytest.mark.timeout(300)  # several processes to start, on a machine that may be busy


@pytest.mark.attack("T-F-5")
class TestScheduler:
    def test_that_was_killed_finds_what_was_forgotten_when_it_is_back(self, parts: Parts):
        parts.beat.kill()
        errand = parts.ask(forgotten=True)

        parts.beat.open()

        parts.wait(errand)

    def test_may_have_a_double(self, parts: Parts):
        with parts.part("beat", "double"):
            errands = [parts.ask(forgotten=bool(number % 2)) for number in range(10)]
            for errand in errands:
                parts.wait(errand)
            parts.beat.kill()
            errands.append(parts.ask(forgotten=True))

            ended = [parts.wait(errand) for errand in errands]

        assert [(one["attempts"], one["runs"]) for one in ended] == [(1, 1)] * len(errands)


class TestQueue:
    def test_that_waits_too_long_is_seen_though_everything_answers(self, parts: Parts):
        def ask(path: str) -> requests.Response:
            return requests.get(parts.web.url + path, timeout=PATIENCE)

        def ready() -> Any:
            answer = ask("/readyz")
            return answer.status_code, answer.json()["status"], answer.json()["queue"]["status"]

        parts.beat.close()
        since = datetime.now(UTC) - timedelta(minutes=3)
        errand = parts.ask(forgotten=True, next_at=since.isoformat())

        assert ready() == (200, "ok", "late")
        ages = [line for line in ask("/metrics").text.splitlines() if line.startswith("gatehouse_queue_age_seconds")]
        assert max(float(line.split()[-1]) for line in ages) >= 180

        parts.beat.open()
        parts.wait(errand)
        assert ready() == (200, "ok", "ok")
