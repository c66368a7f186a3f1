"""Pages that change something at a Jenkins, against the simulated one; and that they stand while it is away."""

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from integrations.jenkins import services
from integrations.jenkins.models import Build, Job, Rule, Schedule, Server
from tests.integrations.jenkins.pages import page_of, said, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker(hire: Any) -> User:
    """Who may see, build and configure jobs."""
    return hire("maker", "jenkins.view_job", "jenkins.build_job", "jenkins.configure_job")


class TestConfiguring:
    def test_makes_a_folder_and_a_job_in_it(self, as_, maker, server, jenkins):
        browser = as_(maker)
        address = reverse("admin:jenkins_job_new", args=(server.pk,))

        browser.post(address, {"kind": "folder", "name": "Shop"})
        answer = browser.post(address, {"kind": "shell", "name": "hello", "folder": "Shop"})

        assert answer.url == page_of(Job.objects.get(full_name="Shop/hello"))
        assert jenkins.job("Shop/hello")
        assert "There is a job or folder “Shop” already." in text(
            browser.post(address, {"kind": "folder", "name": "Shop"})
        )

    def test_makes_a_job_from_an_uploaded_file_and_refuses_what_is_dangerous(self, as_, maker, server, job):
        browser = as_(maker)
        address = reverse("admin:jenkins_job_new", args=(server.pk,))
        good = services.xml_of(job("lint"), by=User.objects.create_superuser("root")).encode()
        bad = b'<!DOCTYPE x [<!ENTITY a "b">]><project>&a;</project>'

        refused = browser.post(address, {"kind": "upload", "name": "bad", "file": SimpleUploadedFile("x.xml", bad)})
        browser.post(address, {"kind": "upload", "name": "lint-too", "file": SimpleUploadedFile("x.xml", good)})

        assert "ities are not allowed." in text(refused)
        assert [one.full_name for one in Job.objects.filter(full_name__in=["bad", "lint-too"])] == ["lint-too"]

    def test_shows_the_difference_before_anything_changes(self, as_, maker, job):
        browser = as_(maker)
        address = reverse("admin:jenkins_job_xml", args=(job("lint").pk,))
        present = services.xml_of(job("lint"), by=maker)
        other = present.replace("Looks for mistakes", "Finds mistakes")

        assert "Looks for mistakes" in browser.get(address).content.decode()
        shown = browser.post(address, {"xml": other})
        assert "-" in text(shown)
        assert services.xml_of(job("lint"), by=maker) == present
        browser.post(address, {"xml": other, "step": "save"})

        assert "Finds mistakes" in services.xml_of(job("lint"), by=maker)

    def test_renames_copies_disables_and_deletes_what_is_typed(self, as_, maker, job):
        browser = as_(maker)
        pk = job("lint").pk

        browser.post(reverse("admin:jenkins_job_rename", args=(pk,)), {"name": "tidy"})
        browser.post(reverse("admin:jenkins_job_copy", args=(pk,)), {"name": "tidy-2", "folder": "Nightly"})
        browser.post(reverse("admin:jenkins_job_enable", args=(pk,)), {"enabled": ""})
        wrong = browser.post(reverse("admin:jenkins_job_delete_there", args=(pk,)), {"name": "tid"})

        assert "Type the full name: tidy" in text(wrong)
        assert job("tidy").status == "disabled"
        assert job("Nightly/tidy-2")
        browser.post(reverse("admin:jenkins_job_delete_there", args=(pk,)), {"name": "tidy"})
        assert job("tidy").gone_at is not None

    def test_is_for_those_who_may(self, as_, builder, server, job):
        browser = as_(builder)
        pk = job("lint").pk

        statuses = {
            browser.post(reverse(f"admin:jenkins_job_{one}", args=(pk,)), {"name": "x"}).status_code
            for one in ("xml", "rename", "copy", "delete_there", "enable")
        }
        statuses.add(browser.post(reverse("admin:jenkins_job_new", args=(server.pk,)), {"name": "x"}).status_code)

        assert statuses == {403}
        assert "Configure" not in text(browser.get(page_of(job("lint"))))


