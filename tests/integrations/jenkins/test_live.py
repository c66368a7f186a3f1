"""The whole way, in a running Gatehouse: a build is asked for, runs, and two people watch its log as it is written."""

import jenkins as python_jenkins
import pytest
import requests

from tests.clients import Caller, Line, until
from tests.fakes.jenkins import Simulator

PASSWORD = "battery correct horse"
QUIET = python_jenkins.EMPTY_CONFIG_XML.replace("<builders/>", "<description>sim: seconds=inf rate=0</description>")


class Watcher:
    """Somebody who puts a log together from what the socket pushes and what is to be fetched."""

    def __init__(self, caller: Caller, line: Line, build: str) -> None:
        self.caller, self.line, self.build = caller, line, build
        self.text, self.end = "", 0
        reply = line.ask("jenkins.log", {"build": build})["data"]
        assert reply["live"]
        self.take(reply)

    def take(self, part) -> None:
        if part["start"] > self.end or (part["size"] > self.end and not part["text"]):
            part = self.caller.get(f"jenkins/builds/{self.build}/log?start={self.end}").json()
        if part["end"] > self.end:
            assert part["start"] == self.end
            self.text, self.end = self.text + part["text"], part["end"]

    def see(self, what: str) -> None:
        while what not in self.text:
            self.take(self.line.next("jenkins.log"))


@pytest.fixture
def jenkins():
    with Simulator(quiet_period=0) as running:
        yield running


@pytest.fixture
def chief(office):
    return office.sign_in()


