"""Machines: their tokens, what those reach, and what they never do."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from auditlog.models import LogEntry
from channels.db import database_sync_to_async
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import machines, services, sessions
from accounts.authentication import ended_sessions
from accounts.models import ApiToken, LoginEvent, LoginSession, Machine, User
from project.core import logs
from project.core.redaction import redacted_text
from realtime.core.codes import Refused
from realtime.topics import has_permission
from realtime.transport.credentials import Credentials, identify
from tests.accounts.conftest import Program, code_of, fields_of

pytestmark = pytest.mark.django_db

SEES_PEOPLE = "accounts.view_user"


def soon(days: int = 30) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


@pytest.fixture
def mechanic(hire, role) -> User:
    """Staff of rank 50 who looks after people, and has machines."""
    powers = [f"accounts.{deed}_user" for deed in ("view", "add", "change", "delete")]
    return hire("mechanic", is_staff=True, roles=[role("mechanics", 50, *powers, "accounts.add_apitoken")])


@pytest.fixture
def token_of():
    """Make a token: `token_of(mechanic, "accounts.view_user")`."""

    def make(owner: User, *scopes: str, **more) -> services.NewToken:
        given: dict[str, Any] = {"name": "nightly export", "expires_at": timezone.now() + timedelta(days=30)}
        return services.create_api_token(owner=owner, scopes=scopes or [SEES_PEOPLE], **given | more)

    return make


@pytest.fixture
def machine_with():
    """A program that shows a token."""

    def start(made: services.NewToken | str) -> Program:
        program = Program()
        program.tokens = {"access": made if isinstance(made, str) else made.text}
        return program

    return start


class TestTokens:
    def test_are_shown_once_and_kept_as_a_hash_only(self, phone_of, mechanic):
        phone = phone_of(mechanic)
        asked = {"name": "nightly", "scopes": [SEES_PEOPLE], "expires_at": soon(), "allowed_addresses": ["127.0.0.0/8"]}

        answer = phone.post("auth/tokens", asked)

        assert answer.status_code == 201, answer.content
        assert answer["Cache-Control"] == "no-store"
        made = answer.json()
        assert re.fullmatch(r"ght_[0-9A-Za-z]{50}", made["token"])
        assert made["token"][4:16] == made["id"]
        row = ApiToken.objects.get()
        secret = made["token"][16:48]
        kept = " ".join(str(getattr(row, field.attname)) for field in ApiToken._meta.concrete_fields)
        assert secret not in kept
        listed = phone.get("auth/tokens").content.decode()
        written = " ".join(str(one.__dict__) for one in LogEntry.objects.all())
        for text in (listed, written):
            assert secret not in text
            assert row.secret_hash not in text
        assert made["id"] in listed

    def test_have_a_checksum_that_needs_no_database(self, mechanic, token_of, django_assert_num_queries):
        text = token_of(mechanic).text
        mistyped = text[:20] + ("A" if text[20] != "A" else "B") + text[21:]

        with django_assert_num_queries(0):
            assert machines.read(text) is not None
            assert machines.read(mistyped) is None
            assert machines.read(text[:-1]) is None
            assert machines.read(text.replace("ght_", "ghp_")) is None

    def test_never_reach_a_log(self, mechanic, token_of):
        text = token_of(mechanic).text

        assert text not in redacted_text(f"calling with {text} failed")
        assert "ght_" not in str(logs._redact(None, "", {"event": f"shown {text}"}))

    def test_outlive_a_change_of_the_secret_key(self, mechanic, token_of, machine_with, settings):
        made = token_of(mechanic)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another one, of which nobody has told"
        assert machine_with(made).get("users/").status_code == 200

        settings.SECRET_KEY_FALLBACKS = []
        assert code_of(machine_with(made).get("users/")) == (401, "20002")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": ""}, "name"),
            ({"scopes": []}, "scopes"),
            ({"scopes": ["accounts.fly"]}, "scopes"),
            ({"scopes": "accounts.view_user"}, "scopes"),
            ({"expires_at": None}, "expires_at"),
            ({"expires_at": soon(-1)}, "expires_at"),
            ({"expires_at": soon(400)}, "expires_at"),
            ({"allowed_addresses": ["10.1"]}, "allowed_addresses"),
            ({"owner": "theboss"}, "owner"),
            ({"secret_hash": "0" * 64}, "secret_hash"),
        ],
    )
    @pytest.mark.attack("T-F-11")
    def test_say_which_field_is_wrong(self, phone_of, mechanic, change, field):
        asked = {"name": "nightly", "scopes": [SEES_PEOPLE], "expires_at": soon()} | change

        assert fields_of(phone_of(mechanic).post("auth/tokens", asked)) == {field}
        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize("missing", ["name", "scopes", "expires_at"])
    def test_need_name_scopes_and_an_end(self, phone_of, mechanic, missing):
        asked = {"name": "nightly", "scopes": [SEES_PEOPLE], "expires_at": soon()}
        del asked[missing]

        assert fields_of(phone_of(mechanic).post("auth/tokens", asked)) == {missing}

    def test_need_a_permission_and_give_no_more_than_one_has(self, phone_of, mechanic, clerk):
        asked = {"name": "nightly", "scopes": ["accounts.view_role"], "expires_at": soon()}

        refused = phone_of(mechanic).post("auth/tokens", asked)
        assert code_of(refused) == (403, "10009")
        assert "accounts.view_role" in refused.json()["error"]["message"]
        assert code_of(phone_of(clerk).post("auth/tokens", asked | {"scopes": [SEES_PEOPLE]})) == (403, "10009")

    def test_need_somebody_who_signed_in_of_late(self, phone_of, mechanic, settings):
        phone = phone_of(mechanic)
        settings.STEP_UP_SECONDS = 0

        answer = phone.post("auth/tokens", {"name": "nightly", "scopes": [SEES_PEOPLE], "expires_at": soon()})

        assert code_of(answer) == (403, "20008")


class TestReach:
    def test_is_what_the_token_names(self, mechanic, mei, token_of, machine_with):
        machine = machine_with(token_of(mechanic, SEES_PEOPLE))

        assert machine.get("users/").status_code == 200
        assert code_of(machine.patch(f"users/{mei.pk}/", {"nickname": "x"})) == (403, "10009")
        assert code_of(machine.get("departments/")) == (403, "10009")

    def test_is_no_more_than_the_owner_may_at_this_moment(self, mechanic, token_of, machine_with):
        machine = machine_with(token_of(mechanic, SEES_PEOPLE))
        assert machine.get("users/").status_code == 200

        role = mechanic.roles[0]
        services.update_role(by=None, role=role, permissions=Permission.objects.filter(codename="add_apitoken"))
        assert code_of(machine.get("users/")) == (403, "10009")

        services.update_role(by=None, role=role, permissions=Permission.objects.filter(codename="view_user"))
        assert machine.get("users/").status_code == 200
        services.set_roles(user=mechanic, roles=[], by=None)
        assert code_of(machine.get("users/")) == (403, "10009")

    @pytest.mark.attack("T-US-1")
    def test_ends_with_the_owners_account(self, mechanic, boss, token_of, machine_with):
        machine = machine_with(token_of(mechanic))
        services.deactivate_user(user=mechanic, by=boss)

        assert code_of(machine.get("users/")) == (401, "20002")

    def test_respects_the_owners_rank(self, mechanic, hire, mei, role, token_of, machine_with):
        machine = machine_with(token_of(mechanic, SEES_PEOPLE, "accounts.change_user"))
        chief = hire("thechief", roles=[role("chiefs", 60)])

        assert machine.patch(f"users/{mei.pk}/", {"nickname": "x"}).status_code == 200
        assert code_of(machine.patch(f"users/{chief.pk}/", {"nickname": "x"})) == (403, "10009")
        assert code_of(machine.patch(f"users/{mechanic.pk}/", {"nickname": "x"})) == (403, "10009")

    @pytest.mark.attack("T-F-11")
    def test_of_a_superusers_machine_is_its_scopes_and_no_superusers_powers(
        self, boss, mei, hire, token_of, machine_with
    ):
        other = hire("otherboss", is_superuser=True)
        machine = machine_with(token_of(boss, SEES_PEOPLE, "accounts.change_user", "accounts.add_role"))

        assert machine.patch(f"users/{mei.pk}/", {"nickname": "x"}).status_code == 200
        assert machine.patch(f"users/{mei.pk}/", {"is_superuser": True}).status_code == 403
        assert code_of(machine.patch(f"users/{mei.pk}/", {"is_staff": True})) == (403, "10009")
        assert code_of(machine.patch(f"users/{other.pk}/", {"nickname": "x"})) == (403, "10009")
        assert code_of(machine.get("roles/")) == (403, "10009")
        richer = {"key": "rich", "name": "Rich", "permissions": ["accounts.delete_user"]}
        assert machine.post("roles/", richer).status_code == 403
        for person in (mei, other, boss):
            fresh = User.objects.get(pk=person.pk)
            assert (fresh.is_superuser, fresh.is_staff) == (person.is_superuser, person.is_staff)

    def test_ends_on_its_day(self, mechanic, token_of, machine_with):
        machine = machine_with(token_of(mechanic, expires_at=timezone.now() + timedelta(days=2)))
        assert machine.get("users/").status_code == 200

        with time_machine.travel(timezone.now() + timedelta(days=2, seconds=1)):
            assert code_of(machine.get("users/")) == (401, "20002")

    def test_ends_at_its_addresses(self, mechanic, token_of, machine_with):
        machine = machine_with(token_of(mechanic, allowed_addresses=["10.1.*", "2001:db8::/64"]))

        assert machine.get("users/", REMOTE_ADDR="10.1.2.3").status_code == 200
        assert machine.get("users/", REMOTE_ADDR="::ffff:10.1.2.3").status_code == 200
        assert machine.get("users/", REMOTE_ADDR="2001:db8::1").status_code == 200
        assert code_of(machine.get("users/", REMOTE_ADDR="110.1.0.1")) == (403, "10009")
        assert code_of(machine.get("users/", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "10.1.2.3"})) == (
            403,
            "10009",
        )

    def test_obeys_the_address_rules_too(self, mechanic, token_of, machine_with):
        machine = machine_with(token_of(mechanic))
        services.create_address_rule(by=None, effect="deny", pattern="127.0.0.1")

        assert code_of(machine.get("users/")) == (403, "10009")

    @pytest.mark.parametrize("spoilt", ["", "ght_", "ght_" + "0" * 50, "ght_" + "x" * 5000, "ght_\udcff", "eyJ0.e.x"])
    def test_is_nothing_for_what_is_no_token(self, db, machine_with, spoilt):
        answer = machine_with(spoilt.encode("utf-8", "replace").decode()).get("users/")

        assert code_of(answer) == (401, "20002")

    def test_is_nothing_for_the_id_of_one_with_the_secret_of_another(self, mechanic, token_of, machine_with):
        one, other = (machines.read(token_of(mechanic).text) for _ in range(2))

        mixed = str(machines.Parts(one.key_id, other.secret))

        assert machines.read(mixed) is not None  # well-formed
        assert code_of(machine_with(mixed).get("users/")) == (401, "20002")


class TestPeople:
    def test_are_never_displaced_nor_counted(self, phone_of, mechanic, token_of, machine_with):
        phone = phone_of(mechanic)
        machine = machine_with(token_of(mechanic))

        for _ in range(3):
            assert machine.get("users/").status_code == 200

        assert phone.get("auth/me").status_code == 200
        assert LoginSession.objects.count() == 1
        assert LoginEvent.objects.filter(succeeded=True).count() == 1
        assert [one["current"] for one in phone.get("auth/sessions").json()["results"]] == [True]

    def test_may_sign_out_everywhere_without_stopping_their_machines(self, phone_of, mechanic, token_of, machine_with):
        machine = machine_with(token_of(mechanic))
        phone_of(mechanic).post("auth/logout")
        sessions.end_all(mechanic, reason=LoginSession.Reason.PASSWORD)

        assert machine.get("users/").status_code == 200

    @pytest.mark.attack("T-F-11")
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "auth/me"),
            ("PATCH", "auth/me"),
            ("DELETE", "auth/me/avatar"),
            ("POST", "auth/password"),
            ("POST", "auth/logout"),
            ("GET", "auth/sessions"),
            ("POST", "auth/sessions/revoke-others"),
            ("POST", "auth/ticket"),
            ("GET", "auth/tokens"),
            ("POST", "auth/tokens"),
            ("DELETE", "auth/tokens/abcdefghijkl"),
            ("GET", "auth/totp"),
            ("POST", "auth/confirm"),
        ],
    )
    def test_have_their_own_sign_in_to_themselves(self, boss, token_of, machine_with, method, path):
        every = [
            f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
        ]
        machine = machine_with(token_of(boss, *every))

        answer = machine.call(method, path, {} if method in {"POST", "PATCH"} else None)

        assert code_of(answer) == (403, "10009")
        assert "for people who are signed in" in answer.json()["error"]["message"]

    def test_are_not_written_through_a_machine(self, mechanic, token_of):
        machine = Machine.of(token_of(mechanic).token)

        with pytest.raises(TypeError, match="save the person"):
            machine.save()

    def test_do_not_get_passwords_from_machines(self, boss, mei, token_of):
        machine = Machine.of(token_of(boss, "accounts.change_user").token)

        with pytest.raises(Exception, match="API token cannot do this"):
            services.set_password(user=mei, password="correct horse battery 2", by=machine)


class TestTraces:
    def test_name_the_person_and_the_machine(self, mechanic, mei, token_of, machine_with, caplog):
        made = token_of(mechanic, SEES_PEOPLE, "accounts.change_user")

        machine_with(made).patch(f"users/{mei.pk}/", {"nickname": "x"})

        name = f"nightly export ({made.token.key_id})"
        entries = LogEntry.objects.filter(object_pk=str(mei.pk), action=LogEntry.Action.UPDATE, cid__gt="")
        assert {(one.actor_id, (one.additional_data or {}).get("machine")) for one in entries} == {(mechanic.pk, name)}
        lines = [one.msg for one in caplog.records if isinstance(one.msg, dict) and one.msg.get("event") == "request"]
        assert [(one["user_id"], one["machine"]) for one in lines] == [(mechanic.pk, name)]
        assert made.text not in caplog.text

    def test_say_when_and_from_where_a_token_was_used_once_a_minute(self, mechanic, token_of, machine_with):
        made = token_of(mechanic)
        machine, start = machine_with(made), timezone.now()

        def used_at(later: int, address: str):
            with time_machine.travel(start + timedelta(seconds=later), tick=False):
                assert machine.get("users/", REMOTE_ADDR=address).status_code == 200
            made.token.refresh_from_db()
            return round((made.token.last_used_at - start).total_seconds()), made.token.last_used_ip

        assert used_at(1, "10.1.2.3") == (1, "10.1.2.3")
        assert used_at(30, "10.1.2.4") == (1, "10.1.2.3")
        assert used_at(62, "10.1.2.5") == (62, "10.1.2.5")


class TestRevoking:
    def test_ends_a_token_at_once(self, phone_of, mechanic, token_of, machine_with):
        made = token_of(mechanic)
        machine, phone = machine_with(made), phone_of(mechanic)
        assert machine.get("users/").status_code == 200

        assert phone.delete(f"auth/tokens/{made.token.key_id}").status_code == 204

        assert code_of(machine.get("users/")) == (401, "20002")
        assert code_of(phone.delete(f"auth/tokens/{made.token.key_id}")) == (404, "10008")
        entry = LogEntry.objects.filter(additional_data__event="api_token.revoked").get()
        assert (entry.actor_id, entry.object_repr) == (mechanic.pk, str(made.token))

    @pytest.mark.attack("T-F-11")
    def test_anothers_is_for_staff_above_them(self, phone_of, mechanic, boss, hire, role, token_of):
        made = token_of(mechanic)
        low = phone_of(hire("lowguard", roles=[role("low", 40, "accounts.view_apitoken", "accounts.revoke_apitoken")]))
        high = phone_of(
            hire("highguard", roles=[role("high", 60, "accounts.view_apitoken", "accounts.revoke_apitoken")])
        )
        path = f"tokens/{made.token.key_id}/"

        assert code_of(low.delete(f"auth/tokens/{made.token.key_id}")) == (404, "10008")
        assert low.get("tokens/").json()["results"][0]["owner"] == "mechanic"
        assert code_of(low.delete(path)) == (403, "10009")
        assert code_of(phone_of(mechanic).get("tokens/")) == (403, "10009")
        assert high.delete(path).status_code == 204
        made.token.refresh_from_db()
        assert made.token.revoked_by.username == "highguard"


@pytest.mark.django_db(transaction=True)
class TestSockets:
    async def test_belong_to_the_token(self, mechanic, token_of):
        made = await database_sync_to_async(token_of, thread_sensitive=False)(mechanic, SEES_PEOPLE)

        who = await identify(Credentials(bearer=made.text, ip="127.0.0.1"))

        assert who
        assert (who.user_id, who.username, who.name) == (mechanic.pk, "mechanic", "nightly export")
        assert who.machine == str(made.token)
        assert who.automatic_groups == {"everyone"}  # neither the owner's own nor their roles'
        assert not who.staff
        assert await has_permission(who, SEES_PEOPLE)
        assert not await has_permission(who, "accounts.change_user")
        assert await ended_sessions([who.session_id]) == {}

        await database_sync_to_async(services.revoke_api_token, thread_sensitive=False)(token=made.token, by=mechanic)

        assert await ended_sessions([who.session_id]) == {who.session_id: 4502}
        assert not await has_permission(who, SEES_PEOPLE)
        with pytest.raises(Refused) as refused:
            await identify(Credentials(frame={"access": made.text}, ip="127.0.0.1"))
        assert refused.value.code == 4500

    async def test_open_from_allowed_addresses_only(self, mechanic, token_of):
        made = await database_sync_to_async(token_of, thread_sensitive=False)(mechanic, allowed_addresses=["10.1.*"])

        with pytest.raises(Refused) as refused:
            await identify(Credentials(bearer=made.text, ip="110.1.0.1"))

        assert refused.value.code == 4506
        assert await identify(Credentials(bearer=made.text, ip="10.1.0.1"))
