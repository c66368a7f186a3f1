"""Each function of the seed's client, against a Jenkins that knows nothing of us."""

import hashlib
from collections import Counter

import jenkins as python_jenkins
import pytest

from integrations.jenkins.client import Account, Client
from integrations.jenkins.errors import (
    BadName,
    JenkinsError,
    NotAtJenkins,
    RefusedByJenkins,
    TakenName,
)
from tests.fakes.jenkins import Account as JenkinsAccount
from tests.fakes.jenkins import Simulator

JOB = python_jenkins.EMPTY_CONFIG_XML


def asked(jenkins: Simulator) -> Counter[str]:
    return Counter(request.path for request in jenkins.requests)


class TestServer:
    def test_says_what_it_is(self, client):
        info = client.info()

        assert (info.version, info.mode, info.quieting_down) == ("2.579", "NORMAL", False)
        assert client.poll() == 200

    def test_restarts_when_nothing_runs(self, client, jenkins):
        client.safe_restart()

        assert (client.info().quieting_down, jenkins.counts()["POST /safeRestart"]) == (True, 1)

    def test_knows_labels(self, client):
        client.create_node("linux-1", labels="linux")

        assert client.label("linux").nodes == ("linux-1",)

    def test_knows_files_by_their_fingerprint(self, client, jenkins):
        client.create_job(
            "maker", JOB.replace("<builders/>", "<description>sim: seconds=1 artifacts=app.zip</description>")
        )
        client.build_job("maker")
        jenkins.skip(60)
        made = client.latest_builds("maker")[0]
        assert made.artifacts == ("app.zip",)
        files = client.transport.send("GET", "job/maker/1/artifact/app.zip").body
        found = hashlib.md5(files, usedforsecurity=False).hexdigest()

        assert client.artifact_data(found).file_name == "app.zip"
        assert client.artifact_data(found).made_by == "maker"
        assert client.knows_fingerprint(found)
        assert not client.knows_fingerprint("0" * 32)


class TestJobs:
    def test_are_all_there_in_one_request(self, client, jenkins):
        jenkins.requests.clear()
        found = {one.full_name: one for one in client.all_jobs()}

        assert {"build-shop", "Nightly", "Nightly/Databases", "Nightly/Databases/check", "Release"} <= found.keys()
        assert found["Nightly"].is_folder
        assert not found["build-shop"].is_folder
        assert sum(asked(jenkins).values()) == 1

    def test_have_names(self, client):
        names = client.all_job_names()

        assert "Nightly/Databases/check" in names
        assert "Nightly" not in names

    def test_have_a_status_that_says_what_the_seeds_does_not(self, client, jenkins):
        client.create_job(
            "wobbly", JOB.replace("<builders/>", "<description>sim: seconds=1 result=UNSTABLE</description>")
        )
        assert client.status_and_next_number("wobbly") == (1, 0)
        client.build_job("wobbly")
        jenkins.skip(60)

        wobbly = client.job("wobbly")
        assert (wobbly.full_status, wobbly.next_number, wobbly.last_result) == ("unstable", 2, "UNSTABLE")
        assert client.latest_status()["wobbly"] == wobbly.status

    def test_are_created_changed_copied_renamed_and_deleted(self, client):
        client.create_folder("Team")
        client.create_folder("Inner", "Team")
        client.create_job("first", JOB, "Team/Inner")
        client.update_job("Team/Inner/first", python_jenkins.RECONFIG_XML)
        assert "FOO=bar" in client.job_xml("Team/Inner/first")
        assert client.copy_job("Team/Inner/first", "second", "Team") == "Team/second"
        assert client.rename_job("Team/second", "third") == "Team/third"
        client.delete_job("Team/Inner/first")

        assert client.sub_job("Team", "third").full_name == "Team/third"
        assert client.folder("Team").is_folder
        with pytest.raises(NotAtJenkins):
            client.job("Team/Inner/first")
        with pytest.raises(NotAtJenkins):
            client.folder("Team/third")

    def test_of_a_taken_name_are_refused(self, client):
        client.create_job("first", JOB)

        with pytest.raises(TakenName):
            client.create_job("first", JOB)

    def test_can_be_disabled(self, client):
        client.create_job("first", JOB)
        client.enable_job("first", enabled=False)
        assert client.job("first").full_status == "disabled"

        client.enable_job("first")
        assert client.job("first").buildable

    @pytest.mark.attack("T-J-5")
    @pytest.mark.parametrize("name", ["..", "x/../../y", "%2e%2e", "a\r\nb"])
    def test_of_names_that_lead_elsewhere_are_never_asked_for(self, client, jenkins, name):
        jenkins.requests.clear()
        calls = [client.job, client.delete_job, client.job_xml, client.build_job, client.build_numbers, client.last_log]
        for call in calls:
            with pytest.raises(BadName):
                call(name)
        with pytest.raises(BadName):
            client.create_job(name, JOB)

        assert not jenkins.requests


