"""Who may come in from where: at the door, on the way, and for whoever makes the rules."""

from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from channels.db import database_sync_to_async
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import addresses, errors, services
from accounts.addresses import hits
from accounts.models import AddressRule, LoginEvent
from tests.accounts.conftest import PASSWORD, Program, code_of, fields_of
from tests.accounts.together import together

pytestmark = pytest.mark.django_db

HOME, OFFICE, STRANGER = "127.0.0.1", "10.1.2.3", "203.0.113.7"


@pytest.fixture(autouse=True)
def no_hits():
    """Each test counts its own."""
    hits.forget()
    yield
    hits.forget()


@pytest.fixture
def rules():
    """Make rules: `rules("deny", "10.1.*", for_admin=False)`."""
    return lambda effect, pattern, **more: services.create_address_rule(by=None, effect=effect, pattern=pattern, **more)


def passes(address: str, place: str = "api") -> bool:
    return addresses.decide(place, address).passes


class TestRules:
    def test_without_any_everybody_passes(self, db):
        assert passes(STRANGER)
        assert passes("")

    def test_a_denial_keeps_out_whom_it_names(self, rules):
        rules("deny", "203.0.113.0/24")

        assert not passes(STRANGER)
        assert not passes(f"::ffff:{STRANGER}")
        assert passes(OFFICE)

    def test_who_is_allowed_keeps_all_others_out(self, rules):
        rules("allow", "10.1.*")

        assert passes(OFFICE)
        assert not passes(STRANGER)
        assert not passes("110.1.0.1")
        assert not passes("")
        assert not passes("nonsense")

    def test_a_denial_wins_over_a_permission(self, rules):
        rules("allow", OFFICE)
        rules("deny", "10.0.0.0/8")

        assert not passes(OFFICE)

    def test_speak_for_the_places_they_name(self, rules):
        rules("deny", "203.0.113.0/24", for_admin=False, for_gateway=False)
        rules("allow", "10.1.*", for_api=False, for_gateway=False)

        found = {place: [passes(one, place) for one in (OFFICE, STRANGER)] for place in AddressRule.PLACES}

        assert found == {"admin": [True, False], "api": [True, False], "gateway": [True, True]}

    def test_run_out_by_themselves(self, rules):
        rules("deny", STRANGER, expires_at=timezone.now() + timedelta(minutes=5))
        assert not passes(STRANGER)

        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert passes(STRANGER)

    def test_that_are_off_count_as_not_there(self, rules):
        rules("deny", STRANGER, is_active=False)

        assert passes(STRANGER)


class TestAtTheDoor:
    def test_a_sign_in_to_the_api_is_refused_before_anything_else(self, rules, program, mei):
        rules("deny", "203.0.113.*")
        given = {"username": "meiling", "password": PASSWORD}

        answer = program().post("auth/login", given, REMOTE_ADDR=STRANGER)

        assert code_of(answer) == (403, "10009")
        assert STRANGER in answer.json()["error"]["message"]
        event = LoginEvent.objects.get()
        assert (event.username, event.reason, event.ip, event.succeeded) == ("meiling", "address", STRANGER, False)
        assert program().post("auth/login", given, REMOTE_ADDR=OFFICE).status_code == 200

    def test_knocking_from_there_locks_nobody_out(self, rules, program, mei, settings):
        rules("deny", "203.0.113.*")
        for _ in range(settings.LOGIN_MAX_FAILURES + 1):
            program().post("auth/login", {"username": "meiling", "password": "x"}, REMOTE_ADDR=STRANGER)

        assert program().sign_in(mei).tokens

    def test_a_sign_in_to_the_back_office_too(self, rules, boss):
        rules("deny", STRANGER)
        given = {"username": "theboss", "password": PASSWORD}

        answer = Client(headers={"accept-language": "en"}).post("/admin/login/", given, REMOTE_ADDR=STRANGER)

        assert answer.status_code == 403
        assert f"Your address {STRANGER} is not allowed here" in answer.content.decode()
        assert LoginEvent.objects.get().reason == "address"

    @pytest.mark.attack("T-F-9")
    def test_who_forges_a_forwarded_address_is_known_by_their_own(self, rules, program, mei):
        rules("deny", STRANGER)
        forged = {"x-forwarded-for": OFFICE, "x-real-ip": OFFICE, "forwarded": f"for={OFFICE}"}

        answer = program().post(
            "auth/login", {"username": "meiling", "password": PASSWORD}, headers=forged, REMOTE_ADDR=STRANGER
        )

        assert code_of(answer) == (403, "10009")

    def test_behind_a_trusted_proxy_the_client_counts(self, rules, program, mei, settings):
        settings.TRUSTED_PROXIES = ["10.9.0.1"]
        rules("deny", STRANGER)
        given = {"username": "meiling", "password": PASSWORD}

        def through_the_proxy(said: str) -> int:
            return (
                program()
                .post("auth/login", given, headers={"x-forwarded-for": said}, REMOTE_ADDR="10.9.0.1")
                .status_code
            )

        assert through_the_proxy(STRANGER) == 403
        assert through_the_proxy(f"{OFFICE}, ::ffff:{STRANGER}") == 403
        assert through_the_proxy(f"{STRANGER}, {OFFICE}") == 200


