"""The simulator against what Jenkins documents; python-jenkins, which knows nothing of us, is one of its clients."""

import hashlib
import json

import jenkins as python_jenkins
import pytest
import requests

from tests.fakes.jenkins import Simulator

RELEASE = "job/Release/job/release/"


@pytest.fixture
def client(simulator):
    return python_jenkins.Jenkins(simulator.url, simulator.user, simulator.token, timeout=10)


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

    def test_builds_with_parameters_and_stops(self, client, simulator):
        item = client.build_job("Release/release", {"VERSION": "2.0", "TARGET": "production"})
        simulator.skip(5)
        number = client.get_queue_item(item)["executable"]["number"]
        client.stop_build("Release/release", number)

        assert client.get_build_info("Release/release", number)["result"] == "ABORTED"

    def test_has_nodes_views_and_plugins(self, client):
        client.create_node("linux-1", numExecutors=3, labels="linux", launcher_params={})
        client.disable_node("linux-1", "Being cleaned")
        client.create_view("mine", python_jenkins.EMPTY_VIEW_CONFIG_XML)

        node = client.get_node_info("linux-1")
        assert (node["numExecutors"], node["offlineCauseReason"]) == (3, "Being cleaned")
        assert "<label>linux</label>" in client.get_node_config("linux-1")
        assert [view["name"] for view in client.get_views()][-1:] == ["mine"]
        assert client.get_plugin_info("timestamper")["version"] == "1.30"
        client.delete_node("linux-1")
        client.delete_view("mine")
        assert not client.node_exists("linux-1")
        assert not client.view_exists("mine")

    def test_forgets_its_crumb_when_jenkins_restarts(self, simulator):
        client = python_jenkins.Jenkins(simulator.url, simulator.user, simulator.password, timeout=10)
        client.build_job("build-shop")
        simulator.restart()

        with pytest.raises(python_jenkins.JenkinsException, match="No valid crumb"):
            client.build_job("build-shop")


class TestTree:
    def test_tells_all_states_in_one_request(self):
        with Simulator(jobs=1000, folders=50) as big:
            tree = "jobs[fullName,color,nextBuildNumber,lastBuild[number,building,result]]"
            answer = requests.get(
                f"{big.url}api/json", {"tree": f"jobs[name,{tree}]"}, auth=(big.user, big.token), timeout=30
            )

            jobs = [job for folder in answer.json()["jobs"] for job in folder["jobs"]]
            assert (len(jobs), len(big.requests)) == (1000, 1)
            assert jobs[0]["lastBuild"] == {
                "_class": "hudson.model.FreeStyleBuild",
                "building": False,
                "number": 1,
                "result": "SUCCESS",
            }

    @pytest.mark.parametrize(
        ("span", "numbers"),
        [("{0,2}", [6, 5]), ("{1}", [5]), ("{4,}", [2, 1]), ("{,1}", [6]), ("", [6, 5, 4, 3, 2, 1])],
    )
    def test_cuts_lists(self, told, span, numbers):
        builds = told("job/Nightly/job/reports/", tree=f"allBuilds[number]{span}")["allBuilds"]

        assert [build["number"] for build in builds] == numbers

    @pytest.mark.parametrize("tree", ["jobs[", "jobs]", "jobs[name]{x}", "", "jobs[]", "jobs{1"])
    def test_refuses_what_is_not_one(self, ask, tree):
        assert ask("GET", "api/json", params={"tree": tree}).status_code == 500

    def test_says_more_with_depth(self, told):
        assert set(told()["jobs"][0]) == {"_class", "name", "url", "color"}
        assert "lastBuild" in told(depth=1)["jobs"][0]
        assert told("pluginManager/")["plugins"][0] == {}
        assert told("pluginManager/", depth=1)["plugins"][0]["shortName"] == "cloudbees-folder"


