"""Brokers that fall silent, break off or are shared."""

from contextlib import closing

import pytest

from project import checks
from tests.brokers.office import Parts
from tests.clients import until

pytestmark = pytest.mark.timeout(300)  # several processes to start, on a machine that may be busy


@pytest.mark.attack("T-F-5")
class TestSilentBroker:
    def test_costs_no_request_anything_and_work_catches_up(self, parts: Parts):
        caller = parts.web.sign_in("admin", "Gate-house-1")
        parts.wire.clog()
        # answered while the broker says nothing: these parts wait for it longer than any caller waits for them
        answers = [caller.post("exports/", {"resource": "users", "format": "xlsx"}) for _export in range(8)]

        parts.wire.mend()

        assert [answer.status_code for answer in answers] == [202] * 8
        asked = {answer.json()["id"] for answer in answers}

        def waiting() -> set[str]:
            return {export for export in asked if caller.get(f"exports/{export}/").json()["state"] != "done"}

        until(lambda: not waiting(), "all exports are written", seconds=90)


class TestBrokenLine:
    @pytest.mark.attack("T-F-5")
    def test_is_mended_by_itself_while_a_job_goes_on(self, parts: Parts):
        long = parts.ask_for_long()
        parts.wire.cut()
        meanwhile = parts.ask()

        parts.wire.mend()

        parts.wait(meanwhile)
        parts.end(long)
        assert parts.wait(long)["runs"] == 1
        parts.wait(parts.ask())

    def test_leaves_no_worker_deaf_that_could_not_say_what_it_had_done(self, parts: Parts):
        errands = [parts.ask_for_long(), parts.ask_for_long()]  # as many as the worker may have at once
        refused = parts.worker.output.count("refused")
        parts.wire.cut()
        for errand in errands:
            parts.end(errand)
            parts.wait(errand)
        until(lambda: parts.worker.output.count("refused") > refused, "the worker meets the broken line")

        parts.wire.mend()

        parts.wait(parts.ask())


class TestSharedBroker:
    def test_gives_nobody_the_work_of_another_installation(self, parts: Parts, tmp_path):
        stranger = Parts(tmp_path, parts.wire, REDIS_URL=parts.settings["REDIS_URL"])
        parts.beat.close()  # it would find what a stranger took
        with closing(stranger), stranger.worker:
            errands = [parts.ask() for _errand in range(12)]

            assert [parts.wait(errand)["attempts"] for errand in errands] == [1] * 12


class TestVisibility:
    def test_that_is_shorter_than_a_task_may_run_is_refused_at_start(self, settings):
        settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": settings.CELERY_TASK_TIME_LIMIT}

        assert ["visibility_timeout" in problem.name for problem in checks.problems_of_settings()] == [True]
        for options in settings.BROKER_OPTIONS.values():
            settings.CELERY_BROKER_TRANSPORT_OPTIONS = options
            assert checks.problems_of_settings() == []
