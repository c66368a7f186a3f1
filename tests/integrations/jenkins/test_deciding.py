"""Four eyes: nobody approves what they asked for themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.errors import NotInThisState, SecondPersonNeeded, TooLateForApproval
from integrations.jenkins.models import Build, Rule
from project.core import context
from project.core.errors import NoPermission
from realtime import topics


@pytest.fixture
def deploy(known):
    """A job in a folder whose builds want a second person."""
    known("prod", is_folder=True, buildable=False, needs_approval=True, approval_hours=2)
    return known("prod/deploy")


@pytest.fixture
def asked(deploy, approver):
    """A build that somebody asked for who may approve others'."""
    return services.ask(job=deploy, by=approver, reason="release 1.2")


class TestApproval:
    def test_is_wanted_where_a_folder_above_wants_it(self, asked):
        assert asked.state == "requested"
        assert timedelta(hours=1) < asked.expires_at - timezone.now() <= timedelta(hours=2)

    def test_is_nothing_for_who_asked(self, asked, approver):
        with pytest.raises(SecondPersonNeeded):
            services.approve(asked, by=approver)
        assert Build.objects.get().state == "requested"
        assert not services.may_decide(asked, approver)

    def test_is_nothing_for_a_superuser_who_asked(self, deploy, boss):
        build = services.ask(job=deploy, by=boss)

        with pytest.raises(SecondPersonNeeded):
            services.approve(build, by=boss)

    def test_is_nothing_for_who_asked_while_they_act_as_somebody_else(self, asked, approver, boss):
        acting = context.Context(user=context.Identity(user_id=boss.pk, actor_id=approver.pk))

        with context.entered(acting), pytest.raises(SecondPersonNeeded):
            services.approve(asked, by=boss)

    def test_is_nothing_for_who_acted_when_it_was_asked(self, deploy, builder, boss):
        acting = context.Context(user=context.Identity(user_id=builder.pk, actor_id=boss.pk))
        with context.entered(acting):
            build = services.ask(job=deploy, by=builder)

        with pytest.raises(SecondPersonNeeded):
            services.approve(build, by=boss)

    def test_by_a_second_person_lets_it_start(self, asked, boss):
        services.approve(asked, by=boss, reason="looks good")

        build = Build.objects.get()
        assert (build.state, build.decided_by, build.decision) == ("approved", boss, "looks good")
        entry = LogEntry.objects.filter(additional_data__event="jenkins_build.approved").get()
        assert (entry.actor, entry.additional_data["reason"]) == (boss, "looks good")

    def test_happens_once(self, asked, boss, hire):
        services.approve(asked, by=boss)

        with pytest.raises(NotInThisState):
            services.reject(Build.objects.get(), by=boss, reason="no")

    def test_wants_the_role_that_the_job_names(self, asked, hire):
        release = Group.objects.create(name="Release")
        Build.objects.update(approver_role=release)
        build = Build.objects.get()
        other = hire("other", "jenkins.view_job", "jenkins.approve_build")

        with pytest.raises(NoPermission):
            services.approve(build, by=other)
        other.groups.add(release)
        assert services.approve(build, by=other).state == "approved"

    def test_wants_the_permission(self, asked, builder):
        with pytest.raises(NoPermission):
            services.approve(asked, by=builder)

    def test_comes_too_late(self, asked, boss):
        Build.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        build = Build.objects.get()

        with pytest.raises(TooLateForApproval):
            services.approve(build, by=boss)
        assert services.expire_late() == 1
        assert Build.objects.get().state == "expired"

    def test_refused_ends_it(self, asked, boss):
        services.reject(asked, by=boss, reason="not on a Friday")

        build = Build.objects.get()
        assert (build.state, build.decision, build.finished) == ("rejected", "not on a Friday", True)

    def test_is_for_superusers_to_do_without(self, deploy, hire):
        configurer = hire("configurer", "jenkins.configure_job", "jenkins.build_job")

        with pytest.raises(NoPermission):
            services.want_approval(deploy, needed=False, by=configurer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.every_database
class TestTwoAtOnce:
    @pytest.mark.parametrize("second", ["approve", "reject"])
    def test_decide_once(self, asked, hire, second):
        acts = [
            lambda by, build: services.approve(build, by=by),
            lambda by, build: services.reject(build, by=by, reason="no"),
        ]
        people = [hire(name, "jenkins.view_job", "jenkins.approve_build") for name in ("left", "right")]
        ready = threading.Barrier(2)

        def decide(person, act):
            try:
                build = Build.objects.select_related("job", "server").get(pk=asked.pk)
                ready.wait()
                act(person, build)
            except (NotInThisState, OperationalError) as problem:  # SQLite lets one write at a time
                return problem
            finally:
                connection.close()
            return None

        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(decide, people, [acts[0], acts[second == "reject"]]))

        assert [one is None for one in said].count(True) == 1
        events = ("jenkins_build.approved", "jenkins_build.rejected")
        assert LogEntry.objects.filter(additional_data__event__in=events).count() == 1


