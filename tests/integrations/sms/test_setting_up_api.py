"""Providers and templates are set up over HTTP as they are in the back office."""

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LoginSession, User
from integrations.sms.models import Message, Provider, Template
from tests.access.test_api import person, program_of
from tests.accounts.conftest import Program
from tests.fakes.alibaba import KEY_ID, KEY_SECRET, Refuse
from tests.integrations.sms.conftest import work

PROVIDERS, TEMPLATES = "/api/v1/sms/providers/", "/api/v1/sms/templates/"
HANGZHOU = {
    "key": "hangzhou",
    "name": "Hangzhou",
    "kind": "aliyun",
    "prefixes": [86, 852],
    "sign_name": "门房",
    "cost_per_segment": "0.045",
    "credentials": {"access_key_id": KEY_ID, "access_key_secret": KEY_SECRET},
}
PARCEL = {
    "key": "parcel",
    "name": "Parcel",
    "texts": {"en": "Your parcel ${number} is here.", "zh-hans": "您的包裹${number}已到。"},
}


@pytest.fixture
def boss(db: None) -> Program:
    return program_of(person("theboss", is_staff=True, is_superuser=True, phone="13911112222", language="en"))


def error_of(answer: Any) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    return error


def events() -> set[str]:
    return {entry.additional_data["event"] for entry in LogEntry.objects.filter(additional_data__has_key="event")}


class TestProviders:
    def test_take_credentials_and_never_tell_them(self, boss):
        answer = boss.call("POST", PROVIDERS, HANGZHOU)

        kept = Provider.objects.get(key="hangzhou")
        assert answer.status_code == 201
        assert kept.credentials == HANGZHOU["credentials"]
        assert answer.json()["credentials"] == {"access_key_id": "***ests", "access_key_secret": "***"}
        assert (answer.json()["prefixes"], answer.json()["sign_name"]) == ([86, 852], "门房")
        boss.call("PATCH", f"{PROVIDERS}hangzhou", {"credentials": {"access_key_secret": "another one"}})
        told = [boss.call("GET", f"{PROVIDERS}hangzhou").content, *LogEntry.objects.values_list("changes_text")]
        written = str(list(LogEntry.objects.values_list("changes", "additional_data")))
        assert not any(secret in f"{told}{written}" for secret in (KEY_ID, KEY_SECRET, "another one"))
        kept.refresh_from_db()
        assert kept.credentials == {"access_key_id": KEY_ID, "access_key_secret": "another one"}
        assert {"sms_provider.created", "sms_provider.changed"} <= events()

    def test_keep_what_a_change_does_not_name(self, boss, aliyun):
        secrets = aliyun.credentials

        answer = boss.call("PATCH", f"{PROVIDERS}aliyun", {"enabled": False, "daily_quota": 100})

        aliyun.refresh_from_db()
        assert (answer.json()["enabled"], answer.json()["daily_quota"], answer.json()["name"]) == (
            False,
            100,
            "Alibaba",
        )
        assert aliyun.credentials == secrets

    def test_lose_a_credential_that_is_given_empty(self, boss, aliyun):
        boss.call("PATCH", f"{PROVIDERS}aliyun", {"credentials": {"receipt_secret": ""}})

        aliyun.refresh_from_db()
        assert aliyun.credentials.keys() == {"access_key_id", "access_key_secret"}

    def test_forget_what_another_kind_wanted(self, boss, aliyun):
        boss.call("PATCH", f"{PROVIDERS}aliyun", {"kind": "memory"})

        aliyun.refresh_from_db()
        assert aliyun.credentials.keys() == {"receipt_secret"}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"key": "no key!"}, "key"),
            ({"key": "order"}, "key"),
            ({"kind": "pigeon"}, "kind"),
            ({"prefixes": [0]}, "prefixes"),
            ({"prefixes": ["China"]}, "prefixes"),
            ({"receipt_addresses": ["everywhere"]}, "receipt_addresses"),
            ({"endpoint": "ftp://somewhere"}, "endpoint"),
            ({"endpoint": "https://somewhere/else?x=1"}, "endpoint"),
            ({"options": {"region": "ap-beijing"}}, "options"),
            ({"credentials": {}}, "credentials"),
            ({"credentials": {"secret_id": "of another kind"}}, "credentials"),
            ({"cost_per_segment": "-1"}, "cost_per_segment"),
            ({"sealed_credentials": "x"}, "sealed_credentials"),
        ],
    )
    def test_say_what_is_wrong(self, boss, changes, field):
        answer = boss.call("POST", PROVIDERS, HANGZHOU | changes)

        assert (answer.status_code, error_of(answer)["code"]) == (400, "10000")
        assert list(error_of(answer)["fields"]) == [field]
        assert not Provider.objects.exists()

    def test_say_that_a_key_is_taken(self, boss, aliyun):
        answer = boss.call("POST", PROVIDERS, HANGZHOU | {"key": "aliyun"})

        assert (answer.status_code, list(error_of(answer)["fields"])) == (400, ["key"])

    def test_are_put_in_order(self, boss, aliyun):
        Provider.objects.create(key="spare", name="Spare", kind="memory", position=1)

        assert boss.call("PUT", f"{PROVIDERS}order/", {"keys": ["aliyun", "spare"]}).status_code == 200
        assert [one["key"] for one in boss.call("GET", PROVIDERS).json()["results"]] == ["aliyun", "spare"]
        for wrong in (["aliyun"], ["aliyun", "spare", "spare"], ["aliyun", "nobody"]):
            assert list(error_of(boss.call("PUT", f"{PROVIDERS}order/", {"keys": wrong}))["fields"]) == ["keys"]

    def test_are_listed_with_as_many_questions_however_many_there_are(self, boss, aliyun, ask, gateway):
        work(ask())
        with CaptureQueriesContext(connection) as of_one:
            (told,) = boss.call("GET", PROVIDERS).json()["results"]
        assert (told["sent_today"], told["failed_lately"]) == (1, 0)
        for number in range(5):
            Provider.objects.create(key=f"more{number}", name="More", kind="memory", daily_quota=1)

        with CaptureQueriesContext(connection) as of_six:
            assert len(boss.call("GET", PROVIDERS).json()["results"]) == 6

        assert len(of_six) == len(of_one)

    def test_are_deleted(self, boss, aliyun, ask, gateway):
        message = work(ask())

        assert boss.call("DELETE", f"{PROVIDERS}aliyun/").status_code == 204
        message.refresh_from_db()
        assert (message.state, message.provider) == ("sent", None)
        assert "sms_provider.deleted" in events()
        assert boss.call("DELETE", f"{PROVIDERS}aliyun/").status_code == 404

    @pytest.mark.parametrize(
        ("method", "place", "body"),
        [
            ("POST", "", HANGZHOU),
            ("PATCH", "aliyun/", {"enabled": False}),
            ("DELETE", "aliyun/", None),
            ("PUT", "order/", {"keys": ["aliyun"]}),
            ("POST", "aliyun/test/", {}),
        ],
    )
    def test_are_changed_only_by_who_has_proved_themselves_of_late(self, boss, aliyun, method, place, body):
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(days=1))
        before = Provider.objects.values().get()

        answer = boss.call(method, f"{PROVIDERS}{place}", body)

        assert (answer.status_code, error_of(answer)["code"]) == (403, "20008")
        assert Provider.objects.values().get() == before


