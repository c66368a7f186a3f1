"""Acting as somebody else: who may, what they may then, how it ends, and that it is never mistaken for the person."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from channels.db import database_sync_to_async
from django.test import Client
from django.utils import timezone

from accounts import mails, services, tasks, tickets, tokens
from accounts.authentication import ended_sessions
from accounts.models import Department, LoginEvent, LoginSession, Mail, User
from realtime.core.codes import Refused
from realtime.transport.credentials import Credentials, identify
from tests.accounts.conftest import code_of, fields_of

pytestmark = pytest.mark.django_db

WHY = {"reason": "She cannot find the export"}


@pytest.fixture
def helper(hire, role) -> User:
    """Staff of rank 60 who may act as others, and change things meanwhile."""
    powers = ("view_user", "impersonate_user", "impersonate_write", "add_apitoken")
    office = role("helpers", 60, *(f"accounts.{power}" for power in powers))
    return hire("thehelper", real_name="Helga", is_staff=True, roles=[office])


@pytest.fixture
def in_as(program, open_session):
    """Start a program that somebody is signed in with, without asking for a password."""

    def act(user):
        one = program()
        one.tokens = {"access": tokens.access(open_session(user))}
        return one

    return act


@pytest.fixture
def acting(in_as, helper, clerk):
    """The helper's program, acting as the clerk."""
    one = in_as(helper)
    assert one.post(f"users/{clerk.pk}/impersonate", WHY).status_code == 200
    return one


@pytest.fixture
def writing(in_as, helper, clerk):
    """The helper's program, acting as the clerk, and changing things."""
    one = in_as(helper)
    assert one.post(f"users/{clerk.pk}/impersonate", WHY | {"read_only": False}).status_code == 200
    return one


def name_of(program) -> str:
    return program.get("auth/me").json()["username"]


def why_ended() -> list[str]:
    entries = LogEntry.objects.filter(additional_data__event="impersonation.ended")
    return [one.additional_data["details"]["why"] for one in entries]


