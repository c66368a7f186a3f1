"""The simulator against what Jenkins documents; python-jenkins, which knows nothing of us, is one of its clients."""

import jenkins as python_jenkins
import pytest
import requests

from tests.fakes.jenkins import Simulator


@pytest.fixture
def simulator():
    with Simulator(demo_content=True) as running:
        yield running


@pytest.fixture
def client(simulator):
    return python_jenkins.Jenkins(simulator.url, simulator.user, simulator.token, timeout=10)


@pytest.fixture
def ask(simulator):
    """Requests as curl would send them, with the API token."""
    session = requests.Session()
    session.auth = (simulator.user, simulator.token)

    def send(method, path, **more):
        return session.request(method, simulator.url + path, allow_redirects=False, timeout=10, **more)

    return send


class TestAsPythonJenkinsSeesIt:
    def test_says_who_it_is(self, client):
        assert client.get_whoami()["id"] == "admin"
        assert client.get_version() == "2.579"
        assert client.get_info()["mode"] == "NORMAL"

    def test_lists_jobs_of_every_folder(self, client):
        names = {job["fullname"] for job in client.get_all_jobs()}

        assert {"build-shop", "Nightly/Databases/check", "Release"} <= names

    def test_creates_copies_renames_and_deletes(self, client):
        client.create_folder("Team")
        client.create_job("Team/first", python_jenkins.EMPTY_CONFIG_XML)
        client.copy_job("Team/first", "Team/second")
        client.rename_job("Team/second", "Team/third")
        client.disable_job("Team/third")
        client.reconfig_job("Team/first", python_jenkins.RECONFIG_XML)
        client.delete_job("Team/first")

        assert [job["name"] for job in client.get_job_info("Team")["jobs"]] == ["third"]
        assert client.get_job_info("Team/third")["color"] == "disabled"

    def test_builds_from_the_queue_to_the_log(self, client, simulator):
        number = client.build_job("build-shop")
        assert client.get_queue_item(number)["why"].startswith("In the quiet period")

        simulator.skip(5)
        build = client.get_queue_item(number)["executable"]["number"]
        assert client.get_build_info("build-shop", build)["building"]

        simulator.skip(20)
        assert client.get_build_info("build-shop", build)["result"] == "SUCCESS"
        assert client.get_build_console_output("build-shop", build).endswith("Finished: SUCCESS\n")

    def test_has_nodes_views_and_plugins(self, client):
        client.create_node("linux-1", numExecutors=3, labels="linux", launcher_params={})
        client.create_view("mine", python_jenkins.EMPTY_VIEW_CONFIG_XML)

        assert client.get_node_info("linux-1")["numExecutors"] == 3
        assert [view["name"] for view in client.get_views()] == ["all", "mine"]
        assert client.get_plugin_info("timestamper")["version"] == "1.30"


class TestQueue:
    def test_refuses_to_build_without_the_parameters_form(self, ask):
        answer = ask("POST", "job/Release/job/release/build")

        assert answer.status_code == 400
        assert "Nothing is submitted" in answer.text
