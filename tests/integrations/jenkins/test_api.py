"""Jenkins over HTTP: what the contract says, and nothing that is secret."""

import base64
import json

import jenkins as python_jenkins
import pytest

from integrations.jenkins import services
from integrations.jenkins.models import Build, BuildLog, Job, Rule, Schedule, Server
from tests.integrations.jenkins.conftest import step

QUICK = python_jenkins.EMPTY_CONFIG_XML.replace("<builders/>", "<description>sim: seconds=5</description>")


@pytest.fixture
def chief(sign_in, boss):
    """A superuser's program."""
    return sign_in(boss)


@pytest.fixture
def program(sign_in, builder):
    """The program of somebody who builds."""
    return sign_in(builder)


@pytest.fixture
def quick(server, client):
    client.create_job("quick", QUICK)
    services.refresh(server)
    return Job.objects.get(full_name="quick")


def call(program, method, path, body=None, **more):
    return program.call(method, f"/api/v1/jenkins/{path}", body, **more)


class TestServers:
    @pytest.mark.attack("T-J-7")
    def test_are_added_tried_and_told_of_without_their_token(self, chief, jenkins):
        given = {"url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
        assert call(chief, "POST", "servers/test", given).json()["version"] == "2.579"
        made = call(chief, "POST", "servers/", {"name": "Ours", **given})
        server = made.json()["id"]

        assert (made.status_code, made.json()["has_token"], made.json()["health"]) == (201, True, "unknown")
        assert call(chief, "POST", f"servers/{server}/refresh").json()["health"] == "ok"
        said = [made, call(chief, "GET", "servers/"), call(chief, "GET", f"servers/{server}/")]
        assert jenkins.token not in "".join(one.content.decode() for one in said)

    def test_that_are_down_say_since_when(self, chief, server, jenkins):
        jenkins.faults.add("html")
        call(chief, "POST", f"servers/{server.pk}/refresh")
        health = call(chief, "GET", f"servers/{server.pk}/health").json()

        assert health["health"] == "down"
        assert health["stale_since"]
        assert health["trouble_code"] == "60001"
        jobs = call(chief, "GET", f"jobs/?server={server.pk}").json()
        assert jobs["count"] > 5
        assert all(one["stale_since"] == health["stale_since"] for one in jobs["results"])

    @pytest.mark.attack("T-J-4")
    @pytest.mark.parametrize(
        "url", ["file:///etc/passwd", "http://169.254.169.254/", "http://u:p@127.0.0.1/", "http://192.0.2.1/"]
    )
    def test_are_only_where_they_may_be(self, chief, url):
        for path in ("servers/", "servers/test"):
            body = {"url": url} | ({"name": "Ours"} if path == "servers/" else {})
            answer = call(chief, "POST", path, body)

            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "60007")
            assert "url" in answer.json()["error"]["fields"]

    def test_have_machines_and_plugins(self, chief, server):
        assert call(chief, "POST", f"servers/{server.pk}/nodes", {"name": "linux-9"}).status_code == 201
        assert "linux-9" in {one["name"] for one in call(chief, "GET", f"servers/{server.pk}/nodes").json()["results"]}
        assert call(chief, "DELETE", f"servers/{server.pk}/nodes/linux-9").status_code == 204
        assert call(chief, "GET", f"servers/{server.pk}/plugins").json()["results"]
        assert call(chief, "POST", f"servers/{server.pk}/plugins", {"name": "git", "version": "5.0"}).status_code == 202
        assert call(chief, "DELETE", f"servers/{server.pk}/plugins/timestamper").status_code == 204