class TestSecurity:
    def test_wants_a_crumb_with_a_password(self, simulator):
        with requests.Session() as session:
            session.auth = (simulator.user, simulator.password)
            bare = session.post(f"{simulator.url}quietDown", timeout=10)
            crumb = session.get(f"{simulator.url}crumbIssuer/api/json", timeout=10).json()
            headers = {crumb["crumbRequestField"]: crumb["crumb"]}
            meant = session.post(f"{simulator.url}quietDown", headers=headers, allow_redirects=False, timeout=10)
            foreign = requests.post(f"{simulator.url}quietDown", headers=headers, auth=session.auth, timeout=10)

        assert (bare.status_code, meant.status_code, foreign.status_code) == (403, 302, 403)
        assert "No valid crumb was included in the request" in bare.text

    def test_refuses_strangers(self, simulator, ask):
        stranger = requests.get(f"{simulator.url}api/json", timeout=10)

        assert (stranger.status_code, stranger.headers["X-Jenkins"]) == (403, "2.579")
        assert ask("GET", "api/json", auth=("admin", "wrong")).status_code == 401
        assert ask("GET", "whoAmI/api/json", auth=("viewer", "looks")).json()["name"] == "viewer"

    def test_refuses_who_may_only_look(self, simulator):
        with requests.Session() as session:
            session.auth = ("viewer", "looks")
            crumb = session.get(f"{simulator.url}crumbIssuer/api/json", timeout=10).json()["crumb"]
            refused = session.post(f"{simulator.url}job/lint/build", {"Jenkins-Crumb": crumb}, timeout=10)

        assert refused.status_code == 403
        assert "viewer is missing the" in refused.text

    @pytest.mark.parametrize(("anonymous", "status"), [("none", 403), ("401", 401), ("read", 200)])
    def test_lets_strangers_see_what_is_configured(self, anonymous, status):
        with Simulator(anonymous=anonymous) as running:
            assert requests.get(f"{running.url}api/json", timeout=10).status_code == status

    def test_keeps_what_it_was_sent(self, ask, simulator):
        ask("POST", f"{RELEASE}buildWithParameters", data={"DEPLOY_KEY": "s3cret", "VERSION": "2"})

        sent = simulator.requests[-1]
        assert (sent.method, sent.query) == ("POST", "")
        assert b"s3cret" in sent.body
        assert simulator.counts()[f"POST /{RELEASE}buildWithParameters"] == 1


class TestItems:
    def test_gives_xml_back_as_jenkins_does(self, ask):
        assert ask("GET", f"{RELEASE}config.xml").text.startswith("<?xml version='1.1' encoding='UTF-8'?>\n")
        assert "demo-secret" not in ask("GET", f"{RELEASE}config.xml").text

    @pytest.mark.parametrize("name", ["", "..", "a/b", "a%b", "a\r\nb", "end."])
    def test_refuses_bad_names(self, ask, name):
        answer = ask(
            "POST", "createItem", params={"name": name}, data="<project/>", headers={"Content-Type": "text/xml"}
        )

        assert answer.status_code == 400
        assert answer.headers["X-Error"]

    def test_refuses_what_exists_in_other_letters(self, ask):
        xml = {"data": "<project/>", "headers": {"Content-Type": "application/xml"}}

        assert ask("POST", "createItem", params={"name": "BUILD-SHOP"}, **xml).status_code == 400
        assert ask("POST", "job/build-shop/confirmRename", data={"newName": "lint"}).status_code == 400

    @pytest.mark.parametrize("xml", ["<project", "<maven2-moduleset/>", "<flow-definition/>"])
    def test_refuses_other_xml(self, ask, xml):
        headers = {"Content-Type": "application/xml"}

        assert ask("POST", "job/lint/config.xml", data=xml, headers=headers).status_code == 500

    @pytest.mark.parametrize(
        "xml", ["<project/>", "<project><disabled>false</disabled></project>", "<project></project>"]
    )
    def test_is_disabled_and_enabled(self, ask, told, xml):
        ask("POST", "createItem", params={"name": "new"}, data=xml, headers={"Content-Type": "text/xml"})
        ask("POST", "job/new/disable")
        assert (told("job/new/")["color"], told("job/new/")["buildable"]) == ("disabled", False)

        ask("POST", "job/new/enable")
        assert told("job/new/")["color"] == "notbuilt"
        assert "<disabled>false</disabled>" in ask("GET", "job/new/config.xml").text

    def test_keeps_renamed_jobs_in_their_views(self, ask, told):
        view = "<hudson.model.ListView><jobNames><string>lint</string></jobNames></hudson.model.ListView>"
        ask("POST", "createView", params={"name": "mine"}, data=view, headers={"Content-Type": "text/xml"})
        ask("POST", "job/lint/confirmRename", data={"newName": "style"})

        assert [job["name"] for job in told("view/mine/")["jobs"]] == ["style"]
        assert ask("POST", "view/all/doDelete").status_code == 500

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("job/lint/config.xml", b"<project>\xff</project>"),
            ("computer/doCreateItem", b"name=x&json=%7B"),
            ("pluginManager/installNecessaryPlugins", b"<jenkins"),
            ("job/lint/build?delay=soon", b""),
        ],
    )
    def test_fails_as_java_does(self, ask, path, body):
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if b"=" in body else {}

        assert ask("POST", path, data=body, headers=headers).status_code == 500

    def test_wants_post(self, ask):
        refused = ask("GET", "job/lint/doDelete")

        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
        assert ask("GET", "job/lint/build").status_code == 405

    def test_does_not_rename_what_runs(self, ask):
        answer = ask("POST", "job/Nightly/job/backup/confirmRename", data={"newName": "copy"})

        assert "Unable to rename a job while it is building" in answer.text
        assert ask("POST", "job/Nightly/confirmRename", data={"newName": "Daily"}).status_code == 400

    def test_tells_health_and_parameters(self, told):
        health = told("job/build-shop/")["healthReport"][0]
        definitions = told(RELEASE)["property"][0]["parameterDefinitions"]

        assert (health["score"], health["description"]) == (75, "Build stability: 1 out of the last 4 builds failed.")
        assert [each["type"].removesuffix("ParameterDefinition") for each in definitions] == [
            "String",
            "Choice",
            "Boolean",
            "Password",
            "Text",
            "File",
        ]
        assert definitions[1]["choices"] == ["staging", "production"]
        assert "value" not in definitions[3]["defaultParameterValue"]


