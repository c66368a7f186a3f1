"""Demo data: it fills an empty installation, and goes without a trace."""

from io import StringIO

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import services
from accounts.models import Department, LoginEvent, LoginSession, Role, User
from project import demo
from project.demo import builds
from tests.fakes.http import Answer, Asked, HttpServer
from tests.fakes.jenkins import Simulator

pytestmark = pytest.mark.django_db

KINDS = (
    "accounts.user",
    "accounts.department",
    "accounts.role",
    "accounts.loginsession",
    "accounts.loginevent",
    "auth.group",
    "auditlog.logentry",
    "sheets.importjob",
    "sheets.exportjob",
    "jenkins.server",
    "jenkins.job",
    "jenkins.build",
    "sms.campaign",
    "sms.message",
    "sms.recipient",
    "sms.provider",
)


def counts() -> dict[str, int]:
    return {label: apps.get_model(label)._base_manager.count() for label in KINDS}


class TestLoading:
    def test_makes_a_company(self):
        demo.load(number=80)

        people = User.objects.get_queryset()
        assert people.count() == 80
        assert people.exclude(department=None).count() == 80
        assert Department.objects.exclude(parent=None).exists()
        assert LoginSession.objects.live().exists()
        assert LoginEvent.objects.filter(succeeded=False).exists()
        assert [role.rank for role in Role.objects.all()] == sorted(
            (role.rank for role in Role.objects.all()), reverse=True
        )

    def test_lets_nobody_in_but_those_it_names(self):
        accounts = demo.load(number=80)

        able = [one.username for one in User.objects.get_queryset() if one.has_usable_password()]
        assert sorted(able) == sorted(one.username for one in accounts)
        for one in accounts:
            assert User.objects.get_queryset().get(username=one.username).check_password(one.password)

    def test_keeps_the_rules_of_the_house(self):
        demo.load(number=80)

        for person in User.objects.get_queryset():
            person.full_clean(exclude=["password"])
        for department in Department.objects.all():
            department.full_clean()
        assert not LoginSession.objects.filter(created_at__gt=timezone.now()).exists()

    def test_speaks_the_language_of_the_installation(self, settings):
        settings.LANGUAGE_CODE = "en"

        demo.load(number=30)

        assert Department.objects.filter(name="Customer care").exists()

    def test_is_only_for_the_empty(self, hire):
        hire("meiling")
        hire("hansmeier")

        with pytest.raises(demo.NotEmpty):
            demo.load(number=30)


class Pages(HttpServer):
    """A program in the browser and its server, which has the same page for every address."""

    async def answer(self, asked: Asked) -> Answer:
        return Answer("<!doctype html><title>Shop</title>", kind="text/html")


class TestTheSimulator:
    def test_is_found_where_it_runs(self):
        with Simulator() as jenkins:
            assert builds.simulator_runs(jenkins.port)

        assert not builds.simulator_runs(jenkins.port)

    def test_is_not_taken_for_what_else_listens_there(self):
        with Pages() as shop:
            assert not builds.simulator_runs(shop.port)


class TestRemoving:
    def test_leaves_everything_as_it_was(self, hire):
        hire("meiling")
        before = counts()

        demo.load(number=60, force=True)
        demo.remove()

        assert counts() == before

    def test_leaves_what_people_made_meanwhile(self):
        demo.load(number=60)
        somewhere = Department.objects.first()
        newcomer = services.create_user(by=None, username="newcomer1", department=somewhere)

        demo.remove()

        newcomer.refresh_from_db()
        assert newcomer.department == somewhere
        assert [one.username for one in User.objects.get_queryset()] == ["newcomer1"]
        assert LogEntry.objects.filter(additional_data__event="user.created").exists()


class TestTheCommand:
    def test_names_the_accounts(self):
        said = StringIO()
        call_command("demo", stdout=said)

        able = [one.username for one in User.objects.get_queryset() if one.has_usable_password()]
        assert len(able) == 3
        assert all(username in said.getvalue() for username in able)

    def test_is_not_run_twice(self):
        call_command("demo", stdout=StringIO())

        with pytest.raises(CommandError):
            call_command("demo", "--force", stdout=StringIO())

    def test_is_refused_in_prod(self, settings):
        settings.ENVIRONMENT = "prod"

        with pytest.raises(CommandError):
            call_command("demo", stdout=StringIO())

    def test_removes_in_prod_what_a_trial_left_in_its_database(self, settings):
        demo.load(number=60)
        settings.ENVIRONMENT = "prod"

        call_command("demo", "--remove", stdout=StringIO())

        assert counts()["accounts.user"] == 0

    def test_removes_nothing_where_nothing_is(self):
        said = StringIO()
        call_command("demo", "--remove", stdout=said)

        assert counts()["accounts.user"] == 0
        assert said.getvalue()