class TestBuilds:
    def test_are_asked_for_watched_and_read(self, program, quick, jenkins):
        asked = call(program, "POST", f"jobs/{quick.pk}/build", {"reason": "to see it"})
        assert (asked.status_code, asked.json()["state"]) == (202, "approved")
        build = Build.objects.get()
        assert asked.json()["id"] == str(build.pk)
        step(build)
        jenkins.skip(2)
        step(build)
        assert call(program, "GET", f"builds/{build.pk}").json()["state"] == "running"
        jenkins.skip(10)
        step(build)
        told = call(program, "GET", f"builds/{build.pk}").json()
        assert (told["state"], told["number"], told["job_name"]) == ("success", 1, "quick")
        log = call(program, "GET", f"builds/{build.pk}/log?start=0").json()
        assert log["text"].endswith("Finished: SUCCESS\n")
        assert log["complete"]
        rest = call(program, "GET", f"builds/{build.pk}/log?start={log['end']}").json()
        assert (rest["text"], rest["start"]) == ("", log["end"])
        whole = call(program, "GET", f"builds/{build.pk}/log/download")
        assert b"".join(whole.streaming_content).decode() == log["text"]

    @pytest.mark.attack("T-J-6")
    def test_are_one_for_each_idempotency_key(self, program, quick):
        keyed = {"headers": {"idempotency-key": "press-1"}}
        answers = [call(program, "POST", f"jobs/{quick.pk}/build", {}, **keyed) for _press in range(3)]
        other = call(program, "POST", f"jobs/{quick.pk}/build", {}, headers={"idempotency-key": "press-2"})

        assert len({one.json()["id"] for one in answers}) == 1
        assert answers[1].headers["Idempotency-Replayed"] == "true"
        assert other.json()["id"] != answers[0].json()["id"]
        different = call(program, "POST", f"jobs/{quick.pk}/build", {"reason": "x"}, **keyed)
        assert different.status_code == 422

    def test_take_the_parameters_that_the_job_asks_for(self, program, server, known, builder):
        wanted = [
            {"name": "ENV", "kind": "ChoiceParameterDefinition", "choices": ["test", "prod"]},
            {"name": "FORCE", "kind": "BooleanParameterDefinition"},
            {"name": "KEY", "kind": "PasswordParameterDefinition"},
            {"name": "FILE", "kind": "FileParameterDefinition"},
        ]
        job = known("deploy", parameters=wanted, server=server)
        wrong = call(
            program, "POST", f"jobs/{job.pk}/build", {"parameters": {"ENV": "moon", "FORCE": "maybe", "X": "y"}}
        )
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "60009")
        assert set(wrong.json()["error"]["fields"]["parameters"]) == {"ENV", "FORCE", "X"}

        file = {"file": "a/b.txt", "content": base64.b64encode(b"hello").decode()}
        given = {"ENV": "prod", "FORCE": True, "KEY": "hunter2", "FILE": file}
        asked = call(program, "POST", f"jobs/{job.pk}/build", {"parameters": given})
        told = call(program, "GET", f"builds/{asked.json()['id']}")
        assert told.json()["parameters"] == {"ENV": "prod", "FORCE": True, "KEY": "******", "FILE": "b.txt"}
        assert "hunter2" not in told.content.decode()
        again = call(program, "POST", f"builds/{asked.json()['id']}/again", {})
        assert set(again.json()["error"]["fields"]["parameters"]) == {"KEY", "FILE"}
        about = call(program, "GET", f"jobs/{job.pk}").json()
        assert about["last_given"] == {"ENV": "prod", "FORCE": True}
        assert [one["secret"] for one in about["parameters"]] == [False, False, True, False]

    def test_want_a_second_person(self, program, chief, sign_in, approver, quick):
        call(chief, "PUT", f"jobs/{quick.pk}/approval", {"needed": True})
        second = sign_in(approver)
        mine = call(second, "POST", f"jobs/{quick.pk}/build", {}).json()
        theirs = call(program, "POST", f"jobs/{quick.pk}/build", {}).json()

        assert (mine["state"], theirs["state"]) == ("requested", "requested")
        refused = call(second, "POST", f"builds/{mine['id']}/approve", {})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "60011")
        assert call(program, "POST", f"builds/{theirs['id']}/approve", {}).status_code == 403
        assert call(second, "GET", f"builds/{theirs['id']}").json()["may_decide"]
        assert call(second, "POST", f"builds/{theirs['id']}/approve", {}).json()["state"] == "approved"
        assert call(second, "POST", f"builds/{theirs['id']}/reject", {"reason": "x"}).status_code == 409

    def test_of_jobs_one_may_not_see_are_not_there(self, program, chief, quick, boss, server):
        build = services.ask(job=quick, by=boss)
        BuildLog.objects.create(build=build)
        Rule.objects.create(server=server, folder="quick", person=boss)

        for path in (
            f"builds/{build.pk}",
            f"builds/{build.pk}/log",
            f"builds/{build.pk}/log/download",
            f"jobs/{quick.pk}",
        ):
            assert call(program, "GET", path).status_code == 404
        assert "quick" not in call(program, "GET", "jobs/?page_size=200").content.decode()
        assert call(program, "GET", "builds/").json()["count"] == 0

    def test_are_stopped(self, program, quick):
        asked = call(program, "POST", f"jobs/{quick.pk}/build", {}).json()

        assert call(program, "POST", f"builds/{asked['id']}/stop").json()["state"] == "aborted"