class TestNodesAndPlugins:
    def test_waits_for_the_agent(self, told, simulator, ask):
        waiting = told("job/on-windows/", tree="queueItem[why,stuck,buildable]")["queueItem"]
        assert (waiting["why"], waiting["stuck"], waiting["buildable"]) == ("‘windows-1’ is offline", True, True)

        simulator.connect("windows-1")
        assert told("job/on-windows/")["lastBuild"]["number"] == 1
        assert told("label/windows/")["busyExecutors"] == 1
        ask("POST", "computer/windows-1/doDelete")
        assert told("job/on-windows/1/")["result"] == "ABORTED"

    def test_runs_no_more_than_there_are_executors(self, told, ask):
        for name in ("lint", "never-built", "Nightly/job/reports"):
            ask("POST", f"job/{name}/build", params={"delay": "0sec"})

        assert told("computer/")["busyExecutors"] == 2
        whys = [item["why"] for item in told("queue/")["items"]]
        assert whys.count("Waiting for next available executor") == 2

    def test_installs_the_version_it_is_offered(self, told, ask, simulator):
        ask("POST", "pluginManager/installNecessaryPlugins", data='<jenkins><install plugin="git@5.0"/></jenkins>')
        ask("POST", "pluginManager/installNecessaryPlugins", data='<jenkins><install plugin="nobody@1"/></jenkins>')
        simulator.skip(2)

        versions = {each["shortName"]: each["version"] for each in told("pluginManager/", depth=1)["plugins"]}
        assert (versions["git"], "git-client" in versions, "nobody" in versions) == ("5.10.1", True, False)

    def test_uninstalls_at_the_next_restart(self, told, ask, simulator):
        ask("POST", "pluginManager/plugin/timestamper/doUninstall")
        plugins = "pluginManager/", "plugins[shortName,deleted]"
        assert {"shortName": "timestamper", "deleted": True} in told(plugins[0], tree=plugins[1])["plugins"]

        simulator.restart()
        assert "timestamper" not in json.dumps(told(plugins[0], tree=plugins[1]))

    def test_knows_artifacts_by_their_fingerprint(self, told, ask):
        content = ask("GET", "job/build-shop/lastSuccessfulBuild/artifact/dist/shop.zip").content
        found = told(f"fingerprint/{hashlib.md5(content, usedforsecurity=False).hexdigest()}/")

        assert (found["fileName"], found["original"]["name"]) == ("shop.zip", "build-shop")
        assert ask("GET", "fingerprint/0/api/json").status_code == 404
