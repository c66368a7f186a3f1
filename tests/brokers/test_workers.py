"""Workers that crash, are killed or told to stop lose nothing."""

import signal

import psutil
import pytest

from tests.brokers.office import Parts, process_of

pytestmark = pytest.mark.timeout(300)  # several processes to start, on a machine that may be busy


class TestWorker:
    def test_does_each_job_in_a_process_of_its_own(self, parts: Parts):
        errands = [parts.ask_for_long(), parts.ask_for_long()]

        processes = {process_of(parts.wait(errand, bool)) for errand in errands}

        assert len(processes) == 2
        assert parts.worker.process.pid not in processes
        for errand in errands:
            parts.end(errand)
            assert parts.wait(errand)["runs"] == 1

    @pytest.mark.attack("T-F-5")
    def test_that_is_killed_leaves_its_job_to_the_next(self, parts: Parts):
        errand = parts.ask_for_long()

        parts.worker.kill()
        queued = parts.ask()
        parts.worker.open()

        parts.wait(errand, lambda found: found["runs"] == 2)
        parts.end(errand)
        assert parts.wait(errand)["attempts"] == 2
        assert parts.wait(queued)["attempts"] == 1

    @pytest.mark.attack("T-F-6")
    def test_outlives_a_job_that_kills_its_process(self, parts: Parts):
        poison = parts.ask("crash")

        for _errand in range(5):
            parts.wait(parts.ask())
        given_up = parts.wait(poison, lambda found: found["state"] == "failed")

        assert (given_up["attempts"], given_up["runs"]) == (5, 5)
        assert parts.worker.process.poll() is None
        parts.wait(parts.ask())

    def test_that_is_told_to_stop_finishes_what_it_has_begun(self, parts: Parts):
        errand = parts.ask_for_long()

        parts.worker.process.send_signal(signal.SIGTERM)
        parts.end(errand)

        assert parts.worker.wait() == 0
        assert parts.wait(errand)["attempts"] == 1

    def test_that_is_told_to_stop_gives_back_what_lasts_too_long(self, parts: Parts):
        parts.worker.close()
        with parts.part("worker", "hasty", SHUTDOWN_SECONDS="2") as hasty:
            errand = parts.ask_for_long()
            at_it = psutil.Process(process_of(parts.wait(errand, bool)))

            assert hasty.close() == 0

        given_back = parts.wait(errand, bool)
        assert not at_it.is_running()
        assert given_back["worker"] == ""
        parts.worker.open()
        parts.end(errand)
        assert parts.wait(errand)["attempts"] == 2