class TestViews:
    @pytest.fixture
    def address(self, server: Any) -> str:
        return reverse("admin:jenkins_view_new", args=(server.pk,))

    def test_are_made_of_jobs_and_folders(self, as_, maker, server, address):
        browser = as_(maker)
        assert address in browser.get(reverse("admin:jenkins_job_changelist")).content.decode()

        answer = browser.post(address, {"name": "Mine", "jobs": ["lint", "Release"]})

        assert "The view “Mine” was made." in said(browser, answer)
        assert set(services.view_of(server, "Mine", by=maker).jobs) == {"lint", "Release"}
        entry = LogEntry.objects.get(additional_data__event="jenkins_server.view_created")
        assert (entry.actor, entry.additional_data["details"]) == (maker, {"view": "Mine", "jobs": 2})

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({"name": "Shop", "jobs": ["lint"]}, "There is a view “Shop” already."),
            ({"name": "a/b", "jobs": ["lint"]}, "cannot be a name in Jenkins"),
            ({"name": "Mine"}, "Choose a job or folder at least."),
            ({"name": "Mine", "jobs": ["no-such"]}, "Select a valid choice."),
        ],
    )
    def test_say_what_is_wrong_and_keep_what_was_chosen(self, as_, maker, address, given, why):
        page = as_(maker).post(address, given)

        assert why in text(page)
        assert (' value="lint" checked>' in page.content.decode()) == ("lint" in given.get("jobs", ()))

    def test_offer_no_job_of_a_closed_folder(self, as_, maker, boss, server, address):
        Rule.objects.create(server=server, folder="Nightly", person=boss, may_view=True)
        browser = as_(maker)

        assert "Nightly" not in browser.get(address).content.decode()
        assert "Select a valid choice." in text(browser.post(address, {"name": "Mine", "jobs": ["Nightly/backup"]}))

    def test_are_for_those_who_may_configure_at_the_top(self, as_, maker, builder, boss, server, address, jenkins):
        Rule.objects.create(server=server, person=boss, may_configure=True)
        jenkins.requests.clear()

        for person in (maker, builder):
            browser = as_(person)
            assert browser.get(address).status_code == 403
            assert browser.post(address, {"name": "Mine", "jobs": ["lint"]}).status_code == 403
            assert address not in browser.get(reverse("admin:jenkins_job_changelist")).content.decode()
        assert address in as_(boss).get(reverse("admin:jenkins_job_changelist")).content.decode()
        assert not jenkins.requests

    def test_stand_while_jenkins_is_away_and_say_so_when_it_is_asked(self, as_, maker, address, jenkins):
        browser = as_(maker)
        jenkins.faults.down()

        assert "lint" in text(browser.get(address))
        assert "cannot be reached" in text(browser.post(address, {"name": "Mine", "jobs": ["lint"]}))


class TestQueue:
    def test_says_what_waits_and_why_and_takes_it_out(self, as_, boss, server, jenkins):
        browser = as_(boss)
        part = reverse("dashboard:jenkins_queue_of", args=(server.pk,))
        before = services.queue_of(server, by=boss)

        assert "Nightly/backup" in text(browser.get(part))
        address = reverse("dashboard:jenkins_queue_cancel", args=(server.pk, before[0].item.number))
        answer = browser.post(address)
        assert "It does not wait any more." in said(browser, answer)
        assert len(services.queue_of(server, by=boss)) == len(before) - 1

    def test_is_emptied_after_a_question(self, as_, boss, server):
        browser = as_(boss)
        address = reverse("dashboard:jenkins_queue_cancel_all", args=(server.pk,))

        assert "Empty the queue of Ours" in text(browser.get(address))
        browser.post(address, {"confirmed": "yes"})

        assert services.queue_of(server, by=boss) == []

    def test_others_builds_are_for_those_who_may_stop_them(self, as_, builder, server):
        browser = as_(builder)
        number = services.queue_of(server, by=builder)[0].item.number

        assert ">Cancel<" not in browser.get(reverse("dashboard:jenkins_queue_of", args=(server.pk,))).content.decode()
        browser.post(reverse("dashboard:jenkins_queue_cancel", args=(server.pk, number)))
        assert browser.post(reverse("dashboard:jenkins_queue_cancel_all", args=(server.pk,))).status_code == 403
        assert number in {one.item.number for one in services.queue_of(server, by=builder)}

    def test_stands_while_the_server_is_away(self, as_, boss, away):
        Server.objects.update(stale_since=timezone.now(), trouble="It is gone.")
        browser = as_(boss)

        assert "Away" in text(browser.get(reverse("dashboard:jenkins_queue")))
        said_there = text(browser.get(reverse("dashboard:jenkins_queue_of", args=(away.pk,))))
        assert "Stale since" in said_there
        assert said_there.count("It is gone.") == 1


