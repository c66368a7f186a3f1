"""People around Jenkins."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.utils import timezone
from jenkins import EMPTY_CONFIG_XML

from accounts.models import User
from integrations.jenkins import services
from integrations.jenkins.client import Account, Client
from integrations.jenkins.models import Build, Job, Server
from project.core import breaker, jobs
from tests.accounts.conftest import PASSWORD, Program
from tests.fakes.jenkins import Simulator

Hire = Callable[..., User]
FILES = "dist/app.zip,dist/größe.txt,report.html"
LEAVES = EMPTY_CONFIG_XML.replace("<builders/>", f"<description>sim: seconds=0 artifacts={FILES}</description>")


@pytest.fixture(autouse=True)
def _fresh_breakers() -> Iterator[None]:
    """A breaker belongs to the process, and a test may have opened it."""
    yield
    for one in breaker.snapshots():
        if one.name.startswith("jenkins-"):
            breaker.named(one.name).reset()


@pytest.fixture(autouse=True)
def _this_machine(settings: Any) -> None:
    """Servers of tests are on this machine."""
    settings.JENKINS_ALLOWED_SERVERS = ["127.0.0.0/8"]


@pytest.fixture
def hire(db: None) -> Hire:
    """Take somebody on, with permissions by name: `hire("mei", "jenkins.view_job")`."""

    def one(username: str, *permissions: str, **fields: Any) -> User:
        person = User.objects.create_user(username, real_name=username.title(), is_staff=True, **fields)
        for name in permissions:
            app, _, codename = name.partition(".")
            person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return User.objects.get(pk=person.pk)

    return one


@pytest.fixture
def boss(hire: Hire) -> User:
    """A superuser."""
    return hire("bigboss", is_superuser=True)


@pytest.fixture
def builder(hire: Hire) -> User:
    """Who may see jobs and start builds."""
    return hire("builder", "jenkins.view_job", "jenkins.build_job")


@pytest.fixture
def approver(hire: Hire) -> User:
    """Who may see jobs, start builds, and approve those of others."""
    return hire("approver", "jenkins.view_job", "jenkins.build_job", "jenkins.approve_build")


@pytest.fixture
def away(db: None) -> Server:
    """A server that nobody can reach."""
    return Server.objects.create(name="Away", url="http://127.0.0.1:9/")


@pytest.fixture
def known(away: Server) -> Callable[..., Job]:
    """A job as if its server had told of it: `known("ci/build", parameters=[…])`."""

    def one(full_name: str, **fields: Any) -> Job:
        folder, _, name = full_name.rpartition("/")
        values = {"server": away, "full_name": full_name, "name": name, "folder": folder} | fields
        return Job.objects.create(**values)

    return one


@pytest.fixture
def jenkins() -> Iterator[Simulator]:
    """A Jenkins with folders, jobs of every kind, builds that ended, run and wait."""
    with Simulator(demo_content=True, quiet_period=1, stands_still=True) as running:
        yield running


@pytest.fixture
def account(jenkins: Simulator) -> Account:
    """Where it is, with an API token."""
    return Account("test", "Ours", jenkins.url, jenkins.user, jenkins.token)


@pytest.fixture
def client(account: Account) -> Iterator[Client]:
    """What talks to it."""
    with Client(account) as one:
        yield one


@pytest.fixture
def server(db: None, jenkins: Simulator) -> Server:
    """It as a row, with its jobs."""
    one = Server(name="Ours", url=jenkins.url, user=jenkins.user)
    one.seal(jenkins.token)
    one.save()
    assert services.refresh(one)
    return one


@pytest.fixture
def job(server: Server) -> Callable[[str], Job]:
    """One of its jobs, by full name."""
    return lambda full_name: Job.objects.get(server=server, full_name=full_name)


@pytest.fixture
def leaves(server: Server, client: Client) -> Job:
    """A job whose builds leave files."""
    client.create_folder("Team")
    client.create_job("leaves", LEAVES, folder="Team")
    services.refresh(server)
    return Job.objects.get(full_name="Team/leaves")


@pytest.fixture
def left(leaves: Job, builder: User, jenkins: Simulator) -> Build:
    """A build of it that is over."""
    asked = step(services.ask(job=leaves, by=builder))
    jenkins.skip(10)
    asked = step(asked, 2)
    assert asked.state == "success"
    return asked


def step(build: Build, times: int = 1) -> Build:
    """Do what the worker would when it is due; return the build as the database knows it afterwards."""
    jobs.registered()
    for _time in range(times):
        Build.objects.filter(pk=build.pk).update(next_at=timezone.now())
        jobs.run("jenkins.Build", str(build.pk))
    build.refresh_from_db()
    return build


@pytest.fixture
def as_() -> Callable[..., Browser]:
    """The browser of somebody who is signed in."""

    def one(person: User, language: str = "en") -> Browser:
        browser = Browser(headers={"accept-language": language})
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return one


@pytest.fixture
def sign_in(db: None) -> Callable[[User], Program]:
    """The program of somebody who has signed in to the API."""

    def one(person: User) -> Program:
        person.set_password(PASSWORD)
        person.save()
        return Program().sign_in(person)

    return one
