"""Views, labels, fingerprints, and builds that nobody asked for here: over HTTP, and nothing of closed folders in it."""

import hashlib

import pytest
from django.urls import reverse

from integrations.jenkins.models import Rule, Server
from tests.integrations.jenkins.test_api import call


@pytest.fixture
def viewer(hire):
    """Who may see jobs and servers."""
    return hire("viewer", "jenkins.view_job", "jenkins.view_server")


@pytest.fixture
def program(sign_in, viewer):
    return sign_in(viewer)


@pytest.fixture
def closed(server, boss):
    """The folder Nightly is for the boss alone."""
    return Rule.objects.create(server=server, folder="Nightly", person=boss, may_view=True)


class TestViews:
    def test_are_listed_with_full_names(self, program, server):
        found = {
            one["name"]: one["jobs"] for one in call(program, "GET", f"servers/{server.pk}/views").json()["results"]
        }

        assert set(found) == {"all", "Databases", "Shop"}
        assert found["Databases"] == ["Nightly/backup", "Nightly/Databases/check"]
        assert call(program, "GET", f"servers/{server.pk}/views/Shop").json()["jobs"] == [
            "build-app",
            "build-shop",
            "Release",
        ]
        assert call(program, "GET", f"servers/{server.pk}/views/none").status_code == 404

    @pytest.mark.attack("T-F-11")
    def test_name_no_job_of_a_closed_folder(self, program, server, closed):
        told = call(program, "GET", f"servers/{server.pk}/views")

        assert "Nightly" not in told.content.decode()
        assert call(program, "GET", f"servers/{server.pk}/views/Databases").json()["jobs"] == []

    def test_are_made_by_whoever_may_configure_at_the_top(self, sign_in, hire, server, boss, closed):
        maker = hire("maker", "jenkins.view_job", "jenkins.configure_job")
        program = sign_in(maker)
        body = {"name": "Mine", "jobs": ["lint", "Release/release"]}

        made = call(program, "POST", f"servers/{server.pk}/views", body)
        assert (made.status_code, set(made.json()["jobs"])) == (201, set(body["jobs"]))
        assert call(program, "POST", f"servers/{server.pk}/views", body).status_code == 409
        for jobs in (["Nightly/backup"], ["no-such"]):
            answer = call(program, "POST", f"servers/{server.pk}/views", {"name": "other", "jobs": jobs})
            assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["jobs"])
        Rule.objects.create(server=server, folder="", person=boss, may_configure=True)
        assert call(program, "POST", f"servers/{server.pk}/views", {"name": "other"}).status_code == 403

    @pytest.mark.attack("T-J-5")
    @pytest.mark.parametrize("name", ["..", "a/b", "%2e%2e", "a\r\nb", "<x>"])
    def test_of_bad_names_are_refused(self, sign_in, boss, server, name):
        assert call(sign_in(boss), "POST", f"servers/{server.pk}/views", {"name": name}).status_code == 400

    def test_narrow_the_tree_of_jobs(self, as_, viewer, server, closed, jenkins):
        browser = as_(viewer)
        page = browser.get(reverse("admin:jenkins_job_changelist")).content.decode()
        address = reverse("admin:jenkins_job_views", args=(server.pk,))

        assert f'data-views="{address}"' in page
        told = browser.get(address).json()["views"]
        assert [one["name"] for one in told] == ["all", "Shop"]
        jenkins.faults.add("html")
        assert browser.get(address).json() == {"views": []}
        Server.objects.update(enabled=False)
        assert browser.get(address).status_code == 404


