"""Tokens of machines: how they are made, kept and revoked."""

import re
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import machines
from accounts.models import ApiToken
from project.core import logs
from project.core.redaction import redacted_text
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.machines.conftest import SEES_PEOPLE

pytestmark = pytest.mark.django_db


def soon(days: int = 30) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


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
