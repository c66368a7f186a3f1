"""A build starts once and is watched until it is over, whatever dies in between."""

from datetime import timedelta

import jenkins as python_jenkins
import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.errors import NotInThisState
from integrations.jenkins.models import KEY_PARAMETER, Build, Job
from integrations.jenkins.services import running
from integrations.sms.models import Message
from project.core import jobs
from tests.integrations.jenkins.conftest import step

QUICK = python_jenkins.EMPTY_CONFIG_XML.replace("<builders/>", "<description>sim: seconds=5</description>")


def asks_for(*names):
    """The XML of a job with text parameters."""
    one = "<hudson.model.StringParameterDefinition><name>{}</name><defaultValue/></hudson.model.StringParameterDefinition>"
    inner = "".join(one.format(name) for name in names)
    place = f"<hudson.model.ParametersDefinitionProperty><parameterDefinitions>{inner}</parameterDefinitions></hudson.model.ParametersDefinitionProperty>"
    return QUICK.replace("<properties/>", f"<properties>{place}</properties>")


@pytest.fixture
def make(server, client):
    """Create a job at Jenkins and know it here."""

    def one(name, xml=QUICK):
        client.create_job(name, xml)
        services.refresh(server)
        return Job.objects.get(full_name=name)

    return one


def builds_at(jenkins, name):
    return len(jenkins.job(name).builds) + sum(item.job.full_name() == name for item in jenkins.jenkins.queue.items)