class TestTryingOut:
    def test_says_that_a_provider_knows_us(self, boss, aliyun, gateway):
        answer = boss.call("POST", f"{PROVIDERS}aliyun/check", {})

        assert (answer.status_code, answer.json()) == (200, {"ok": True, "code": "", "text": ""})
        assert gateway.taken == []

    def test_says_in_words_that_it_does_not(self, boss, aliyun, gateway):
        aliyun.seal({"access_key_id": KEY_ID, "access_key_secret": "a wrong one"})
        aliyun.save()

        told = boss.call("POST", f"{PROVIDERS}aliyun/check", {}, headers={"Accept-Language": "en"}).json()

        assert told == {
            "ok": False,
            "code": "SignatureDoesNotMatch",
            "text": "The secret of the access key is wrong.",
        }

    def test_says_that_it_is_not_there(self, boss, aliyun):
        aliyun.endpoint = "http://127.0.0.1:9"
        aliyun.save()

        told = boss.call("POST", f"{PROVIDERS}aliyun/check", {}).json()

        assert told["ok"] is False
        assert told["text"]

    def test_sends_to_ones_own_number_by_it_alone(self, boss, aliyun, gateway):
        boss.call("PATCH", f"{PROVIDERS}aliyun", {"enabled": False})

        answer = boss.call("POST", f"{PROVIDERS}aliyun/test", {"template": "verification"})

        assert answer.status_code == 202
        assert work(Message.objects.get(pk=answer.json()["id"])).state == "sent"
        assert [one.phone for one in gateway.taken] == ["13911112222"]

    def test_shows_what_a_provider_refuses(self, boss, aliyun, gateway):
        gateway.next(Refuse("isv.SMS_SIGNATURE_ILLEGAL"))
        pk = boss.call("POST", f"{PROVIDERS}aliyun/test", {}).json()["id"]

        assert work(Message.objects.get(pk=pk)).error_code == "isv.SMS_SIGNATURE_ILLEGAL"

    def test_needs_a_number_and_a_template(self, boss, aliyun):
        assert error_of(boss.call("POST", f"{PROVIDERS}aliyun/test", {"template": "nonsense"}))["code"] == "50001"
        User.objects.update(phone=None)
        assert list(error_of(boss.call("POST", f"{PROVIDERS}aliyun/test", {}))["fields"]) == ["phone"]


