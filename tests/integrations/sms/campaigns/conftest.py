"""A template, staff who send it, and campaigns of theirs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from accounts.models import Department, User
from integrations.sms import campaigns, services
from integrations.sms.models import Campaign, Message, Template, TemplateText
from project.core import jobs
from tests.integrations.makers import book
from tests.integrations.sms.conftest import work

Begin = Callable[..., Campaign]
HELLO = {"name": "Hello", "template": "parcel", "parameters": {"place": "reception"}}


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Any) -> None:
    """Files of a test stay with the test."""
    private = settings.STORAGES["private"]
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": {"location": tmp_path / "private"}}}
    settings.SMS_DAILY_BUDGET = 1_000


@pytest.fixture(autouse=True)
def parcel(outbox: Any) -> Template:
    """A template that asks for a number and a place."""
    texts = {"en": "Parcel ${number} is at the ${place}.", "zh-hans": "包裹${number}已到${place}。"}
    rows = [TemplateText(language=language, text=text) for language, text in texts.items()]
    return services.write_template(Template(key="parcel", name="Parcel"), texts=rows, by=None)


@pytest.fixture
def boss() -> User:
    """A superuser."""
    return User.objects.create_user("bigboss", is_staff=True, is_superuser=True, language="en")


@pytest.fixture
def clerk() -> User:
    """Somebody of the post room, who reaches only the people of it."""
    room = Department.objects.create(name="Post room")
    named = Q(codename__in=("send_campaign", "view_campaign"))
    role = accounts.create_role(
        by=None,
        key="post",
        name="Post",
        rank=10,
        scope="department",
        permissions=list(Permission.objects.filter(named)),
    )
    return accounts.create_user(by=None, username="clerk", is_staff=True, department=room, roles=[role], language="en")


@pytest.fixture
def to_rows(boss: User) -> Begin:
    """A campaign to numbers, counted."""

    def begin(*phones: str, by: User | None = None, **said: Any) -> Campaign:
        rows = [(phone, {"number": str(at)}) for at, phone in enumerate(phones, start=1)]
        return counted(campaigns.start_from_rows(rows=rows, by=by or boss, **HELLO | said))

    return begin


@pytest.fixture
def to_sheet(boss: User) -> Begin:
    """A campaign to the rows of a sheet, counted."""

    def begin(*rows: Any, by: User | None = None, **said: Any) -> Campaign:
        file = SimpleUploadedFile("parcels.xlsx", book(*rows))
        return counted(campaigns.start_from_sheet(file=file, by=by or boss, **HELLO | said))

    return begin


def grant(person: User, codename: str) -> None:
    person.roles[0].group.permissions.add(Permission.objects.get(codename=codename))


def run(campaign: Campaign) -> Campaign:
    """Do what the worker would."""
    Campaign.objects.filter(pk=campaign.pk).update(next_at=timezone.now() - timedelta(seconds=1))
    jobs.registered()
    jobs.run("sms.Campaign", str(campaign.pk))
    return Campaign.objects.get(pk=campaign.pk)


def counted(campaign: Campaign) -> Campaign:
    return run(campaigns.prepare(campaign, by=campaign.created_by))


def sent(campaign: Campaign) -> Campaign:
    """Send it to its end."""
    campaign = run(campaigns.confirm(campaign, by=campaign.created_by))
    for message in Message.objects.filter(state="pending"):
        work(message)
    return run(campaign)


def numbers(n: int) -> list[str]:
    return [f"138{at:08}" for at in range(n)]