class TestBeginning:
    def test_makes_the_session_speak_for_the_subject(self, in_as, helper, clerk):
        program = in_as(helper)

        answer = program.post(f"users/{clerk.pk}/impersonate", WHY)

        assert answer.status_code == 200
        told = answer.json()
        assert (told["subject"], told["username"], told["actor"]) == (clerk.pk, "theclerk", "thehelper")
        assert told["read_only"] is True
        me = program.get("auth/me").json()
        assert me["username"] == "theclerk"
        assert "accounts.change_user" in me["permissions"]
        assert "accounts.impersonate_user" not in me["permissions"]  # not the union of both
        assert me["impersonated_by"]["username"] == "thehelper"
        assert me["impersonated_by"]["until"] == told["until"]

    def test_says_nothing_of_the_kind_to_who_asks_themselves(self, in_as, clerk):
        assert in_as(clerk).get("auth/me").json()["impersonated_by"] is None

    @pytest.mark.parametrize(
        "body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 201}, {"reason": "a\u0007"}]
    )
    def test_needs_a_reason(self, in_as, helper, clerk, body):
        program = in_as(helper)

        assert fields_of(program.post(f"users/{clerk.pk}/impersonate", body)) == {"reason"}
        assert name_of(program) == "thehelper"

    def test_takes_nothing_that_it_does_not_know(self, in_as, helper, clerk):
        asked = WHY | {"read_only": "perhaps", "until": "2099-01-01"}

        assert fields_of(in_as(helper).post(f"users/{clerk.pk}/impersonate", asked)) == {"read_only", "until"}

    def test_needs_the_permission(self, in_as, hire, role, mei):
        watcher = hire("thewatcher", roles=[role("watchers", 60, "accounts.view_user", "accounts.impersonate_write")])

        assert code_of(in_as(watcher).post(f"users/{mei.pk}/impersonate", WHY)) == (403, "10009")

    def test_needs_a_rank_above_the_subjects(self, in_as, helper, hire, role, boss):
        peer = hire("thepeer", roles=[role("peers", 60)])
        higher = hire("thehigher", roles=[role("higher", 61)])
        program = in_as(helper)

        for subject in (peer, higher, boss):
            assert code_of(program.post(f"users/{subject.pk}/impersonate", WHY)) == (403, "10009")
        assert name_of(program) == "thehelper"

    def test_a_superuser_may_act_as_anybody_but_themselves(self, in_as, boss, hire):
        other = hire("otherboss", is_superuser=True)
        program = in_as(boss)

        assert code_of(program.post(f"users/{boss.pk}/impersonate", WHY)) == (409, "10005")
        assert program.post(f"users/{other.pk}/impersonate", WHY).status_code == 200

    def test_is_about_people_in_reach(self, in_as, hire, role):
        north, south = (Department.objects.create(name=name, position=number) for number, name in enumerate("NS"))
        office = role("keepers", 60, "accounts.view_user", "accounts.impersonate_user")
        services.update_role(by=None, role=office, scope="department")
        program = in_as(hire("thekeeper", department=north, roles=[office]))
        near, far = hire("nearby", department=north), hire("faraway", department=south)

        assert code_of(program.post(f"users/{far.pk}/impersonate", WHY)) == (404, "10008")
        assert program.post(f"users/{near.pk}/impersonate", WHY).status_code == 200
        services.update_user(by=None, user=near, department=south)

        assert code_of(program.get("auth/me")) == (403, "10009")
        assert name_of(program) == "thekeeper"
        assert why_ended() == ["lost"]

    def test_is_about_people_who_are_there(self, in_as, helper, mei):
        program = in_as(helper)
        services.deactivate_user(user=mei, by=None)

        assert code_of(program.post(f"users/{mei.pk}/impersonate", WHY)) == (409, "10005")
        assert code_of(program.post("users/999999/impersonate", WHY)) == (404, "10008")

    def test_needs_a_recent_sign_in(self, in_as, helper, clerk):
        program = in_as(helper)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(seconds=601))

        assert code_of(program.post(f"users/{clerk.pk}/impersonate", WHY)) == (403, "20008")

    def test_changing_things_needs_a_permission_of_its_own(self, in_as, hire, role, mei):
        reader = hire("thereader", roles=[role("readers", 60, "accounts.view_user", "accounts.impersonate_user")])
        program = in_as(reader)

        assert code_of(program.post(f"users/{mei.pk}/impersonate", WHY | {"read_only": False})) == (403, "10009")
        assert program.post(f"users/{mei.pk}/impersonate", WHY).status_code == 200

    def test_is_not_for_machines(self, helper, clerk, program):
        made = services.create_api_token(
            owner=helper,
            name="robot",
            scopes=["accounts.view_user", "accounts.impersonate_user"],
            expires_at=timezone.now() + timedelta(days=1),
        )
        machine = program()
        machine.tokens = {"access": made.text}

        answer = machine.post(f"users/{clerk.pk}/impersonate", WHY)

        assert code_of(answer) == (403, "10009")
        assert "API token" in answer.json()["error"]["message"]

    def test_does_not_go_further_from_person_to_person(self, in_as, boss, helper, mei):
        program = in_as(boss)
        program.post(f"users/{helper.pk}/impersonate", WHY | {"read_only": False})

        answer = program.post(f"users/{mei.pk}/impersonate", WHY)

        assert code_of(answer) == (403, "10009")
        assert "act as somebody else" in answer.json()["error"]["message"]
        assert name_of(program) == "thehelper"

    def test_is_told_the_person_with_the_reason(self, in_as, helper, hire):
        wang = hire("wangfang", email="wang@example.com", language="en")

        in_as(helper).post(f"users/{wang.pk}/impersonate", WHY)

        mail = Mail.objects.get()
        assert (mail.user, mail.name) == (wang, "impersonated")
        text = impersonation_mail(mail)
        assert "Helga acts as you" in text
        assert WHY["reason"] in text
        assert "without being able to change anything" in text

    def test_is_not_told_where_the_house_says_so(self, in_as, helper, hire, settings):
        settings.IMPERSONATION_TELLS = False
        wang = hire("wangfang", email="wang@example.com")

        assert in_as(helper).post(f"users/{wang.pk}/impersonate", WHY).status_code == 200
        assert not Mail.objects.exists()


def impersonation_mail(mail: Mail) -> str:
    message = mails.compose(mail)
    return f"{message.subject}\n{message.body}"