class TestTemplates:
    def test_are_made_with_texts_and_ids(self, boss, aliyun):
        codes = [{"provider": "aliyun", "code": "SMS_100000009", "order": ["number"]}]

        answer = boss.call("POST", TEMPLATES, PARCEL | {"codes": codes})

        assert answer.status_code == 201
        assert answer.json() == PARCEL | {
            "enabled": True,
            "by_hand": True,
            "built_in": False,
            "parameters": ["number"],
            "codes": [codes[0] | {"language": "", "sign_name": ""}],
        }
        assert answer.json() == boss.call("GET", f"{TEMPLATES}parcel/").json()
        assert "sms_template.created" in events()

    def test_change_as_a_whole_or_in_part(self, boss, aliyun):
        boss.call("POST", TEMPLATES, PARCEL | {"codes": [{"provider": "aliyun", "code": "SMS_100000009"}]})
        place = f"{TEMPLATES}parcel"

        renamed = boss.call("PATCH", place, {"name": "A parcel", "by_hand": False}).json()
        assert (renamed["name"], renamed["texts"], len(renamed["codes"])) == ("A parcel", PARCEL["texts"], 1)
        said = boss.call("PATCH", place, {"texts": {"en": "${who}, a parcel!"}, "codes": []}).json()
        assert (said["texts"], said["parameters"], said["codes"]) == ({"en": "${who}, a parcel!"}, ["who"], [])

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"texts": {}}, "texts"),
            ({"texts": {"en": "${number}", "zh-hans": "没有"}}, "texts"),
            ({"texts": {"en": "${nu mber}"}}, "texts"),
            ({"texts": {"tlh": "nuqneH"}}, "texts"),
            ({"texts": {"en": "x" * 501}}, "texts"),
            ({"key": "no key!"}, "key"),
            ({"key": "notice"}, "key"),
            ({"codes": [{"provider": "nobody", "code": "1"}]}, "codes"),
            ({"codes": [{"provider": "aliyun", "code": "1"}] * 2}, "codes"),
            ({"codes": [{"provider": "aliyun", "code": "1", "order": ["who"]}]}, "codes"),
            ({"created_at": "2020-01-01"}, "created_at"),
        ],
    )
    def test_say_what_is_wrong(self, boss, aliyun, changes, field):
        answer = boss.call("POST", TEMPLATES, PARCEL | changes)

        assert (answer.status_code, error_of(answer)["code"]) == (400, "10000")
        assert list(error_of(answer)["fields"]) == [field]
        assert not Template.objects.filter(key="parcel").exists()

    def test_that_are_built_in_keep_their_name_and_stay(self, boss, aliyun):
        named = boss.call("PATCH", f"{TEMPLATES}notice", {"name": "Mine"})
        gone = boss.call("DELETE", f"{TEMPLATES}notice")

        assert list(error_of(named)["fields"]) == ["name"]
        assert (gone.status_code, error_of(gone)["code"]) == (409, "10005")

    def test_keep_their_parameters_while_messages_wait(self, boss, ask_notice):
        ask_notice()

        other = boss.call("PATCH", f"{TEMPLATES}notice", {"texts": {"en": "Hello"}})
        words = boss.call("PATCH", f"{TEMPLATES}notice", {"texts": {"en": "News: ${text}"}})

        assert "still wait" in error_of(other)["fields"]["texts"][0]
        assert words.json()["texts"] == {"en": "News: ${text}"}

    def test_are_deleted_unless_messages_say_what_they_say(self, boss, outbox):
        boss.call("POST", TEMPLATES, PARCEL)
        assert boss.call("DELETE", f"{TEMPLATES}parcel/").status_code == 204

        boss.call("POST", TEMPLATES, PARCEL)
        given = {"phone": "13800000000", "template": "parcel", "parameters": {"number": "7"}}
        boss.call("POST", "/api/v1/sms/messages/", given)
        assert boss.call("DELETE", f"{TEMPLATES}parcel/").status_code == 409

    def test_are_shown_as_they_will_be_read(self, boss, outbox):
        boss.call("POST", TEMPLATES, PARCEL)

        told = boss.call("POST", f"{TEMPLATES}parcel/preview", {"parameters": {"number": "7"}, "language": "en"}).json()

        assert (told["text"], told["parts"], told["cost"]) == ("Your parcel 7 is here.", 1, "0.05 CNY")