def test_no_socket_decides():
    """What sockets may ask of Jenkins is to watch a log; to decide is nothing that a frame can do."""
    known = {one.name for one in topics.registered() if one.name.startswith("jenkins")}

    assert known == {"jenkins.log"}


class TestAsking:
    def test_starts_at_once_where_nobody_must_approve(self, known, builder):
        assert services.ask(job=known("web"), by=builder).state == "approved"

    def test_twice_with_the_same_key_is_one_build(self, known, builder):
        job = known("web")

        first, second = (services.ask(job=job, by=builder, key="press-1") for _ in range(2))

        assert first.pk == second.pk

    def test_twice_in_a_moment_is_one_build(self, known, builder):
        job = known("web")

        assert len({services.ask(job=job, by=builder).pk for _ in range(3)}) == 1

    def test_keeps_secrets_sealed(self, known, builder):
        wanted = [{"name": "PASSWORD", "kind": "PasswordParameterDefinition"}]
        build = services.ask(job=known("web", parameters=wanted), by=builder, given={"PASSWORD": "s3cret"})

        row = Build.objects.values().get()
        assert "s3cret" not in str(row)
        assert build.shown_parameters == {"PASSWORD": "******"}
        assert "s3cret" not in str(list(LogEntry.objects.values("additional_data", "changes")))
        assert Build.objects.get().secrets == {"PASSWORD": "s3cret"}


class TestWhatWaitsForSomebody:
    @pytest.fixture
    def waiting(self, deploy, known, builder, approver, boss, away):
        """Builds that differ in who asked, who may decide, and whether it is too late."""
        role = Group.objects.create(name="Release")
        known("bank", is_folder=True, buildable=False, needs_approval=True)
        Rule.objects.create(server=away, folder="bank", person=boss, may_view=False, may_approve=True)
        asked = [services.ask(job=deploy, by=one, given={}) for one in (builder, approver, boss)]
        asked += [services.ask(job=known("bank/pay"), by=builder), services.ask(job=deploy, by=builder, key="role")]
        asked += [services.ask(job=deploy, by=builder, key="late"), services.ask(job=deploy, by=builder, key="acted")]
        asked += [services.ask(job=deploy, by=builder, key="gone")]
        Build.objects.filter(pk=asked[4].pk).update(approver_role=role)
        Build.objects.filter(pk=asked[5].pk).update(expires_at=timezone.now())
        Build.objects.filter(pk=asked[6].pk).update(actor_id=approver.pk)
        Build.objects.filter(pk=asked[7].pk).update(created_by=None)
        return list(Build.objects.select_related("job", "server"))

    def test_is_for_all_builds_at_once_what_is_said_of_each(self, waiting, builder, approver, boss, hire):
        in_role = hire("releaser", "jenkins.view_job", "jenkins.approve_build")
        in_role.groups.add(Group.objects.get(name="Release"))
        found = {}
        for person in (builder, approver, boss, in_role):
            found[person] = set(services.waiting_for(person))
            assert found[person] == {one for one in waiting if services.may_decide(one, person)}
        acting = context.Context(user=context.Identity(user_id=boss.pk, actor_id=builder.pk))
        with context.entered(acting):
            assert set(services.waiting_for(boss)) == {one for one in waiting if services.may_decide(one, boss)}

        assert [len(found[one]) for one in (builder, approver, boss, in_role)] == [0, 3, 6, 6]

    def test_is_asked_once_for_a_page_of_them(self, waiting, sign_in, approver, django_assert_max_num_queries):
        program = sign_in(approver)
        program.get("jenkins/builds/")

        with django_assert_max_num_queries(20):
            told = program.get("jenkins/builds/").json()["results"]

        assert sum(one["may_decide"] for one in told) == 3