class TestTheSubject:
    def test_stays_signed_in_and_is_nowhere_counted(self, in_as, phone_of, helper, clerk):
        phone = phone_of(clerk)
        clerk.refresh_from_db()
        last_login, events = clerk.last_login, LoginEvent.objects.count()
        program = in_as(helper)

        program.post(f"users/{clerk.pk}/impersonate", WHY)

        assert name_of(phone) == "theclerk"
        assert [one["current"] for one in phone.get("auth/sessions").json()["results"]] == [True]
        clerk.refresh_from_db()
        assert clerk.last_login == last_login
        assert LoginEvent.objects.count() == events
        assert LoginSession.objects.live().filter(user=clerk).count() == 1
        assert not clerk.devices.exclude(first_seen_at__lte=clerk.last_login + timedelta(minutes=1)).exists()

    def test_may_sign_in_and_out_without_ending_it(self, acting, phone_of, clerk):
        phone = phone_of(clerk)
        assert phone.post("auth/logout").status_code == 204

        assert name_of(acting) == "theclerk"

    def test_shows_where_the_actor_is_signed_in(self, acting, helper):
        session = LoginSession.objects.get(user=helper)

        assert session.subject is not None
        assert session.subject.username == "theclerk"


class TestReading:
    def test_sees_what_the_subject_sees(self, acting):
        assert acting.get("users/").status_code == 200
        assert code_of(acting.get("roles/")) == (403, "10009")

    def test_changes_nothing(self, acting, mei):
        answer = acting.patch(f"users/{mei.pk}/", {"nickname": "x"})

        assert code_of(answer) == (403, "10009")
        assert "only read" in answer.json()["error"]["message"]
        mei.refresh_from_db()
        assert mei.nickname == ""

    def test_looks_at_nothing_of_their_sign_in(self, acting):
        for path in ("auth/sessions", "auth/totp", "auth/tokens", "auth/sign-ins"):
            assert code_of(acting.get(path)) == (403, "10009"), path


class TestWriting:
    def test_changes_what_the_subject_may_change(self, writing, mei, clerk):
        assert writing.patch(f"users/{mei.pk}/", {"nickname": "M"}).status_code == 200
        assert code_of(writing.post("roles/", {"key": "k", "name": "n", "rank": 1})) == (403, "10009")

    def test_stops_with_the_permission_to(self, writing, helper, mei):
        helper_role = helper.roles[0]
        permissions = helper_role.group.permissions.exclude(codename="impersonate_write")
        services.update_role(by=None, role=helper_role, permissions=list(permissions))

        assert code_of(writing.patch(f"users/{mei.pk}/", {"nickname": "M"})) == (403, "10009")
        assert name_of(writing) == "theclerk"  # still there to read

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("PATCH", "auth/me"),
            ("DELETE", "auth/me/avatar"),
            ("POST", "auth/password"),
            ("POST", "auth/confirm"),
            ("POST", "auth/totp"),
            ("DELETE", "auth/totp"),
            ("GET", "auth/totp"),
            ("POST", "auth/tokens"),
            ("GET", "auth/sessions"),
            ("POST", "auth/sessions/revoke-others"),
            ("POST", "auth/ticket"),
        ],
    )
    def test_never_reaches_the_subjects_own_sign_in(self, writing, method, path):
        answer = writing.call(method, path, {} if method in {"POST", "PATCH"} else None)

        assert code_of(answer) == (403, "10009")
        assert "for themselves only" in answer.json()["error"]["message"]

    def test_never_passes_a_door_that_wants_proof(self, in_as, boss, hire, role, mei):
        """The clerk may make roles, but what a role permits wants proof."""
        chief = hire("thechief", roles=[role("chiefs", 70, "accounts.add_role", "accounts.view_user")])
        program = in_as(boss)
        program.post(f"users/{chief.pk}/impersonate", WHY | {"read_only": False})
        made = {"key": "k", "name": "n", "rank": 1}

        answer = program.post("roles/", made | {"permissions": ["accounts.view_user"]})

        assert code_of(answer) == (403, "10009")
        assert "for themselves only" in answer.json()["error"]["message"]
        assert program.post("roles/", made).status_code == 201

    def test_is_not_for_superusers_powers(self, in_as, boss, hire, mei):
        other = hire("otherboss")
        program = in_as(boss)
        program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        User.objects.filter(pk=other.pk).update(is_superuser=True)  # meanwhile

        assert "only read" in program.patch(f"users/{mei.pk}/", {"nickname": "x"}).json()["error"]["message"]
        program.delete("auth/impersonation")
        refused = program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        assert code_of(refused) == (409, "10005")

    def test_never_sets_passwords(self, helper, clerk, mei):
        clerk.impersonator = helper

        with pytest.raises(Exception, match="act as somebody else"):
            services.set_password(user=mei, password="correct horse battery 2", by=clerk)


