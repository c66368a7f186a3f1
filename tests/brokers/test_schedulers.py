"""Schedulers that die or have a double do no harm."""

import pytest

from tests.brokers.office import Parts


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
