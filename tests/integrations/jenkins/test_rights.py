"""Rules open folders to some and close them to others."""

from functools import partial

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from integrations.jenkins import rights, services
from integrations.jenkins.errors import NotHere
from integrations.jenkins.models import Rule
from project.core.errors import NoPermission

pytestmark = pytest.mark.every_database


@pytest.fixture
def jobs(known):
    return {name: known(name) for name in ("web", "prod/deploy", "prod/try/it", "production")}


@pytest.fixture
def release(db):
    return Group.objects.create(name="Release")


@pytest.fixture
def rule(away):
    return partial(Rule.objects.create, server=away, may_view=False)


class TestRules:
    def test_none_leave_it_to_the_permission(self, jobs, builder, hire):
        assert rights.may(builder, "build", jobs["web"])
        assert not rights.may(builder, "approve", jobs["web"])
        with pytest.raises(NoPermission):
            rights.ensure_may(hire("nobody"), "view", jobs["web"])

    def test_close_a_folder_to_those_they_do_not_name(self, jobs, builder, release, rule):
        rule(folder="prod", role=release, may_build=True)

        assert not rights.may(builder, "build", jobs["prod/deploy"])
        assert rights.may(builder, "build", jobs["production"])
        assert rights.may(builder, "view", jobs["prod/deploy"])
        with pytest.raises(NotHere):
            rights.ensure_may(builder, "build", jobs["prod/deploy"])
        assert set(rights.jobs_of(builder, "build")) == {jobs["web"], jobs["production"]}

    def test_the_nearest_decides(self, jobs, builder, release, rule):
        rule(folder="prod", role=release, may_build=True)
        rule(folder="prod/try", person=builder, may_build=True)

        assert rights.may(builder, "build", jobs["prod/try/it"])
        assert set(rights.jobs_of(builder, "build")) == {jobs["web"], jobs["production"], jobs["prod/try/it"]}

    def test_open_to_a_role(self, jobs, builder, release, rule):
        builder.groups.add(release)
        rule(folder="prod", role=release, may_build=True)

        assert rights.may(builder, "build", jobs["prod/deploy"])
        assert rights.jobs_of(builder, "build").count() == 4

    def test_of_the_whole_server(self, jobs, builder, release, rule):
        rule(folder="", role=release, may_view=True)

        assert not rights.may(builder, "view", jobs["web"])
        assert not rights.jobs_of(builder).exists()

    def test_give_nothing_that_a_role_does_not(self, jobs, builder, rule):
        rule(folder="prod", person=builder, may_approve=True)

        assert not rights.may(builder, "approve", jobs["prod/deploy"])

    def test_bind_no_superuser(self, jobs, boss, release, rule):
        rule(folder="", role=release, may_view=True, may_build=True)

        assert rights.may(boss, "build", jobs["prod/deploy"])
        assert rights.jobs_of(boss).count() == 4

    def test_are_spelled_as_their_folder_is(self, jobs, boss, builder, away):
        services.write_rule(Rule(server=away, folder="PROD/Deploy", person=boss, may_build=True), by=boss)

        assert Rule.objects.get().folder == "prod/deploy"
        assert not rights.may(builder, "build", jobs["prod/deploy"])


class TestApprovers:
    def test_are_those_who_may_decide(self, jobs, builder, approver, boss, hire, release):
        build = services.ask(job=jobs["web"], by=approver)
        second = hire("second", "jenkins.view_job", "jenkins.approve_build")

        assert rights.approvers_of(build, User.objects.all(), 10) == [boss, second]
        build.approver_role = release
        assert rights.approvers_of(build, User.objects.all(), 10) == [boss]
        second.groups.add(release)
        assert rights.approvers_of(build, User.objects.all(), 10) == [boss, second]

    def test_are_kept_out_by_rules(self, jobs, approver, boss, hire, rule):
        hire("second", "jenkins.view_job", "jenkins.approve_build")
        rule(folder="prod", person=boss, may_approve=True)
        build = services.ask(job=jobs["prod/deploy"], by=approver)

        assert rights.approvers_of(build, User.objects.all(), 10) == [boss]