class TestEnding:
    def test_is_one_call_that_may_be_repeated(self, acting):
        assert acting.delete("auth/impersonation").status_code == 204
        assert acting.delete("auth/impersonation").status_code == 204

        assert name_of(acting) == "thehelper"
        assert why_ended() == ["stopped"]

    def test_comes_by_itself(self, acting, settings):
        start = timezone.now()
        with time_machine.travel(start + timedelta(seconds=899)):
            assert name_of(acting) == "theclerk"
        with time_machine.travel(start + timedelta(seconds=901)):
            answer = acting.get("auth/me")

            assert code_of(answer) == (403, "10009")
            assert "time for it is over" in answer.json()["error"]["message"]
            assert name_of(acting) == "thehelper"
        assert why_ended() == ["time"]

    def test_never_outlives_the_session(self, in_as, helper, clerk, settings):
        settings.SESSION_EXPIRES, settings.SESSION_AUTO_REFRESH = 60, False
        program = in_as(helper)

        program.post(f"users/{clerk.pk}/impersonate", WHY)

        session = LoginSession.objects.get(user=helper)
        assert session.subject_until == session.runs_out_at

    def test_comes_with_the_actors_session(self, acting, helper):
        assert acting.post("auth/logout").status_code == 204

        assert code_of(acting.get("auth/me")) == (401, "20002")
        assert why_ended() == ["session"]
        assert LoginSession.objects.get(user=helper).subject is None

    def test_comes_when_the_actor_is_disabled(self, acting, helper):
        services.deactivate_user(user=helper, by=None)

        assert code_of(acting.get("users/")) == (401, "20002")
        assert why_ended() == ["session"]

    def test_comes_when_the_actor_loses_the_permission(self, acting, helper):
        services.set_roles(by=None, user=helper, roles=[])

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"
        assert why_ended() == ["lost"]

    def test_comes_when_the_subject_rises_to_the_actors_rank(self, acting, clerk, role):
        services.set_roles(by=None, user=clerk, roles=[*clerk.roles, role("risen", 60)])

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"

    def test_comes_when_the_subject_is_disabled(self, acting, clerk):
        services.deactivate_user(user=clerk, by=None)

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"
        assert why_ended() == ["gone"]

    def test_comes_when_the_subject_is_deleted(self, acting, clerk):
        services.delete_user(user=clerk, by=None)

        assert name_of(acting) == "thehelper"
        assert why_ended() == ["gone"]

    def test_does_nothing_in_the_actors_own_name_by_mistake(self, boss, in_as, hire, mei):
        """A call that was meant in the subject's name is refused when that has just ended."""
        other = hire("otherclerk")
        program = in_as(boss)
        program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        services.deactivate_user(user=other, by=None)

        assert code_of(program.patch(f"users/{mei.pk}/", {"nickname": "x"})) == (403, "10009")
        mei.refresh_from_db()
        assert mei.nickname == ""

    def test_is_seen_to_where_nobody_asks_any_more(self, acting, helper):
        LoginSession.objects.update(subject_until=timezone.now())

        tasks.close_run_out()

        assert LoginSession.objects.get(user=helper).subject is None
        assert why_ended() == ["time"]

    def test_leaves_the_session_as_it_was(self, acting, helper):
        acting.delete("auth/impersonation")

        session = LoginSession.objects.get(user=helper)
        assert session.is_live
        assert (session.subject, session.subject_until, session.subject_writes) == (None, None, False)
        assert acting.get("auth/sessions").status_code == 200

    def test_refreshing_goes_on_meanwhile(self, phone_of, helper, clerk):
        phone = phone_of(helper)
        phone.post(f"users/{clerk.pk}/impersonate", WHY)

        answer = phone.refresh()

        assert answer.status_code == 200
        assert answer.json()["user"]["username"] == "thehelper"
        phone.tokens = answer.json()
        assert name_of(phone) == "theclerk"


