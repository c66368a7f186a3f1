"""Every call of the API, asked by everybody: taken from the schema, so that none is forgotten."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from accounts import services, sessions
from accounts.models import AddressRule, ApiToken, Department, LoginEvent, User
from integrations.jenkins.models import Build, Job, Rule, Schedule, Server
from integrations.sheets.models import ColumnSet, ExportJob, ImportJob
from integrations.sms.models import Campaign, Message, Provider, Refusal, Template
from integrations.sms.services import enqueue as ask_for_message
from realtime.models import DeadLetter, KeptSettings
from tests.access.table import API, ROWS, Anybody, Holders, Row, Superusers, Themselves
from tests.accounts.conftest import PASSWORD, Program
from tests.docs.blocks import operations

pytestmark = [pytest.mark.django_db, pytest.mark.attack("T-F-11")]

REFUSED = {401, 403}
SAFE = ("GET", "HEAD")
RANK = 50


@cache
def calls() -> dict[str, dict[str, Any]]:
    """What the schema says about each call."""
    return {f"{method} {path.removeprefix(API)}": about for method, path, about in operations()}


def rows(kind: type[Row]) -> Iterator[tuple[str, Any]]:
    return ((call, row) for call, row in ROWS.items() if isinstance(row, kind))


def _message_to(person: User) -> Message:
    return ask_for_message(
        phone="+8613800000000",
        template="notice",
        parameters={"text": "x"},
        language="en",
        purpose="notice",
        person=person,
    )


def _of_jenkins(name: str, person: User) -> dict[str, object]:
    server = Server.objects.create(name=name, url="http://192.0.2.1/")
    job = Job.objects.create(server=server, full_name=name, name=name)
    rule = Rule.objects.create(server=server, folder="elsewhere", person=person)
    schedule = Schedule.objects.create(job=job, name=name, cron="0 6 * * *", created_by=person)
    return {
        "jenkins/servers": server.pk,
        "jenkins/servers/{id}/nodes": "linux-1",
        "jenkins/servers/{id}/plugins": "git",
        "jenkins/servers/{id}/views": "all",
        "jenkins/servers/{id}/labels": "linux",
        "jenkins/servers/{id}/fingerprints": "0" * 32,
        "jenkins/jobs": job.pk,
        "jenkins/jobs/{id}/numbers": 1,
        "jenkins/builds": Build.objects.create(server=server, job=job, created_by=person).pk,
        "jenkins/queue": 1,
        "jenkins/schedules": schedule.pk,
        "jenkins/rules": rule.pk,
    }


class Things:
    """What a path may name: of somebody of that rank, whom nobody here is."""

    def __init__(self, name: str, rank: int) -> None:
        self.role = services.create_role(by=None, key=f"{name}s", name=f"Role {name}", rank=rank, permissions=[])
        self.person = person(name, roles=[self.role])
        session = sessions.open(user=self.person, scope="api")
        token = ApiToken.objects.create(
            key_id=f"token{name}"[:12].ljust(12, "x"), secret_hash="x", owner=self.person, name=name,
            expires_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        event = LoginEvent.objects.create(user=self.person, username=name, succeeded=True, reason="ok", scope="api")
        template = Template.objects.create(key=name, name=name)
        provider = Provider.objects.create(
            key=name, name=name, kind="aliyun", enabled=False, receipt_addresses=["127.0.0.1"]
        )
        self.ids: dict[str, object] = {
            "users": self.person.pk,
            "roles": self.role.pk,
            "sessions": session.sid,
            "auth/sessions": session.sid,
            "tokens": token.key_id,
            "auth/tokens": token.key_id,
            "sign-ins": event.pk,
            "departments": Department.objects.create(name=f"Department of {name}").pk,
            "address-rules": AddressRule.objects.create(pattern="192.0.2.7", effect="deny", for_api=False).pk,
            "imports": ImportJob.objects.create(resource="users", created_by=self.person).pk,
            "exports": ExportJob.objects.create(resource="users", created_by=self.person).pk,
            "column-sets": ColumnSet.objects.create(owner=self.person, resource="users", name="mine").pk,
            "sms/campaigns": Campaign.objects.create(name=name, template=template, created_by=self.person).pk,
            "sms/templates": template.key,
            "sms/messages": _message_to(self.person).pk,
            "sms/refusals": Refusal.objects.create(
                limit="phone", phone="+8613800000000", prefix=86, purpose="login", person=self.person
            ).pk,
            "sms/receipts": provider.key,
            "sms/providers": provider.key,
            **_of_jenkins(name, self.person),
            "keys": "nokey",
            "realtime/connections": "gone",
            "realtime/settings": KeptSettings.objects.create(user=self.person, seen_at=timezone.now()).pk,
            "realtime/dead-letters": DeadLetter.objects.create(source="redis", reason="invalid", body="{}", size=2).pk,
        }

    def path(self, call: str) -> str:
        """The path of a call, about these things."""
        place = call.split(" ")[1]
        return re.sub(r"{[^}]+}", lambda found: str(self.ids[place[: found.start() - 1]]), place)


def person(name: str, *permissions: str, rank: int = 0, **fields: Any) -> User:
    """Somebody new; staff of a rank, with a role of just these permissions."""
    if permissions:
        codenames = [one.partition(".")[2] for one in permissions]
        granted = [
            one
            for one in Permission.objects.filter(codename__in=codenames).select_related("content_type")
            if f"{one.content_type.app_label}.{one.codename}" in permissions
        ]
        assert len(granted) == len(set(permissions)), f"no such permission: {permissions}"
        role = services.create_role(by=None, key=f"{name}role", name=f"{name} role", rank=rank, permissions=granted)
        fields = {"is_staff": True, "roles": [role]} | fields
    return services.create_user(by=None, username=name, password=PASSWORD, **fields)


def program_of(user: User) -> Program:
    return Program().sign_in(user)


def machine_of(owner: User, *scopes: str) -> Program:
    made = services.create_api_token(
        owner=owner, scopes=list(scopes), name="nightly", expires_at=timezone.now() + timedelta(days=1)
    )
    program = Program()
    program.tokens = {"access": made.text}
    return program


def status(program: Program, call: str, things: Things, row: Row | None = None) -> tuple[int, str]:
    """Status and error code of a call whose effects are taken back."""
    body = row.body if isinstance(row, Holders | Superusers) else {}
    method = call.split(" ")[0]
    for cache_ in caches.all():
        cache_.clear()
    with transaction.atomic():
        answer = program.call(method, things.path(call), None if method in SAFE else body)
        transaction.set_rollback(True)
    if answer.streaming:
        b"".join(answer.streaming_content)  # to its end, so that its file is closed
    told = answer.headers.get("Content-Type", "").startswith("application/json") and answer.status_code >= 400
    return answer.status_code, answer.json()["error"]["code"] if told else ""


def wrong(
    asked: Iterator[tuple[str, Any]], ask: Callable[[str, Any], Any], right: Callable[[Any], bool]
) -> dict[str, Any]:
    """What was answered otherwise than it should be."""
    answers = {call: ask(call, row) for call, row in asked}
    assert answers
    return {call: answer for call, answer in answers.items() if not right(answer)}


@pytest.fixture
def things() -> Things:
    return Things("meiling", 10)


@pytest.fixture
def peers(things: Things) -> Things:
    """What belongs to somebody who stands as high as who asks."""
    return Things("hansmeier", RANK)


class TestTable:
    def test_has_a_row_for_every_call(self):
        missing = sorted(calls().keys() - ROWS.keys())
        gone = sorted(ROWS.keys() - calls().keys())

        assert missing == [], "say in tests/access/table.py who may call these"
        assert gone == [], "there are no such calls any more: take them out of tests/access/table.py"

    def test_agrees_with_the_schema_about_nobody(self):
        public = {call for call, about in calls().items() if not any(about.get("security", []))}

        assert {call for call, _ in rows(Anybody)} == public

    def test_agrees_with_the_schema_about_machines(self):
        open_to_them = {call for call, about in calls().items() if {"apiToken": []} in about.get("security", [])}

        assert {call for call, row in ROWS.items() if isinstance(row, Holders) or getattr(row, "machines", False)} == (
            open_to_them
        )


class TestNobody:
    def test_gets_in_nowhere_but_at_the_door(self, things):
        nobody = Program()
        asked = [*rows(Themselves), *rows(Holders), *rows(Superusers)]

        assert (
            wrong(iter(asked), lambda call, row: status(nobody, call, things, row), lambda it: it == (401, "20002"))
            == {}
        )

    def test_gets_an_answer_at_the_door(self, things):
        nobody = Program()

        assert wrong(rows(Anybody), lambda call, row: status(nobody, call, things), lambda it: it[0] == 400) == {}


class TestPeopleWithoutPermissions:
    @pytest.mark.parametrize("staff", [False, True], ids=["employee", "staff"])
    def test_are_refused_what_wants_one(self, things, staff):
        porter = program_of(person("theporter", is_staff=staff))

        assert (
            wrong(rows(Holders), lambda call, row: status(porter, call, things, row), lambda it: it == (403, "10009"))
            == {}
        )

    def test_find_nothing_of_others(self, things):
        """Their sessions, tokens, imports and exports are not there for them."""
        porter = program_of(person("theporter", is_staff=True))
        asked = ((call, row) for call, row in rows(Themselves) if "{" in call)

        assert wrong(asked, lambda call, row: status(porter, call, things), lambda it: it == (404, "10008")) == {}

    def test_have_what_is_their_own(self, things):
        porter = program_of(person("theporter", is_staff=True))
        asked = ((call, row) for call, row in rows(Themselves) if "{" not in call)
        special = {
            "POST imports/": 415,
            "GET imports/template/": 400,
            "GET imports/matches/": 400,
            "DELETE imports/matches/": 400,
        }

        answers = {call: status(porter, call, things)[0] for call, _ in asked}

        assert {call: answers.pop(call) for call in special} == special
        assert {call: given for call, given in answers.items() if given in REFUSED or given >= 500} == {}


def is_let_in(answer: tuple[int, str]) -> bool:
    """Was nobody refused? The gateway is not open here, which who may ask is told."""
    return answer[1] == "40005" or (answer[0] < 500 and answer[0] not in {401, 403, 404})


class TestHolders:
    def ask(self, things: Things, call: str, row: Holders) -> tuple[int, str]:
        """As somebody who has just what the call wants."""
        with transaction.atomic():
            answer = status(program_of(person("theclerk", *row.permissions, rank=RANK)), call, things, row)
            transaction.set_rollback(True)
        return answer

    def test_are_let_in(self, things):
        gone = {"POST keys/{kid}/retire/", "DELETE realtime/connections/{connection_id}"}
        asked = ((call, row) for call, row in rows(Holders) if call not in gone)

        assert (
            wrong(
                asked,
                lambda call, row: self.ask(things, call, row),
                is_let_in,
            )
            == {}
        )

    def test_do_nothing_to_those_who_stand_as_high(self, things, peers):
        asked = ((call, row) for call, row in rows(Holders) if row.ranked)

        assert wrong(asked, lambda call, row: self.ask(peers, call, row), lambda it: it[0] == 403) == {}

    def test_may_nothing_else(self, things):
        """Each with the permission of another row that opens nothing here."""
        clerk = program_of(person("theclerk", "realtime.send", rank=RANK))
        asked = ((call, row) for call, row in rows(Holders) if "realtime.send" not in row.permissions)

        assert wrong(asked, lambda call, row: status(clerk, call, things, row), lambda it: it == (403, "10009")) == {}


class TestSuperusers:
    def test_are_let_in(self, things):
        chief = program_of(person("thechief", is_staff=True, is_superuser=True))

        assert wrong(rows(Superusers), lambda call, row: status(chief, call, things, row), is_let_in) == {}

    def test_are_the_only_ones(self, things):
        """Also not who holds every permission of that app."""
        every = Permission.objects.filter(content_type__app_label="jenkins")
        names = {f"jenkins.{one.codename}" for one in every}
        clerk = person("theclerk", *names, "accounts.add_apitoken", rank=RANK)
        machine = machine_of(clerk, *names)
        for program in (program_of(clerk), machine):
            assert (
                wrong(rows(Superusers), lambda call, row: status(program, call, things, row), lambda it: it[0] == 403)  # noqa: B023 (called at once)
                == {}
            )


class TestMachines:
    @pytest.fixture
    def owner(self) -> User:
        every = {name for _, row in rows(Holders) for name in row.permissions}
        return person("mechanic", *every, "accounts.add_apitoken", rank=RANK)

    def test_reach_what_their_scopes_name(self, things, owner):
        def ask(call: str, row: Holders) -> tuple[int, str]:
            with transaction.atomic():
                answer = status(machine_of(owner, *row.permissions), call, things, row)
                transaction.set_rollback(True)
            return answer

        asked = [(call, row) for call, row in rows(Holders) if call != "DELETE realtime/connections/{connection_id}"]
        let_in = ((call, row) for call, row in asked if not row.people)
        kept_out = ((call, row) for call, row in asked if row.people)

        assert wrong(let_in, ask, is_let_in) == {}
        assert wrong(kept_out, ask, lambda it: it[0] == 403) == {}

    def test_reach_nothing_else_of_what_their_owner_may(self, things, owner):
        machine = machine_of(owner, "realtime.send")
        asked = ((call, row) for call, row in rows(Holders) if "realtime.send" not in row.permissions)

        assert wrong(asked, lambda call, row: status(machine, call, things, row), lambda it: it[0] == 403) == {}

    def test_have_no_business_with_anybodys_own_sign_in(self, things, owner):
        machine = machine_of(owner, "accounts.view_user")
        asked = ((call, row) for call, row in rows(Themselves) if not row.machines)

        assert wrong(asked, lambda call, row: status(machine, call, things), lambda it: it[0] == 403) == {}


class TestDisplaced:
    def test_are_told_so_everywhere(self, things):
        every = {name for _, row in rows(Holders) for name in row.permissions}
        clerk = person("theclerk", *every, rank=RANK)
        first = program_of(clerk)
        program_of(clerk)
        asked = [*rows(Themselves), *rows(Holders), *rows(Superusers)]

        assert (
            wrong(iter(asked), lambda call, row: status(first, call, things, row), lambda it: it == (401, "20001"))
            == {}
        )