@pytest.fixture
def job(chief, jenkins):
    """A job of a server that was just made known."""
    given = {"name": f"Sim {jenkins.port}", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    chief.post(f"jenkins/servers/{server}/refresh", {})
    return chief.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": QUIET}).json()["id"]


def state_of(chief, build):
    return chief.get(f"jenkins/builds/{build}").json()["state"]


def test_a_build_is_watched_by_several_and_read_once(chief, job, jenkins):
    build = chief.post(f"jenkins/jobs/{job}/build", {}).json()["id"]
    until(lambda: state_of(chief, build) == "running", "the build runs")
    with chief.socket() as first, chief.socket() as second:
        one, other = Watcher(chief, first, build), Watcher(chief, second, build)
        jenkins.requests.clear()
        for number in range(20):
            jenkins.write("talker", f"line {number} 行")
        one.see("line 19 行\n")
        other.see("line 19 行\n")
        jenkins.finish("talker")
        one.see("Finished: SUCCESS\n")
        other.see("Finished: SUCCESS\n")

    assert one.text == other.text
    assert [one.text.count(f"line {number} 行\n") for number in range(20)] == [1] * 20
    starts = [
        int(request.query.partition("=")[2]) for request in list(jenkins.requests) if "progressive" in request.path
    ]
    assert starts == sorted(starts)  # one goes on; nobody begins anew
    until(lambda: state_of(chief, build) == "success", "the build is over")
    assert chief.get(f"jenkins/builds/{build}/log/download").content.decode() == one.text


def test_a_file_that_jenkins_cuts_does_not_look_whole(chief, jenkins):
    given = {"name": f"Sim {jenkins.port}", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    about = {"server": server, "name": "leaves", "xml": QUIET.replace("rate=0", "rate=0 artifacts=app.zip")}
    build = chief.post(f"jenkins/jobs/{chief.post('jenkins/jobs/', about).json()['id']}/build", {}).json()["id"]
    until(lambda: state_of(chief, build) == "running", "the build runs")
    jenkins.finish("leaves")
    until(lambda: state_of(chief, build) == "success", "the build is over")
    address = f"jenkins/builds/{build}/artifacts/download?path=app.zip"
    whole = chief.get(address)
    jenkins.faults.add("cut", 100, path="artifact")

    # the first bytes are on their way by then: an answer that ended as others do would look like a short file
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        chief.get(address)
    assert whole.content == jenkins.last_build("leaves").artifacts_left["app.zip"]
    assert len(whole.content) > 100


def test_open_pages_hear_what_jenkins_says_of_jobs(chief, job, jenkins):
    server = chief.get(f"jenkins/jobs/{job}").json()["server"]
    with chief.socket() as line:
        assert "error" not in line.ask("join", {"group": "jenkins.jobs"})
        jenkins.jenkins.queue.schedule(jenkins.job("talker"), 0, "somebody", [])
        until(lambda: jenkins.job("talker").builds, "it runs, and nobody of us asked for it")
        chief.post(f"jenkins/servers/{server}/refresh", {})
        told = line.wait_for(lambda frame: frame["topic"] == "jenkins.jobs" and frame["data"]["server"] == server)[
            "data"
        ]

    assert [(one["id"], one["status"], one["building"]) for one in told["jobs"]] == [(job, "running", True)]


def test_a_log_is_nothing_for_who_may_not_see_the_job(chief, office, job):
    build = chief.post(f"jenkins/jobs/{job}/build", {}).json()["id"]
    name = f"porter{job}"
    made = chief.post("users/", {"username": name, "password": PASSWORD, "real_name": "Porter"})
    assert made.status_code == 201, made.text
    with office.sign_in(name, PASSWORD).socket() as line:
        refused = [
            line.ask("jenkins.log", {"build": build}),
            line.ask("join", {"group": f"jenkins.log.{build}"}),
            line.ask("join", {"group": "jenkins.jobs"}),
            line.ask("join", {"group": "jenkins.builds"}),
        ]
    with chief.socket() as line:
        unknown = line.ask("join", {"group": "jenkins.log.nobody"})

    assert [one["error"]["code"] for one in refused] == ["10009", "40002", "40002", "40002"]
    assert unknown["error"]["code"] == "40002"


def test_who_may_approve_is_told_and_who_asked_hears_the_end(chief, office, job, jenkins):
    name = f"builder{job}"
    powers = ["jenkins.view_job", "jenkins.build_job"]
    role = chief.post("roles/", {"key": name, "name": name, "rank": 5, "permissions": powers}).json()
    person = {"username": name, "password": PASSWORD, "real_name": "Builder", "is_staff": True, "roles": [role["key"]]}
    made = chief.post("users/", person)
    assert made.status_code == 201, made.text
    chief.ask("PUT", f"jenkins/jobs/{job}/approval", json={"needed": True})
    builder = office.sign_in(name, PASSWORD)
    with chief.socket() as approver, builder.socket() as asker:
        build = builder.post(f"jenkins/jobs/{job}/build", {"reason": "hotfix"}).json()
        asked = approver.wait_for(lambda frame: frame["data"] and frame["data"].get("event") == "asked")["data"]
        assert (build["state"], asked["id"], asked["name"]) == ("requested", build["id"], "talker")
        assert chief.post(f"jenkins/builds/{build['id']}/approve", {}).status_code == 202
        until(lambda: state_of(chief, build["id"]) == "running", "it runs")
        jenkins.finish("talker")
        over = asker.wait_for(lambda frame: frame["data"] and frame["data"].get("event") == "over")["data"]

    assert (over["id"], over["state"], over["name"]) == (build["id"], "success", "talker #1")


def test_a_build_survives_a_worker_that_is_killed_and_a_jenkins_that_restarts(new_office, jenkins):
    office = new_office()
    chief = office.sign_in()
    given = {"name": "Sim", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    chief.post(f"jenkins/servers/{server}/refresh", {})
    made = chief.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": QUIET}).json()["id"]
    jenkins.faults.add("lost", path="/build", method="POST", times=1)
    build = chief.post(f"jenkins/jobs/{made}/build", {}).json()["id"]
    until(lambda: jenkins.job("talker").builds, "Jenkins has it")
    office.kill()

    again = office.open().sign_in()
    until(lambda: state_of(again, build) == "running", "it is found again")
    assert len(jenkins.job("talker").builds) == 1
    jenkins.finish("talker")
    until(lambda: state_of(again, build) == "success", "it is over")