class TestLabels:
    def test_say_who_asks_for_them(self, program, server):
        found = call(program, "GET", f"servers/{server.pk}/labels/windows").json()

        assert found == {"name": "windows", "offline": True, "nodes": ["windows-1"], "jobs": ["on-windows"]}

    @pytest.mark.attack("T-J-5")
    @pytest.mark.parametrize("name", ["..", "%2e%2e", "%252e%252e", "a%5Cb"])
    def test_lead_nowhere_else(self, program, server, jenkins, name):
        jenkins.requests.clear()

        for what in ("labels", "views", "nodes", "plugins"):
            assert call(program, "GET", f"servers/{server.pk}/{what}/{name}").status_code in {400, 404}
        assert not [one for one in jenkins.requests if "plugin" not in one.path]

    @pytest.mark.attack("T-F-11")
    def test_name_no_job_of_a_closed_folder(self, program, server, boss):
        Rule.objects.create(server=server, folder="on-windows", person=boss, may_view=True)

        assert call(program, "GET", f"servers/{server.pk}/labels/windows").json()["jobs"] == []


class TestFingerprints:
    @pytest.fixture
    def digest(self, jenkins):
        made = jenkins.last_build("Nightly/reports").artifacts_left["figures.csv"]
        return hashlib.md5(made, usedforsecurity=False).hexdigest()

    def test_say_which_build_made_a_file(self, program, server, digest):
        found = call(program, "GET", f"servers/{server.pk}/fingerprints/{digest.upper()}").json()

        assert (found["file_name"], found["made_by"], found["made_by_number"]) == ("figures.csv", "Nightly/reports", 6)

    def test_of_files_that_nobody_made_are_not_there(self, program, server):
        answer = call(program, "GET", f"servers/{server.pk}/fingerprints/{'0' * 32}")

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "60006")
        assert call(program, "GET", f"servers/{server.pk}/fingerprints/nonsense").status_code == 404

    @pytest.mark.attack("T-F-11")
    def test_of_a_closed_folder_are_not_there(self, program, server, digest, closed):
        assert call(program, "GET", f"servers/{server.pk}/fingerprints/{digest}").status_code == 404


class TestBuildsOfOthers:
    def test_are_told_with_their_numbers(self, program, job):
        pk = job("build-shop").pk

        assert call(program, "GET", f"jobs/{pk}/numbers").json() == {"numbers": [4, 3, 2, 1]}
        found = call(program, "GET", f"jobs/{pk}/numbers/3").json()
        assert (found["result"], found["building"], found["by"]) == ("FAILURE", False, "timer")
        assert "dist/shop.zip" in found["artifacts"]
        assert call(program, "GET", f"jobs/{pk}/numbers/99").status_code == 404

    def test_hide_what_is_secret(self, program, job):
        found = call(program, "GET", f"jobs/{job('Release/rollback').pk}/numbers/1")

        assert found.json()["parameters"]["VERSION"] == "1.0.0"
        assert "DEPLOY_KEY" not in found.content.decode()

    def test_have_the_last_log(self, program, job):
        answer = call(program, "GET", f"jobs/{job('build-shop').pk}/last-log")

        assert answer["Content-Type"].startswith("text/plain")
        assert "Finished: SUCCESS" in answer.content.decode()
        assert call(program, "GET", f"jobs/{job('never-built').pk}/last-log").status_code == 404


def test_machines_plugins_and_what_waits_are_told_one_by_one(program, server):
    waiting = call(program, "GET", f"queue/?server={server.pk}").json()["results"]

    assert call(program, "GET", f"servers/{server.pk}/nodes/windows-1").json()["offline"] is True
    assert call(program, "GET", f"servers/{server.pk}/nodes/none").status_code == 404
    name = call(program, "GET", f"servers/{server.pk}/plugins").json()["results"][0]["name"]
    assert call(program, "GET", f"servers/{server.pk}/plugins/{name}").json()["name"] == name
    assert call(program, "GET", f"servers/{server.pk}/plugins/none").status_code == 404
    assert call(program, "GET", f"queue/{waiting[0]['number']}?server={server.pk}").json() == waiting[0]
    assert call(program, "GET", f"queue/999?server={server.pk}").status_code == 404