class TestMachinesAndPlugins:
    def test_are_shown_added_and_removed(self, as_, boss, server):
        browser = as_(boss)
        machines = reverse("dashboard:jenkins_machines", args=(server.pk, "machines"))
        plugins = reverse("dashboard:jenkins_machines", args=(server.pk, "plugins"))

        browser.post(machines, {"act": "add", "name": "spare", "executors": "3"})
        assert "spare" in text(browser.get(machines, {"part": 1}))
        browser.post(machines, {"act": "remove", "name": "spare", "typed": "other"})
        assert "spare" in text(browser.get(machines, {"part": 1}))
        browser.post(machines, {"act": "remove", "name": "spare", "typed": "spare"})
        assert "spare" not in text(browser.get(machines, {"part": 1}))
        assert "timestamper" in text(browser.get(plugins, {"part": 1}))

    def test_are_changed_by_those_who_may(self, as_, hire, server):
        browser = as_(hire("viewer", "jenkins.view_server"))
        address = reverse("dashboard:jenkins_machines", args=(server.pk, "machines"))

        assert browser.get(address).status_code == 200
        assert browser.post(address, {"act": "add", "name": "spare"}).status_code == 403


class TestSchedules:
    @pytest.fixture
    def asked(self, job: Any) -> dict[str, Any]:
        """What a filled-in form sends."""
        pk = job("Release/release").pk
        given = {
            "VERSION": "9",
            "TARGET": "production",
            "DRY_RUN": "on",
            "DEPLOY_KEY": "swordfish-8",
            "NOTES": "two\nlines",
        }
        fields = {"name": "Every morning", "job": pk, "cron": "30 6 * * *", "enabled": "on", "parameters-of": pk}
        return fields | {f"parameter-{name}": value for name, value in given.items()}

    def test_have_a_form_made_of_what_the_job_asks_for(self, as_, maker, job):
        browser = as_(maker)
        address = reverse("admin:jenkins_schedule_add")

        assert "Choose a job" in text(browser.get(address))
        page = browser.get(address, {"job": job("Release/release").pk}).content.decode()
        part = browser.get(reverse("admin:jenkins_schedule_parameters", args=(job("Release/release").pk,)))

        for name in ("VERSION", "TARGET", "DRY_RUN", "DEPLOY_KEY", "NOTES", "settings.ini"):
            assert f'name="parameter-{name}"' in page
            assert f'name="parameter-{name}"' in part.content.decode()
        assert 'enctype="multipart/form-data"' in page
        assert "demo-secret" not in page
        assert "asks for nothing" in text(browser.get(address, {"job": job("lint").pk}))

    def test_are_planned_with_parameters_and_tell_their_next_runs(self, as_, maker, job, asked):
        browser = as_(maker)
        file = SimpleUploadedFile("mine.ini", b"a=1")

        answer = browser.post(reverse("admin:jenkins_schedule_add"), asked | {"parameter-settings.ini": file})

        schedule = Schedule.objects.get()
        assert answer.status_code == 302
        assert schedule.shown_parameters == {
            "VERSION": "9", "TARGET": "production", "DRY_RUN": True, "NOTES": "two\nlines",
            "DEPLOY_KEY": "******", "settings.ini": "mine.ini",
        }  # fmt: skip
        assert schedule.created_by == maker
        page = browser.get(page_of(schedule))
        assert text(page).count("06:30") == 5
        assert "swordfish-8" not in page.content.decode()
        assert "Empty: mine.ini, which is sealed here." in text(page)

    def test_keep_what_is_secret_when_they_are_changed(self, as_, maker, job, asked):
        browser = as_(maker)
        browser.post(reverse("admin:jenkins_schedule_add"), asked)

        changed = asked | {"cron": "0 7 * * *", "parameter-DEPLOY_KEY": "", "parameter-VERSION": "10"}
        browser.post(page_of(Schedule.objects.get()), changed)

        Schedule.objects.update(next_at=timezone.now())
        services.run_due()
        build = Build.objects.latest("created_at")
        assert (build.secrets["DEPLOY_KEY"], build.parameters["VERSION"]) == ("swordfish-8", "10")

    def test_forget_what_is_secret_where_that_is_wished(self, as_, maker, asked):
        browser = as_(maker)
        file = SimpleUploadedFile("mine.ini", b"a=1")
        browser.post(reverse("admin:jenkins_schedule_add"), asked | {"parameter-settings.ini": file})
        page, empty = page_of(Schedule.objects.get()), asked | {"parameter-DEPLOY_KEY": ""}

        assert "Remove what is kept of DEPLOY_KEY" in text(browser.get(page))
        both = browser.post(page, asked | {"without-DEPLOY_KEY": "on"})
        assert "Remove it or give it anew, not both." in text(both)
        browser.post(page, empty | {"without-DEPLOY_KEY": "on"})

        schedule = Schedule.objects.get()
        assert schedule.secret_names == []
        assert "DEPLOY_KEY" not in schedule.shown_parameters
        assert services.keeping.given_by(schedule)["settings.ini"]["file"] == "mine.ini"
        browser.post(page, empty | {"without-settings.ini": "on"})
        assert Schedule.objects.get().secret == ""
        assert "Remove what is kept" not in text(browser.get(page))

    def test_of_somebody_else_can_be_changed_without_their_secrets(self, as_, maker, boss, asked):
        as_(maker).post(reverse("admin:jenkins_schedule_add"), asked)
        browser, page, empty = as_(boss), page_of(Schedule.objects.get()), asked | {"parameter-DEPLOY_KEY": ""}

        refused = browser.post(page, empty | {"cron": "0 7 * * *"})
        assert "Somebody else gave it" in text(refused)
        browser.post(page, empty | {"without-DEPLOY_KEY": "on"})

        schedule = Schedule.objects.get()
        assert (schedule.secret, schedule.created_by) == ("", boss)

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ({"cron": "now and then"}, "This is no cron line"),
            ({"cron": ""}, "Give a time or a cron line, and not both."),
            ({"parameter-TARGET": "moon"}, "Select a valid choice."),
            ({"parameter-VERSION": "a\tb"}, "Give one line of plain text."),
            ({"parameters-of": ""}, "Look through what the job asks for"),
        ],
    )
    def test_say_what_is_wrong(self, as_, maker, asked, wrong, why):
        assert why in text(as_(maker).post(reverse("admin:jenkins_schedule_add"), asked | wrong))
        assert not Schedule.objects.exists()

    def test_missed_runs_are_reported(self, as_, maker, known):
        schedule = services.plan(job=known("shop"), name="Hourly", by=maker, cron="0 * * * *")
        Schedule.objects.update(missed=3, missed_at=timezone.now())

        assert "3" in text(as_(maker).get(reverse("admin:jenkins_schedule_changelist"))).partition("Hourly")[2]
        assert (
            as_(maker).post(reverse("admin:jenkins_schedule_delete", args=(schedule.pk,)), {"post": "yes"}).status_code
            == 302
        )
        assert not Schedule.objects.exists()


class TestPagesStandAlone:
    def test_none_asks_a_jenkins_before_it_stands(self, as_, boss, server, job, jenkins):
        build = services.ask(job=job("build-shop"), by=boss)
        browser = as_(boss)
        jenkins.requests.clear()

        pages = [
            reverse("admin:index"),
            *(reverse(f"admin:jenkins_{one}_changelist") for one in ("job", "build", "server", "rule", "schedule")),
            *(reverse(f"dashboard:jenkins_{one}") for one in ("queue", "approvals")),
            *(reverse("dashboard:jenkins_machines", args=(server.pk, one)) for one in ("machines", "plugins")),
            *(page_of(one) for one in (job("Release/release"), job("Nightly"), build, server)),
        ]
        statuses = {one: browser.get(one).status_code for one in pages}

        assert set(statuses.values()) == {200}, statuses
        assert list(jenkins.requests) == []
