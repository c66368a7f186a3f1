"""People who leave: locked out, succeeded, and forgotten when that is asked for."""

import io
import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts import mails, retention, services, sessions
from accounts.errors import AlreadyAnonymised
from accounts.models import (
    ApiToken,
    Department,
    Device,
    LoginEvent,
    LoginSession,
    Mail,
    PasswordRequest,
    SecondFactor,
    User,
)
from integrations.sheets.models import ExportJob
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def top(phone_of, boss):
    return phone_of(boss)


@pytest.fixture
def desk(phone_of, clerk):
    return phone_of(clerk)


@pytest.fixture
def lead(hire):
    """Somebody with much to hand over."""
    return hire("oldleader", real_name="老王", nickname="Wang", email="wang@example.com", phone="13800138000")


def fresh(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def handed(answer) -> dict[str, tuple[int, int]]:
    assert answer.status_code == 200, answer.content
    return {one["key"]: (one["done"], one["left_alone"]) for one in answer.json()["handed_over"]}


def leave(caller, person: User, **more: object):
    return caller.post(f"users/{person.pk}/leave", more)


@pytest.mark.every_database
class TestLeaving:
    def test_hands_over_what_they_looked_after(self, top, lead, mei, hans, boss):
        services.update_user(by=None, user=mei, manager=lead)
        services.update_user(by=None, user=hans, manager=lead)
        north = services.create_department(by=None, name="North", head=lead)
        export = ExportJob.objects.create(resource="users", created_by=lead)

        told = {one["key"]: one["number"] for one in top.get(f"users/{lead.pk}/leave").json()["results"]}
        answer = leave(top, lead, successor=mei.pk, reason="retired")

        nothing = dict.fromkeys(("tokens", "imports", "builds", "build_schedules"), 0)
        assert told == {"reports": 2, "departments": 1, "exports": 1} | nothing
        assert handed(answer) == {"reports": (2, 0), "departments": (1, 0), "exports": (1, 0)} | dict.fromkeys(
            nothing, (0, 0)
        )
        assert (fresh(hans).manager, fresh(mei).manager) == (mei, None)
        north.refresh_from_db()
        export.refresh_from_db()
        assert (north.head, export.state) == (mei, "cancelled")
        assert (answer.json()["user"]["is_active"], fresh(lead).left_at is not None) == (False, True)
        entry = LogEntry.objects.get(additional_data__event="user.left")
        assert (entry.actor, entry.additional_data["reason"]) == (boss, "retired")
        assert entry.additional_data["details"]["successor"] == mei.pk

    def test_ends_sessions_and_tokens_at_once(self, top, phone_of, lead, program, signed_machine):
        phone, machine = phone_of(lead), signed_machine(lead)
        assert machine.get("users/").status_code == 200

        leave(top, lead)

        assert phone.get("auth/me").status_code == 401
        assert machine.get("users/").status_code == 401
        services.activate_user(user=lead, by=None)
        assert machine.get("users/").status_code == 401, "a token must not wake up with its owner"

    def test_makes_nobody_their_own_manager(self, top, lead, mei, hans, boss):
        services.update_user(by=None, user=lead, manager=boss)
        services.update_user(by=None, user=mei, manager=lead)
        services.update_user(by=None, user=hans, manager=mei)

        leave(top, lead, successor=hans.pk)

        assert (fresh(mei).manager, fresh(hans).manager) == (boss, mei)

    def test_without_a_successor_leaves_nothing_in_their_name(self, top, lead, mei, boss):
        services.update_user(by=None, user=lead, manager=boss)
        services.update_user(by=None, user=mei, manager=lead)
        north = services.create_department(by=None, name="North", head=lead)

        leave(top, lead)

        north.refresh_from_db()
        assert (fresh(mei).manager, north.head) == (boss, None)

    def test_leaves_alone_what_the_caller_may_not_change(self, desk, clerk, lead, hire, mei):
        peer = hire("otherclerk", roles=clerk.roles, manager=lead)
        services.create_department(by=None, name="North", head=lead)

        answer = leave(desk, lead, successor=mei.pk)

        assert handed(answer)["reports"] == (0, 1)
        assert handed(answer)["departments"] == (0, 1)
        assert fresh(peer).manager == lead
        assert Department.objects.get().head == lead

    def test_lets_who_returns_in_again(self, top, program, lead):
        leave(top, lead)

        assert top.patch(f"users/{lead.pk}", {"is_active": True}).json()["left_at"] is None
        program().sign_in(lead)


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_never_hand_over_to_each_other(self, lead, mei, hans, boss):
        services.update_user(by=None, user=hans, manager=lead)
        pair = [lead, mei]

        answers = together(2, lambda n: services.leave(by=boss, user=pair[n], successor=pair[1 - n]))

        refused = [one for one in answers if isinstance(one, Exception)]
        assert [list(one.message_dict) for one in refused if isinstance(one, ValidationError)] == [["successor"]]
        assert sorted(fresh(one).is_active for one in pair) == [False, True]
        assert fresh(hans).manager == next(one for one in pair if fresh(one).is_active)


class TestWhoMayNotLeave:
    def test_the_last_administrator_and_oneself(self, top, boss, hire):
        assert code_of(leave(top, boss)) == (409, "10005")
        other = hire("otherboss", is_superuser=True)
        services.deactivate_user(user=other, by=None)

        assert code_of(leave(top, boss)) == (409, "10005")
        assert fresh(boss).is_active

    def test_people_as_high_as_the_caller(self, desk, boss, clerk, hire):
        peer = hire("otherclerk", roles=clerk.roles)

        assert code_of(leave(desk, boss)) == (403, "10009")
        assert code_of(leave(desk, peer)) == (403, "10009")
        assert code_of(desk.get(f"users/{peer.pk}/leave")) == (403, "10009")

    def test_to_a_successor_who_is_not_there(self, top, lead, mei):
        services.deactivate_user(user=mei, by=None)

        for successor in (lead.pk, mei.pk, 99_999, "x"):
            assert fields_of(leave(top, lead, successor=successor)) == {"successor"}
        assert fresh(lead).is_active

    def test_for_good_without_a_reason(self, top, lead):
        assert fields_of(leave(top, lead, anonymise=True)) == {"reason"}


@pytest.fixture
def signed_machine(program):
    """A machine of somebody, that may look at people."""

    def start(owner: User):
        owner.user_permissions.set(Permission.objects.filter(codename__in=["add_apitoken", "view_user"]))
        owner = fresh(owner)
        made = services.create_api_token(
            owner=owner,
            name="老王的脚本",
            scopes=["accounts.view_user"],
            expires_at=timezone.now() + timedelta(days=5),
            allowed_addresses=["127.0.0.1"],
        )
        machine = program()
        machine.tokens = {"access": made.text}
        return machine

    return start


@pytest.fixture
def traces(lead, boss, clerk, signed_machine):
    """Everything a person leaves behind."""
    picture = io.BytesIO()
    Image.new("RGB", (9, 9)).save(picture, "PNG")
    services.set_avatar(user=lead, file=SimpleUploadedFile("me.png", picture.getvalue()))
    services.update_user(by=boss, user=lead, nickname="老王头", language="en", time_zone="Europe/Paris")
    session = sessions.open(user=lead, scope="api", device="老王的手机", ip="203.0.113.7")
    LoginSession.objects.filter(pk=session.pk).update(user_agent="Firefox", browser="Firefox", country="FR")
    for user in (lead, None):
        LoginEvent.objects.create(
            user=user, username="oldleader", succeeded=False, reason="wrong_password", scope="api", ip="203.0.113.7"
        )
    for name in ("Wang@example.com", "+8613800138000"):  # before anybody knew whose it is
        LoginEvent.objects.create(username=name, succeeded=False, reason="unknown_user", scope="api", ip="203.0.113.7")
        PasswordRequest.objects.create(name=name.lower(), ip="203.0.113.7")
    Device.objects.create(user=lead, key="k", first_seen_at=timezone.now(), last_seen_at=timezone.now())
    SecondFactor.objects.create(user=lead, secret="x", begun_for="x", confirmed_at=timezone.now())
    mails.send(lead, "new_device", {"place": "Paris", "happened_at": timezone.now()})
    signed_machine(lead)
    sessions.end(session, reason="revoked", actor=boss)
    services.change_many(by=boss, chosen=[lead], action="deactivate", reason="老王 retires")


@pytest.mark.every_database
class TestAnonymising:
    def test_leaves_no_trace_of_who_it_was(self, top, lead, traces, django_capture_on_commit_callbacks):
        storage, name = lead.avatar.storage, fresh(lead).avatar.name
        with django_capture_on_commit_callbacks(execute=True):
            answer = top.post(f"users/{lead.pk}/anonymise", {"reason": "asked us to"})

        assert answer.status_code == 200, answer.content
        person = fresh(lead)
        assert (person.username, str(person), person.phone, person.email) == (f"left-{lead.pk}",) * 2 + (None, "")
        assert not person.has_usable_password()
        assert not storage.exists(name)
        assert not person.groups.exists()
        assert not person.user_permissions.exists()
        for kind in (Device, SecondFactor, Mail):
            assert not kind.objects.filter(user=lead).exists()
        session = LoginSession.objects.get(user=lead)
        assert (session.ip, session.device, session.user_agent, session.country) == (None, "", "", "")
        token = ApiToken.objects.get(owner=lead)
        assert (token.name, token.allowed_addresses) == (f"left-{lead.pk}", [])
        assert set(LoginEvent.objects.values_list("username", "ip").exclude(user=None, succeeded=True)) >= {
            (f"left-{lead.pk}", None)
        }
        for name in ("oldleader", "Wang@example.com", "+8613800138000"):
            assert not LoginEvent.objects.filter(username=name).exists()
        assert not PasswordRequest.objects.exists()

    def test_keeps_what_was_done_in_the_audit_trail_but_not_by_whom(self, top, lead, traces, mei, boss):
        services.change_many(by=boss, chosen=[mei], action="deactivate")
        before = LogEntry.objects.count()
        top.post(f"users/{lead.pk}/anonymise", {"reason": "asked us to"})

        assert LogEntry.objects.count() >= before
        kept = [
            json.dumps([one.object_repr, one.changes, one.additional_data, one.changes_text], ensure_ascii=False)
            for one in LogEntry.objects.all()
        ]
        for trace in ("oldleader", "老王", "Wang", "wang@example.com", "13800138000", "203.0.113.7", "Europe/Paris"):
            assert [one for one in kept if trace in one] == []
        assert LogEntry.objects.filter(object_pk=str(lead.pk), additional_data__event="user.deactivated").exists()
        assert LogEntry.objects.filter(object_repr="小明 (meiling)").exists(), "others stay who they are"

    def test_cannot_be_taken_back(self, top, lead, traces):
        top.post(f"users/{lead.pk}/anonymise", {"reason": "asked us to"})

        assert code_of(top.patch(f"users/{lead.pk}", {"is_active": True})) == (409, "10005")
        assert code_of(top.patch(f"users/{lead.pk}", {"real_name": "老王"})) == (409, "10005")
        assert code_of(top.post(f"users/{lead.pk}/anonymise", {"reason": "again"})) == (409, "10005")
        assert code_of(leave(top, lead)) == (409, "10005")
        with pytest.raises(AlreadyAnonymised):
            services.set_password(user=lead, password="another-good-one")
        assert top.patch(f"users/{lead.pk}", {"department": None}).status_code == 200

    def test_at_once_while_leaving(self, top, lead):
        answer = leave(top, lead, anonymise=True, reason="asked us to")

        assert answer.json()["user"]["username"] == f"left-{lead.pk}"
        assert answer.json()["user"]["anonymised_at"]

    def test_frees_phone_and_user_name(self, top, lead, hire):
        leave(top, lead, anonymise=True, reason="asked us to")

        assert hire("oldleader", phone="13800138000")


class TestWhoIsNotAnonymised:
    def test_who_is_still_here(self, top, lead):
        assert code_of(top.post(f"users/{lead.pk}/anonymise", {"reason": "x"})) == (409, "10005")

    def test_without_a_reason(self, top, lead):
        services.deactivate_user(user=lead, by=None)

        for body in ({}, {"reason": ""}, {"reason": " "}, {"reason": 5}):
            assert fields_of(top.post(f"users/{lead.pk}/anonymise", body)) == {"reason"}

    def test_by_those_without_permission_proof_or_rank(self, desk, top, lead, boss, hire, role, phone_of, settings):
        services.deactivate_user(user=lead, by=None)
        other = hire("otherboss", is_superuser=True)
        services.deactivate_user(user=other, by=None)
        changer = hire("thechanger", roles=[role("changers", 60, "accounts.change_user")])

        assert code_of(desk.post(f"users/{other.pk}/anonymise", {"reason": "x"})) == (403, "10009")
        assert code_of(phone_of(changer).post(f"users/{lead.pk}/anonymise", {"reason": "x"})) == (403, "10009")
        assert code_of(leave(phone_of(changer), lead, anonymise=True, reason="x")) == (403, "10009")
        settings.STEP_UP_SECONDS = 0
        assert code_of(top.post(f"users/{lead.pk}/anonymise", {"reason": "x"})) == (403, "20008")
        assert fresh(lead).username == "oldleader"

    def test_by_machines(self, lead, hire, program):
        keeper = hire("thekeeper", is_superuser=True)
        made = services.create_api_token(
            owner=keeper,
            name="broom",
            scopes=["accounts.delete_user", "accounts.change_user", "accounts.view_user"],
            expires_at=timezone.now() + timedelta(days=5),
        )
        machine = program()
        machine.tokens = {"access": made.text}

        assert leave(machine, lead).status_code == 200
        assert code_of(machine.post(f"users/{lead.pk}/anonymise", {"reason": "x"})) == (403, "10009")


class TestRetention:
    def test_forgets_who_left_long_ago_and_nobody_else(self, settings, lead, mei, hans, boss):
        for person in (lead, mei):
            services.leave(by=None, user=person)
        services.deactivate_user(user=hans, by=None)
        User.objects.filter(pk=lead.pk).update(left_at=timezone.now() - timedelta(days=31))

        retention.purge()
        assert fresh(lead).username == "oldleader", "off unless it is asked for"

        settings.LEAVER_ANONYMISE_DAYS = 30
        assert retention.purge()["leavers"] == 1
        assert [fresh(one).username for one in (lead, mei, hans)] == [f"left-{lead.pk}", "meiling", "hansmeier"]