class TestWhoIsInAlready:
    def test_a_new_denial_refuses_the_next_call_and_the_next_refresh(self, rules, phone_of, mei):
        phone = phone_of(mei)
        rules("deny", HOME, for_admin=False)

        assert code_of(phone.get("auth/me")) == (403, "10009")
        assert code_of(phone.refresh()) == (403, "10009")

    def test_and_the_next_page(self, rules, boss):
        browser = Client(headers={"accept-language": "en"})
        browser.post("/admin/login/", {"username": "theboss", "password": PASSWORD})
        assert browser.get("/admin/").status_code == 200
        rules("deny", HOME, for_api=False)

        answer = browser.get("/admin/")

        assert answer.status_code == 403
        assert "is not allowed here" in answer.content.decode()

    def test_lets_them_go_on_when_it_is_gone(self, rules, phone_of, mei):
        phone = phone_of(mei)
        rule = rules("deny", HOME)
        assert phone.get("auth/me").status_code == 403

        services.update_address_rule(by=None, rule=rule, is_active=False)

        assert phone.get("auth/me").status_code == 200

    @pytest.mark.django_db(transaction=True)
    async def test_sockets_are_asked_by_the_same_rules(self, rules):
        await database_sync_to_async(rules, thread_sensitive=False)("deny", "203.0.113.*", for_api=False)

        found = await addresses.refused_sockets([STRANGER, OFFICE], opening=True)

        assert found == {STRANGER}


class TestLockingOneselfOut:
    @pytest.fixture
    def keeper(self, hire, role, phone_of) -> Program:
        """Staff who looks after the rules."""
        deeds = [f"accounts.{deed}_addressrule" for deed in ("view", "add", "change", "delete")]
        return phone_of(hire("thekeeper", is_staff=True, roles=[role("keepers", 10, *deeds)]))

    @pytest.mark.parametrize(
        "rule", [{"effect": "deny", "pattern": "127.0.0.0/8"}, {"effect": "allow", "pattern": "10.1.*"}]
    )
    def test_is_refused_and_says_so(self, keeper, rule):
        answer = keeper.post("address-rules/", rule)

        assert code_of(answer) == (409, "10005")
        assert "would lock you out" in answer.json()["error"]["message"]
        assert "127.0.0.1 could not reach" in answer.json()["error"]["message"]
        assert not AddressRule.objects.exists()
        assert keeper.get("auth/me").status_code == 200

    def test_is_possible_for_who_knows(self, keeper):
        answer = keeper.post("address-rules/", {"effect": "deny", "pattern": "127.0.0.1", "i_know": True})

        assert answer.status_code == 201
        assert keeper.get("auth/me").status_code == 403

    def test_by_taking_the_last_permission_away_is_refused_too(self, keeper, rules):
        rules("allow", "10.1.*")
        mine = rules("allow", "127.0.0.1")

        for attempt in (
            keeper.patch(f"address-rules/{mine.pk}/", {"is_active": False}),
            keeper.patch(f"address-rules/{mine.pk}/", {"pattern": "10.2.*"}),
            keeper.delete(f"address-rules/{mine.pk}/"),
        ):
            assert code_of(attempt) == (409, "10005")
        assert keeper.delete(f"address-rules/{mine.pk}/?i_know=true").status_code == 204

    def test_is_mended_at_the_shell(self, keeper, rules, capsys):
        keeper.post("address-rules/", {"effect": "deny", "pattern": "0.0.0.0/0", "i_know": True})
        rules("allow", OFFICE)
        assert keeper.get("auth/me").status_code == 403

        call_command("rescue", "addresses")

        assert "2 address rule(s) switched off" in capsys.readouterr().out
        assert keeper.get("auth/me").status_code == 200
        assert AddressRule.objects.filter(is_active=False).count() == 2
        entry = LogEntry.objects.filter(additional_data__event="rescue.addresses").get()
        assert entry.additional_data["details"] == {"switched_off": 2}