class TestJobs:
    def test_are_created_and_changed(self, chief, server):
        made = call(chief, "POST", "folders/", {"server": server.pk, "name": "Team"})
        assert made.status_code == 201
        job = call(
            chief, "POST", "jobs/", {"server": server.pk, "name": "web", "folder": "Team", "template": "shell"}
        ).json()
        xml = call(chief, "GET", f"jobs/{job['id']}/config").json()["xml"]
        changed = xml.replace("echo Hello", "echo Goodbye")
        assert any(
            "Goodbye" in one for one in call(chief, "POST", f"jobs/{job['id']}/diff", {"xml": changed}).json()["lines"]
        )
        assert call(chief, "PUT", f"jobs/{job['id']}/config", {"xml": changed}).status_code == 200
        assert call(chief, "POST", f"jobs/{job['id']}/copy", {"name": "web2", "folder": "Team"}).status_code == 201
        assert call(chief, "POST", f"jobs/{job['id']}/rename", {"name": "site"}).json()["full_name"] == "Team/site"
        assert not call(chief, "POST", f"jobs/{job['id']}/enable", {"enabled": False}).json()["buildable"]
        assert call(chief, "DELETE", f"jobs/{job['id']}", {"name": "site"}).status_code == 400
        assert call(chief, "DELETE", f"jobs/{job['id']}", {"name": "Team/site"}).status_code == 204
        inside = call(chief, "GET", f"jobs/?server={server.pk}&folder=Team").json()["results"]
        assert [one["full_name"] for one in inside] == ["Team/web2"]

    @pytest.mark.attack("T-J-5")
    @pytest.mark.parametrize("name", ["..", "a/b", "%2e%2e", "a\r\nb", ".", "x" * 600])
    def test_of_bad_names_are_refused(self, chief, server, name):
        for path, more in (("folders/", {}), ("jobs/", {"template": "empty"})):
            answer = call(chief, "POST", path, {"server": server.pk, "name": name, **more})

            assert answer.status_code == 400
            assert "name" in answer.json()["error"]["fields"]


class TestQueue:
    def test_is_listed_and_emptied(self, chief, program, server, client, builder):
        slow = python_jenkins.EMPTY_CONFIG_XML.replace("<builders/>", "<builders/><quietPeriod>100</quietPeriod>")
        client.create_job("slow", slow)
        client.cancel_all()
        services.refresh(server)
        build = step(services.ask(job=Job.objects.get(full_name="slow"), by=builder))
        found = call(program, "GET", f"queue/?server={server.pk}").json()["results"]

        assert [(one["id"], one["by"], one["build"]) for one in found] == [
            (build.queue_number, "builder", str(build.pk))
        ]
        assert call(program, "DELETE", f"queue/{build.queue_number}").status_code == 204  # of the only server
        assert call(program, "DELETE", f"queue/{build.queue_number}?server={server.pk}").status_code == 404
        client.build_job("slow")
        assert len(call(chief, "DELETE", f"queue/?server={server.pk}").json()["cancelled"]) == 1


class TestSchedulesAndRules:
    def test_are_kept(self, program, chief, quick, server, builder):
        made = call(program, "POST", "schedules/", {"job": quick.pk, "name": "nightly", "cron": "0 3 * * *"})
        assert made.status_code == 201
        assert len(made.json()["next_runs"]) == 5
        assert made.json()["parameters"] == {}
        assert call(program, "PATCH", f"schedules/{made.json()['id']}", {"cron": "no"}).status_code == 400
        assert call(program, "DELETE", f"schedules/{made.json()['id']}").status_code == 204
        rule = call(chief, "POST", "rules/", {"server": server.pk, "folder": "Team", "person": builder.pk}).json()
        assert call(chief, "PUT", f"rules/{rule['id']}", {"folder": "Team"}).status_code == 400
        assert call(chief, "GET", "rules/").json()["count"] == 1
        assert call(chief, "DELETE", f"rules/{rule['id']}").status_code == 204
        assert not Schedule.objects.exists()
        assert not Rule.objects.exists()


@pytest.mark.attack("T-J-3")
def test_a_server_that_answers_with_a_web_page_shows_nothing_of_it(chief, server, jenkins):
    jenkins.faults.add("html")

    answer = call(chief, "GET", f"queue/?server={server.pk}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "60001")
    assert "j_username" not in json.dumps(answer.json())
    assert Server.objects.exists()