class TestBuilds:
    def test_go_from_asked_to_done(self, make, builder, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        assert (build.state, build.queue_number is None) == ("queued", False)
        assert step(build).why_waiting.startswith("In the quiet period")
        jenkins.skip(2)
        assert step(build).state == "running"
        assert (build.number, step(build).state) == (1, "running")
        jenkins.skip(10)

        assert step(build).state == "success"
        assert (build.result, build.finished, build.milliseconds > 0) == ("SUCCESS", True, True)
        assert build.attempts <= 1

    @pytest.mark.parametrize(
        ("result", "state"),
        [("FAILURE", "failed"), ("UNSTABLE", "unstable"), ("ABORTED", "aborted"), ("NOT_BUILT", "aborted")],
    )
    def test_end_as_jenkins_says(self, make, builder, jenkins, result, state):
        build = step(services.ask(job=make("quick"), by=builder))
        jenkins.skip(2)
        step(build)
        jenkins.finish("quick", result)

        assert step(build).state == state

    def test_send_what_was_given_and_forget_secrets(self, make, builder, jenkins, server):
        secret = asks_for("BRANCH").replace(
            "</parameterDefinitions>",
            "<hudson.model.PasswordParameterDefinition><name>KEY</name></hudson.model.PasswordParameterDefinition></parameterDefinitions>",
        )
        build = services.ask(job=make("deploy", secret), by=builder, given={"BRANCH": "main", "KEY": "hunter2"})
        step(build)

        values = {one.name: one.value for one in jenkins.jenkins.queue.items[-1].parameters}
        assert values == {"BRANCH": "main", "KEY": "hunter2"}
        assert Build.objects.get().secret == ""
        assert "hunter2" not in str(list(LogEntry.objects.values("additional_data", "changes")))

    def test_tell_who_asked_by_text_message_if_they_wish(self, make, builder, jenkins):
        builder.phone = "13800000000"
        builder.save()
        build = step(services.ask(job=make("quick"), by=builder, notify_sms=True))
        jenkins.skip(2)
        step(build)
        jenkins.skip(10)
        step(build)

        assert Message.objects.get().parameters["text"] == "quick #1: succeeded"

    def test_wait_for_a_server_that_is_down(self, make, builder, jenkins):
        build = services.ask(job=make("quick"), by=builder)
        jenkins.faults.add("starting")
        assert step(build, 3).state == "approved"
        assert (build.attempts, build.tries) == (0, 0)
        jenkins.faults.clear()
        step(build)
        jenkins.faults.add("starting")
        assert step(build, 2).state == "queued"
        jenkins.faults.clear()

        assert step(build).state == "queued"
        assert builds_at(jenkins, "quick") == 1

    def test_do_not_wait_for_ever(self, make, builder, jenkins):
        build = services.ask(job=make("quick"), by=builder)
        Build.objects.update(created_at=timezone.now() - running.START_WITHIN - timedelta(minutes=1))
        jenkins.faults.add("starting")

        assert step(build).state == "failed"

    def test_survive_a_restart_of_jenkins(self, make, builder, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        jenkins.restart()
        jenkins.skip(2)

        assert step(build, 2).state in {"queued", "running", "lost", "success"}
        assert builds_at(jenkins, "quick") <= 1

    def test_that_jenkins_forgot_are_lost(self, make, builder, client, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        jenkins.skip(2)
        step(build)
        client.delete_job("quick")
        assert step(build).state == "running"
        Build.objects.update(missing_since=timezone.now() - running.FORGOTTEN_AFTER - timedelta(seconds=1))

        assert step(build).state == "lost"


@pytest.mark.attack("T-J-6")
class TestOneBuild:
    @pytest.mark.parametrize("parameters", [(KEY_PARAMETER,), ("BRANCH",), ()], ids=["named", "by parameters", "plain"])
    def test_starts_when_the_answer_is_lost(self, make, builder, jenkins, parameters):
        job = make("quick", asks_for(*parameters) if parameters else QUICK)
        build = services.ask(job=job, by=builder, given={"BRANCH": "main"} if "BRANCH" in parameters else {})
        jenkins.faults.add("lost", path="/build", method="POST", times=1)
        assert step(build).state == "approved"

        assert step(build).state == "queued"
        assert build.queue_number is not None
        assert builds_at(jenkins, "quick") == 1
        assert build.tries == 1

    def test_starts_when_the_answer_is_lost_and_it_runs_meanwhile(self, make, builder, jenkins):
        build = services.ask(job=make("quick"), by=builder)
        jenkins.faults.add("lost", path="/build", method="POST", times=1)
        step(build)
        jenkins.skip(3)

        assert step(build).state == "running"
        assert build.number == 1
        assert builds_at(jenkins, "quick") == 1

    def test_starts_when_the_worker_dies_after_asking(self, make, builder, jenkins, client):
        job = make("quick", asks_for("BRANCH"))
        build = services.ask(job=job, by=builder, given={"BRANCH": "main"})
        # as a worker leaves it that is killed between Jenkins' answer and its own next line
        marks = {"next": 1, "queue": client.pending()}
        Build.objects.update(asked_at=timezone.now(), marks=marks, tries=1)
        client.build_job("quick", {"BRANCH": "main"})

        assert step(build).state == "queued"
        assert builds_at(jenkins, "quick") == 1

    def test_is_asked_for_again_when_it_never_arrived(self, make, builder, jenkins, client):
        build = services.ask(job=make("quick"), by=builder)
        Build.objects.update(asked_at=timezone.now(), marks={"next": 1, "queue": []}, tries=1)
        assert step(build).state == "approved"
        Build.objects.update(asked_at=timezone.now() - running.SETTLED_AFTER - timedelta(seconds=1))

        assert step(build).state == "queued"
        assert builds_at(jenkins, "quick") == 1

    def test_of_somebody_else_is_not_taken_for_ours(self, make, builder, jenkins, client):
        job = make("quick", asks_for("BRANCH"))
        build = services.ask(job=job, by=builder, given={"BRANCH": "main"})
        client.build_job("quick", {"BRANCH": "other"})
        Build.objects.update(asked_at=timezone.now(), marks={"next": 1, "queue": []}, tries=1)

        assert step(build).state == "approved"

    def test_is_started_by_one_of_two_workers(self, make, builder, jenkins):
        build = services.ask(job=make("quick"), by=builder)
        jobs.registered()
        first = jobs.claim(Build, build.pk)

        assert first is not None
        assert jobs.claim(Build, build.pk) is None
        services.go_on(first)
        assert builds_at(jenkins, "quick") == 1


class TestStopping:
    def test_withdraws_what_was_not_started(self, known, builder):
        build = services.ask(job=known("web"), by=builder)

        assert services.stop(build, by=builder).state == "aborted"

    def test_takes_it_out_of_the_queue(self, make, builder, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        services.stop(build, by=builder)

        assert step(build).state == "aborted"
        assert builds_at(jenkins, "quick") == 0

    def test_stops_what_runs(self, make, builder, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        jenkins.skip(2)
        step(build)
        services.stop(build, by=builder)
        jenkins.skip(2)

        assert step(build).state == "aborted"
        with pytest.raises(NotInThisState):
            services.stop(build, by=builder)

    def test_happens_later_where_jenkins_is_away(self, make, builder, jenkins):
        build = step(services.ask(job=make("quick"), by=builder))
        jenkins.faults.add("starting")
        services.stop(build, by=builder)
        jenkins.faults.clear()

        assert step(build, 2).state == "aborted"


class TestAskingAgain:
    def test_takes_the_same_parameters(self, make, builder):
        first = services.ask(job=make("quick", asks_for("BRANCH")), by=builder, given={"BRANCH": "main"})
        Build.objects.update(state="success")

        second = services.ask_again(Build.objects.get(), by=builder)

        assert second.pk != first.pk
        assert second.parameters == {"BRANCH": "main"}
        assert services.last_given(second.job, by=builder) == {"BRANCH": "main"}
