"""What a leaver asked for and did not get is withdrawn; their schedules are somebody else's then."""

import pytest

from integrations.jenkins import services
from integrations.jenkins.models import Build, Schedule
from project.core import leaving


@pytest.fixture
def belongings():
    return {one.key: one for one in leaving.belongings()}


class TestLeaving:
    def test_withdraws_what_did_not_start(self, known, builder, boss, belongings):
        services.ask(job=known("deploy", needs_approval=True), by=builder)
        running = services.ask(job=known("web"), by=builder)
        Build.objects.filter(pk=running.pk).update(state="running", number=1)

        assert belongings["builds"].hand_over(builder, None, boss).done == 1
        assert set(Build.objects.values_list("state", flat=True)) == {"aborted", "running"}

    def test_hands_schedules_over(self, known, builder, approver, boss, belongings):
        services.plan(job=known("web"), name="nightly", cron="0 3 * * *", by=builder)

        assert belongings["build_schedules"].hand_over(builder, approver, boss).done == 1
        assert Schedule.objects.get().created_by == approver

    def test_switches_schedules_off_that_nobody_takes(self, known, builder, boss, belongings):
        services.plan(job=known("web"), name="nightly", cron="0 3 * * *", by=builder)
        belongings["build_schedules"].hand_over(builder, None, boss)

        assert not Schedule.objects.get().enabled
        assert services.run_due() == 0