class TestApi:
    @pytest.fixture
    def keeper(self, boss, phone_of) -> Program:
        return phone_of(boss)

    def test_adds_shows_changes_and_deletes(self, keeper):
        given = {"effect": "deny", "pattern": " 203.0.113.* ", "comment": "probes"}
        made = keeper.post("address-rules/", given | {"hits": 5, "created_by": "meiling"})
        assert made.status_code == 201, made.content
        rule = made.json()
        assert (rule["pattern"], rule["hits"], rule["created_by"], rule["for_gateway"]) == (
            "203.0.113.*",
            0,
            "theboss",
            True,
        )

        changed = keeper.patch(f"address-rules/{rule['id']}/", {"comment": "", "for_admin": False}).json()
        assert (changed["comment"], changed["for_admin"], changed["pattern"]) == ("", False, "203.0.113.*")
        assert keeper.get("address-rules/").json()["count"] == 1
        assert keeper.delete(f"address-rules/{rule['id']}/").status_code == 204
        events = [entry.additional_data["event"] for entry in LogEntry.objects.filter(cid__gt="").order_by("pk")]
        assert [one for one in events if one.startswith("address")] == [
            "address_rule.created",
            "address_rule.changed",
            "address_rule.deleted",
        ]

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"effect": "deny", "pattern": "10.1"}, "pattern"),
            ({"effect": "deny", "pattern": "10.1.2.3/8"}, "pattern"),
            ({"effect": "maybe", "pattern": "10.1.*"}, "effect"),
            ({"effect": "deny", "pattern": "10.1.*", "changed_at": "2020-01-01T00:00:00Z"}, "changed_at"),
            ({"effect": "deny", "pattern": "10.1.*", "for_api": "yes"}, "for_api"),
            ({"effect": "deny", "pattern": "10.1.*", "expires_at": "soon"}, "expires_at"),
        ],
    )
    @pytest.mark.attack("T-F-11")
    def test_says_which_field_is_wrong(self, keeper, given, field):
        assert fields_of(keeper.post("address-rules/", given)) == {field}

    @pytest.mark.attack("T-F-11")
    def test_is_for_those_with_the_permission(self, rules, phone_of, clerk, mei, program):
        rule = rules("deny", STRANGER)
        calls = [
            ("GET", "address-rules/", None),
            ("GET", f"address-rules/{rule.pk}/", None),
            ("POST", "address-rules/", {"effect": "deny", "pattern": OFFICE}),
            ("POST", "address-rules/test", {"address": OFFICE}),
            ("PATCH", f"address-rules/{rule.pk}/", {"is_active": False}),
            ("DELETE", f"address-rules/{rule.pk}/", None),
        ]
        for person in (clerk, mei):
            phone = phone_of(person)
            assert {code_of(phone.call(*call)) for call in calls} == {(403, "10009")}
        assert {code_of(program().call(*call)) for call in calls} == {(401, "20002")}
        rule.refresh_from_db()
        assert rule.is_active

    def test_tells_what_would_happen_to_an_address(self, keeper, rules):
        denied = rules("deny", "203.0.113.*", comment="probes", for_gateway=False)
        allowed = rules("allow", "10.1.*", for_api=False, for_gateway=False)
        rules("allow", "127.0.0.1", for_api=False, for_gateway=False)

        def said(address: str) -> dict[str, tuple[bool, int | None]]:
            answer = keeper.post("address-rules/test", {"address": address}).json()
            return {one["place"]: (one["passes"], one["rule"] and one["rule"]["id"]) for one in answer["decisions"]}

        assert said(STRANGER) == {"admin": (False, denied.pk), "api": (False, denied.pk), "gateway": (True, None)}
        assert said(OFFICE) == {"admin": (True, allowed.pk), "api": (True, None), "gateway": (True, None)}
        assert said("::1") == {"admin": (False, None), "api": (True, None), "gateway": (True, None)}
        assert fields_of(keeper.post("address-rules/test", {"address": "10.1"})) == {"address"}
        assert not hits._counted  # trying counts nothing


class TestHits:
    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_are_all_counted_however_many_come_at_once(self, rules):
        deny, allow = rules("deny", "203.0.113.*"), rules("allow", "10.*")
        assert passes(OFFICE)  # while one thread reads the rules, the others would go by those before

        def knock(number: int) -> None:
            for turn in range(50):
                address = STRANGER if turn % 2 else OFFICE
                try:
                    addresses.ensure_allowed("api", address)
                except errors.AddressRefused:
                    assert address == STRANGER
            if number % 2:
                hits.flush()

        assert together(8, knock) == [None] * 8
        hits.flush()

        for rule in (deny, allow):
            rule.refresh_from_db()
            assert rule.hits == 8 * 25
            assert rule.last_hit_at is not None
        assert deny.changed_at == AddressRule.objects.get(pk=deny.pk).changed_at

    @pytest.mark.django_db(transaction=True)
    def test_are_written_before_the_process_ends(self, rules):
        rule = rules("deny", STRANGER)
        hits.count(rule.pk)

        hits.finish()

        rule.refresh_from_db()
        assert rule.hits == 1

    def test_of_a_rule_deleted_meanwhile_are_forgotten(self, rules):
        rule = rules("deny", STRANGER)
        hits.count(rule.pk)
        services.delete_address_rule(by=None, rule=rule)

        hits.flush()

        assert not hits._counted


class TestAnotherProcess:
    def test_follows_a_change_of_the_rows(self, settings):
        settings.ADDRESS_RULES_LOOK_SECONDS = 0
        assert passes(STRANGER)

        # as another process writes it: nobody tells this one
        rule = AddressRule.objects.create(effect="deny", pattern=STRANGER)
        assert not passes(STRANGER)
        rule.pattern = OFFICE
        rule.save()
        assert passes(STRANGER)
        assert not passes(OFFICE)
        rule.delete()
        assert passes(OFFICE)

    def test_goes_on_with_a_rule_nobody_understands(self, db, settings, capsys):
        AddressRule.objects.create(effect="deny", pattern="10.1.*")
        AddressRule.objects.create(effect="deny", pattern="written by hand")
        addresses.forget()

        assert not passes(OFFICE)
        assert passes(STRANGER)