class TestTraces:
    def test_name_both_in_the_audit_trail_by_event_and_by_change(self, writing, helper, clerk, mei):
        writing.patch(f"users/{mei.pk}/", {"nickname": "M"})
        began = LogEntry.objects.get(additional_data__event="impersonation.started")
        changed = next(
            one for one in LogEntry.objects.filter(object_pk=str(mei.pk)) if "nickname" in (one.changes or {})
        )

        assert (began.actor, began.object_pk) == (helper, str(clerk.pk))
        assert began.additional_data["reason"] == WHY["reason"]
        assert changed.actor == helper
        assert (changed.additional_data["as_user"], changed.additional_data["as"]) == (clerk.pk, "theclerk")

    def test_name_both_where_a_service_says_who_acts(self, writing, helper, clerk, mei):
        answer = writing.patch(f"users/{mei.pk}/", {"is_active": False})

        assert answer.status_code == 200
        entry = LogEntry.objects.get(additional_data__event="user.deactivated")
        assert entry.actor == helper
        assert entry.additional_data["as_user"] == clerk.pk

    def test_are_left_by_no_end_of_sessions_which_is_for_oneself_to_decide(self, writing, mei):
        answer = writing.post(f"users/{mei.pk}/end-sessions")

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "10009")
        assert not LogEntry.objects.filter(additional_data__event="sessions.ended").exists()

    def test_name_both_in_each_line_of_the_log(self, acting, helper, clerk, caplog):
        acting.get("users/")

        lines = [one.msg for one in caplog.records if isinstance(one.msg, dict) and one.msg.get("event") == "request"]
        assert [(one["user_id"], one["actor_id"]) for one in lines[-1:]] == [(clerk.pk, helper.pk)]

    def test_end_with_it(self, acting, helper, caplog):
        acting.delete("auth/impersonation")
        caplog.clear()
        acting.get("auth/me")

        lines = [one.msg for one in caplog.records if isinstance(one.msg, dict) and one.msg.get("event") == "request"]
        assert [(one["user_id"], one.get("actor_id")) for one in lines] == [(helper.pk, None)]


@pytest.mark.django_db(transaction=True)
class TestSockets:
    async def test_are_neither_opened_nor_kept(self, boss, mei, open_session):
        session = await in_thread(open_session, boss)
        before = await in_thread(tokens.access, session)
        browser = Client()
        await in_thread(browser.force_login, boss)
        of_browser = await LoginSession.objects.select_related("user").aget(scope="admin")
        held = [session.sid, of_browser.sid]
        assert await ended_sessions(held) == {}

        for one in (session, of_browser):
            subject = await in_thread(lambda: User.objects.create_superuser(f"subject{timezone.now():%f}"))
            await in_thread(lambda one=one, subject=subject: begin(one, subject))

        assert await ended_sessions(held) == dict.fromkeys(held, 4500)
        ticket = await in_thread(tickets.issue, session)  # one that was got before
        for shown in (
            Credentials(bearer=before),
            Credentials(frame={"access": before}),
            Credentials(ticket=ticket),
            Credentials(cookie_session_key=browser.cookies["sessionid"].value),
        ):
            with pytest.raises(Refused) as refused:
                await identify(shown)
            assert (refused.value.code, "somebody else" in str(refused.value.message)) == (4500, True), shown

        await in_thread(lambda: services.stop_impersonating(session=LoginSession.objects.get(pk=session.pk)))

        assert await ended_sessions(held) == {of_browser.sid: 4500}
        who = await identify(Credentials(bearer=before))
        assert who
        assert who.username == "theboss"


def begin(session: LoginSession, subject: User) -> LoginSession:
    return services.impersonate(session=session, subject=subject, by=session.user, reason="x")


async def in_thread(function, *arguments):
    return await database_sync_to_async(function, thread_sensitive=False)(*arguments)
