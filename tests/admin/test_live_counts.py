"""The numbers beside the sidebar's items count what the person who looks would find there."""

import pytest

from integrations.jenkins.models import Build, Job, Rule, Server
from integrations.sheets.models import ImportJob
from integrations.sms.models import Campaign, Template
from realtime.models import DeadLetter

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(hire, role):
    """Take somebody on for a role with these permissions."""

    def one(username: str, *permissions: str):
        return hire(username, is_staff=True, roles=[role(f"role-{username}", 30, *permissions)])

    return one


@pytest.fixture
def counted(browser_of):
    """What the sidebar counts for somebody."""
    return lambda person: browser_of(person).get("/admin/pulse/").json()


def asked(job: Job, by, **fields) -> Build:
    return Build.objects.create(server=job.server, job=job, state=Build.State.REQUESTED, created_by=by, **fields)


class TestBuilds:
    @pytest.fixture
    def jobs(self, boss) -> dict[str, Job]:
        server = Server.objects.create(name="ci", url="http://ci.example.com/")
        return {
            name: Job.objects.create(server=server, full_name=name, name=name.rpartition("/")[2], folder=folder)
            for name, folder in (("shop", ""), ("Secret/shop", "Secret"))
        }

    @pytest.fixture
    def closed(self, jobs, role) -> None:
        """A folder that is for the board only."""
        everything = {f"may_{action}": True for action in ("view", "build", "approve", "configure")}
        board = role("board", 90).group
        Rule.objects.create(server=jobs["shop"].server, folder="Secret", role=board, **everything)

    def test_that_run_are_those_one_may_see(self, boss, staff, jobs, closed, counted):
        for job in jobs.values():
            Build.objects.create(server=job.server, job=job, state=Build.State.RUNNING)

        assert counted(staff("viewer", "jenkins.view_job"))["jenkins_builds"] == 1
        assert counted(boss)["jenkins_builds"] == 2

    def test_that_wait_are_those_one_may_decide_about(self, boss, staff, jobs, closed, counted):
        powers = ("jenkins.view_job", "jenkins.build_job", "jenkins.approve_build")
        builder, first, second = staff("builder", *powers[:2]), staff("first", *powers), staff("second", *powers)
        asked(jobs["shop"], builder)
        asked(jobs["shop"], first)
        asked(jobs["shop"], builder, approver_role=second.groups.get())
        asked(jobs["Secret/shop"], builder)

        found = {person.username: counted(person)["jenkins_approvals"] for person in (builder, first, second, boss)}

        assert found == {"builder": 0, "first": 1, "second": 3, "theboss": 4}

    def test_lead_to_the_approvals_who_may_approve_and_build_nothing(self, staff, browser_of):
        approver = staff("approver", "jenkins.view_job", "jenkins.approve_build")

        browser = browser_of(approver)

        assert browser.get("/admin/jenkins/approvals/").status_code == 200
        assert 'href="/admin/jenkins/approvals/"' in browser.get("/admin/").content.decode()


def test_imports_and_campaigns_are_ones_own_for_who_sees_no_others(boss, staff, counted):
    template = Template.objects.earliest("pk")
    clerk = staff("clerk", "sheets.view_importjob", "sms.view_campaign")
    role = clerk.groups.get().role
    role.scope = "self"
    role.save()
    for person in (clerk, boss):
        ImportJob.objects.create(resource="users", created_by=person)
        Campaign.objects.create(name="Parcels", template=template, state=Campaign.State.SENDING, created_by=person)

    found, all_of_them = counted(clerk), counted(boss)

    assert (found["imports"], found["sms_campaigns"]) == (1, 1)
    assert (all_of_them["imports"], all_of_them["sms_campaigns"]) == (2, 2)


def test_dead_letters_are_for_who_sees_everybody(boss, staff, counted):
    DeadLetter.objects.create(source="redis", reason="invalid", body="{}", size=2)
    keeper = staff("keeper", "realtime.view_deadletter")
    role = keeper.groups.get().role
    role.scope = "self"
    role.save()

    assert counted(keeper)["dead_letters"] == 0
    assert counted(boss)["dead_letters"] == 1
