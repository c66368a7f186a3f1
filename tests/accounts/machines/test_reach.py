"""What a machine reaches, what it never does, and what it leaves behind."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import machines, services, sessions
from accounts.models import LoginEvent, LoginSession, Machine, User
from tests.accounts.conftest import code_of
from tests.accounts.machines.conftest import SEES_PEOPLE

pytestmark = pytest.mark.django_db


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