class TestBuilds:
    def test_go_from_the_queue_to_the_log(self, client, jenkins):
        number = client.build_job("build-shop")
        assert client.build_from_queue(number) is None
        jenkins.skip(5)
        build = client.build_from_queue(number)
        assert build is not None
        assert build.building
        assert build.queue_number == number
        jenkins.skip(60)

        assert client.build("build-shop", build.number).result == "SUCCESS"
        assert client.build_numbers("build-shop")[0] == build.number
        assert client.last_log("build-shop").endswith("Finished: SUCCESS\n")

    def test_tell_their_log_piece_by_piece(self, client, jenkins):
        client.create_job("talker", JOB)
        client.build_job("talker")
        jenkins.skip(2)
        jenkins.write("talker", "one", "two")
        first, offset, more = client.log("talker", 1)
        jenkins.write("talker", "three")
        second, end, _more = client.log("talker", 1, offset)

        assert more
        assert "two\n" in first
        assert "three\n" in second
        assert "two" not in second
        assert end > offset

    @pytest.mark.attack("T-J-7")
    def test_are_asked_for_without_a_secret_in_the_address(self, client, jenkins):
        jenkins.requests.clear()
        name = next(one.full_name for one in client.all_jobs() if any(each.secret for each in one.parameters))
        secret = next(each.name for each in client.job(name).parameters if each.secret)
        client.build_job(name, {secret: "hunter2"})

        assert not any("hunter2" in f"{request.path}?{request.query}" for request in jenkins.requests)
        assert any(b"hunter2" in request.body for request in jenkins.requests)

    def test_are_stopped(self, client, jenkins):
        client.create_job("endless", JOB.replace("<builders/>", "<description>sim: seconds=inf</description>"))
        client.build_job("endless")
        jenkins.skip(2)
        client.stop_build("endless", 1)
        jenkins.skip(2)

        assert client.build("endless", 1).result == "ABORTED"


class TestQueue:
    def test_is_listed_and_emptied(self, client, jenkins):
        for name in ("one", "two", "three"):
            client.create_job(name, JOB.replace("<builders/>", "<builders/><quietPeriod>100</quietPeriod>"))
            client.build_job(name)
        ours = {one.number: one for one in client.queue() if one.job in {"one", "two", "three"}}

        assert len(ours) == 3
        assert all(one.by == jenkins.user and one.why for one in ours.values())
        first = min(ours)
        assert client.queue_item(first).job == ours[first].job
        assert client.cancel(first)
        assert not client.cancel(first)
        assert client.queue_item(first).cancelled
        assert set(client.cancel_all()) >= ours.keys() - {first}
        assert client.pending() == []


class TestNodes:
    def test_come_and_go(self, client):
        client.create_node("linux-1", executors=3, description="fast", labels="linux amd64")
        node = client.node("linux-1")

        assert (node.executors, node.description, node.offline) == (3, "fast", True)
        assert {"linux", "amd64"} <= set(node.labels)
        assert [one.name for one in client.nodes() if one.is_controller] == ["Built-In Node"]
        with pytest.raises(TakenName):
            client.create_node("linux-1")
        client.delete_node("linux-1")
        with pytest.raises(NotAtJenkins):
            client.node("linux-1")

    def test_of_names_that_lead_elsewhere_are_refused(self, client):
        for name in ("..", "a/b", "a\\b", "a\nb", ""):
            with pytest.raises(BadName):
                client.node(name)


class TestViews:
    def test_are_made(self, client):
        made = client.create_view("mine")

        assert made.name == "mine"
        assert {one.name for one in client.views()} >= {"all", "mine"}
        with pytest.raises((TakenName, JenkinsError)):
            client.create_view("mine")


class TestPlugins:
    def test_are_installed_in_a_version_and_removed(self, client):
        assert client.has_plugin("timestamper").version == "1.30"
        assert client.has_plugin("no-such-plugin") is None
        client.install_plugin("ansicolor", "1.0.6")
        client.uninstall_plugin("timestamper")

        assert {one.name: one.deleted for one in client.plugins()}["timestamper"]
        assert client.has_plugin("timestamper") is None


class TestWhoAsks:
    def test_with_a_password_gets_a_crumb_when_it_is_wanted(self, jenkins):
        with Client(Account("test", "Ours", jenkins.url, jenkins.user, jenkins.password)) as client:
            client.create_folder("Team")
            jenkins.restart()
            client.create_folder("Other")

            assert client.folder("Other").is_folder

    def test_with_a_token_needs_none(self, client, jenkins):
        client.create_folder("Team")

        assert jenkins.counts()["GET /crumbIssuer/api/json"] == 0

    def test_without_the_permission_is_told_so(self):
        reader = JenkinsAccount("reader", "x", "t", may_write=False)
        with (
            Simulator(accounts=[reader]) as jenkins,
            Client(Account("test", "Ours", jenkins.url, "reader", "t")) as client,
            pytest.raises(RefusedByJenkins),
        ):
            client.create_folder("Team")
