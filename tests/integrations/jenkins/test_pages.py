"""What staff see of Jenkins, also while no Jenkins answers: nothing on a page asks one."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.models import Build, Job, Rule, Server
from tests.integrations.jenkins.pages import ended, page_of, text

pytestmark = pytest.mark.django_db

PARAMETERS = [
    {"name": "VERSION", "kind": "StringParameterDefinition", "description": "Which", "default": "1.0", "choices": []},
    {"name": "TARGET", "kind": "ChoiceParameterDefinition", "default": None, "choices": ["staging", "production"]},
    {"name": "DRY_RUN", "kind": "BooleanParameterDefinition", "default": True, "choices": []},
    {"name": "KEY", "kind": "PasswordParameterDefinition", "default": None, "choices": []},
    {"name": "NOTES", "kind": "TextParameterDefinition", "default": "", "choices": []},
    {"name": "settings.ini", "kind": "FileParameterDefinition", "default": None, "choices": []},
]
KEY = "swordfish-9"
TOKEN = "an-api-token-of-jenkins"


class TestServers:
    def test_a_superuser_adds_one_and_its_token_is_shown_to_nobody(self, as_, boss):
        browser = as_(boss)

        answer = browser.post(
            reverse("admin:jenkins_server_add"),
            {
                "name": "CI",
                "url": "http://127.0.0.1:9",
                "user": "bot",
                "token": TOKEN,
                "networks": "127.0.0.0/8",
                "enabled": "on",
            },
        )

        server = Server.objects.get()
        assert answer.status_code == 302
        assert (server.token, server.networks, server.url) == (TOKEN, ["127.0.0.0/8"], "http://127.0.0.1:9/")
        shown = browser.get(page_of(server)).content.decode()
        assert TOKEN not in shown
        assert "***" in shown

    def test_what_the_service_refuses_is_said_at_its_field(self, as_, boss):
        answer = as_(boss).post(
            reverse("admin:jenkins_server_add"),
            {"name": "CI", "url": "http://127.0.0.1:9", "networks": "nowhere", "enabled": "on"},
        )

        assert "“nowhere” is no network." in text(answer)
        assert not Server.objects.exists()

    def test_a_token_is_forgotten_where_that_is_wished(self, as_, boss):
        given = {"name": "CI", "url": "http://127.0.0.1:9/", "user": "bot", "enabled": "on"}
        server = services.add_server(name="CI", url=given["url"], user="bot", token=TOKEN, by=boss)
        browser, page = as_(boss), page_of(server)

        assert "Remove the API token" in text(browser.get(page))
        both = browser.post(page, given | {"forget_token": "on", "token": TOKEN})
        assert "Remove it or give it anew, not both." in text(both)
        browser.post(page, given | {"forget_token": "on", "user": ""})

        server.refresh_from_db()
        assert (server.user, server.sealed_token) == ("", "")
        assert "Remove the API token" not in text(browser.get(page))

    def test_an_address_that_is_not_allowed_is_refused_by_form_and_test_alike(self, as_, boss, settings):
        settings.JENKINS_ALLOWED_SERVERS = ["jenkins.example.com"]
        browser = as_(boss)

        saved = browser.post(reverse("admin:jenkins_server_add"), {"name": "CI", "url": "http://169.254.169.254/"})
        tried = browser.post(reverse("admin:jenkins_server_try"), {"url": "http://169.254.169.254/"}).json()

        assert saved.context["adminform"].form.errors["url"]
        assert not Server.objects.exists()
        assert tried["ok"] is False
        assert "not one of those where Jenkins servers may be" in tried["says"]

    def test_the_test_says_why_there_is_no_answer(self, as_, boss):
        tried = as_(boss).post(reverse("admin:jenkins_server_try"), {"url": "http://127.0.0.1:9/"}).json()

        assert tried == {"ok": False, "says": "The server cannot be reached. Please try again shortly."}

    def test_others_see_the_list_and_change_nothing(self, as_, hire, away):
        browser = as_(hire("viewer", "jenkins.view_server", "jenkins.change_server", "jenkins.add_server"))

        assert "Away" in text(browser.get(reverse("admin:jenkins_server_changelist")))
        assert browser.get(reverse("admin:jenkins_server_add")).status_code == 403
        assert browser.post(page_of(away), {"name": "Mine", "url": "http://127.0.0.1:8/"}).status_code == 403
        assert browser.post(reverse("admin:jenkins_server_try"), {"url": away.url}).status_code == 403
        assert browser.post(reverse("admin:jenkins_server_delete", args=(away.pk,)), {"post": "yes"}).status_code == 403

    def test_one_that_is_down_says_since_when(self, as_, boss, away):
        Server.objects.update(stale_since=timezone.now() - timedelta(minutes=5), trouble="It is gone.")
        browser = as_(boss)

        assert "Stale since 5 min ago It is gone." in text(browser.get(reverse("admin:jenkins_server_changelist")))
        assert "Jenkins does not answer: Away" in text(browser.get(reverse("admin:index")))


class TestJobs:
    def test_lie_in_their_folders(self, as_, builder, known):
        for name, folder in (("shop", True), ("shop/deploy", False), ("zeta", False)):
            known(name, is_folder=folder)
        known("api/deep/check", status="failed")

        page = as_(builder).get(reverse("admin:jenkins_job_changelist")).content.decode()

        order = re.findall(r'data-name="([^"]+)"', page)
        assert order == ["api", "api/deep", "api/deep/check", "shop", "shop/deploy", "zeta"]
        assert 'data-status="failed"' in page

    def test_tell_since_when_they_are_old(self, as_, builder, known):
        known("shop")
        Server.objects.update(
            stale_since=timezone.now() - timedelta(hours=2), fetched_at=timezone.now() - timedelta(hours=2)
        )

        assert "Stale since 2 hours ago" in text(as_(builder).get(reverse("admin:jenkins_job_changelist")))

    def test_of_a_server_that_is_off_have_no_views_to_ask_for(self, as_, builder, known):
        known("shop")
        Server.objects.update(enabled=False)

        assert "data-views" not in as_(builder).get(reverse("admin:jenkins_job_changelist")).content.decode()

    def test_of_a_closed_folder_are_not_there(self, as_, builder, boss, known):
        hidden = known("secret/plans")
        Rule.objects.create(server=hidden.server, folder="secret", person=boss)
        browser = as_(builder)

        assert "plans" not in text(browser.get(reverse("admin:jenkins_job_changelist")))
        assert browser.get(page_of(hidden)).status_code == 404

    def test_a_thousand_are_one_page_of_few_queries(self, as_, builder, away, django_assert_max_num_queries):
        Job.objects.bulk_create(
            Job(server=away, full_name=f"team-{n % 50}/job-{n}", name=f"job-{n}", folder=f"team-{n % 50}")
            for n in range(1000)
        )
        browser = as_(builder)

        with django_assert_max_num_queries(40):
            page = browser.get(reverse("admin:jenkins_job_changelist"))

        assert "1000 jobs" in text(page)


class TestAskingForABuild:
    def test_the_form_has_a_field_for_each_parameter(self, as_, builder, known):
        page = as_(builder).get(page_of(known("shop", parameters=PARAMETERS))).content.decode()

        assert re.search(r'<input[^>]+type="password"[^>]+name="parameter-KEY"', page)
        assert '<select name="parameter-TARGET"' in page
        assert '<textarea name="parameter-NOTES"' in page
        for name in ("VERSION", "DRY_RUN", "settings.ini"):
            assert f'name="parameter-{name}"' in page

    def test_what_was_given_is_asked_for_once_whatever_is_pressed_twice(self, as_, builder, known, tmp_path):
        job = known("shop", parameters=PARAMETERS)
        browser = as_(builder)
        given = {
            "parameter-VERSION": "2.0", "parameter-TARGET": "production", "parameter-KEY": KEY, "parameter-NOTES": "a\nb",
            "reason": "It is time", "key": "0123456789abcdef",
        }  # fmt: skip

        for _press in range(2):
            with (tmp_path / "s.ini").open("wb+") as file:
                file.write(b"[shop]\n")
                file.seek(0)
                answer = browser.post(page_of(job), given | {"parameter-settings.ini": file})
            assert answer.status_code == 302

        build = Build.objects.get()
        assert build.parameters == {
            "VERSION": "2.0", "TARGET": "production", "DRY_RUN": False, "NOTES": "a\r\nb" if "\r" in build.parameters["NOTES"] else "a\nb",
            "settings.ini": "s.ini",
        }  # fmt: skip
        assert build.secrets["KEY"] == KEY
        page = browser.get(page_of(build)).content.decode()
        assert KEY not in page
        assert "******" in page
        assert "It is time" in page

    def test_the_last_values_come_back_without_secrets(self, as_, builder, known):
        job = known("shop", parameters=PARAMETERS)
        browser = as_(builder)
        browser.post(
            page_of(job),
            {"parameter-VERSION": "7.7", "parameter-TARGET": "production", "parameter-KEY": KEY, "key": "a"},
        )

        page = browser.get(page_of(job)).content.decode()

        assert 'value="7.7"' in page
        assert '<option value="production" selected>' in page
        assert KEY not in page

    def test_what_is_wrong_is_said_at_its_field(self, as_, builder, known):
        answer = as_(builder).post(
            page_of(known("shop", parameters=PARAMETERS)),
            {"parameter-VERSION": "a\x07b", "parameter-TARGET": "staging"},
        )

        assert "Give one line of plain text." in text(answer)
        assert not Build.objects.exists()

    def test_is_for_those_who_may(self, as_, hire, known):
        job = known("shop")
        browser = as_(hire("viewer", "jenkins.view_job"))

        assert "do not let you build" in text(browser.get(page_of(job)))
        assert browser.post(page_of(job), {}).status_code == 403
        assert not Build.objects.exists()

    def test_the_same_again_is_one_press_or_a_form_where_something_was_not_kept(self, as_, builder, known):
        browser = as_(builder)
        plain = ended(known("plain"), builder)
        secret = ended(
            known("secret", parameters=PARAMETERS), builder, parameters={"VERSION": "3"}, secret_names=["KEY"]
        )

        again = browser.post(reverse("admin:jenkins_build_again", args=(plain.pk,)), {"key": "k1"})
        twice = browser.post(reverse("admin:jenkins_build_again", args=(plain.pk,)), {"key": "k1"})
        form = browser.post(reverse("admin:jenkins_build_again", args=(secret.pk,)), {"key": "k2"})

        assert again.url == twice.url
        assert Build.objects.filter(job=plain.job).count() == 2
        assert form.url.startswith(f"{page_of(secret.job)}?again=")
        assert 'value="3"' in browser.get(form.url.partition("#")[0]).content.decode()


class TestDashboard:
    def test_counts_builds_and_tells_how_theyended(self, as_, boss, builder, known):
        services.ask(job=known("api"), by=builder)
        ended(known("shop"), builder, state="failed", number=3)

        page = text(as_(boss).get(reverse("admin:index")))

        assert "Builds running 1" in page
        assert "build: failed shop #3" in page


@pytest.mark.parametrize("name", ["job", "build", "server", "rule"])
def test_pages_speak_chinese(as_, boss, known, builder, name):
    ended(known("shop", parameters=PARAMETERS), builder)

    page = as_(boss, "zh-hans").get(reverse(f"admin:jenkins_{name}_changelist"))

    assert "构建" in text(page)


class TestRules:
    def test_are_written_by_superusers_for_one_role_or_person(self, as_, boss, builder, away):
        browser = as_(boss)
        address = reverse("admin:jenkins_rule_add")
        opens = {"server": away.pk, "folder": "shop", "may_view": "on", "may_build": "on"}

        nobody = browser.post(address, opens)
        somebody = browser.post(address, opens | {"person": builder.pk})

        assert "Choose a role or a person, and not both." in text(nobody)
        assert somebody.status_code == 302
        assert Rule.objects.get().person == builder
        assert as_(builder).get(reverse("admin:jenkins_rule_changelist")).status_code == 403
