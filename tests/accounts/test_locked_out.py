"""Who is locked out, and staff who let them in again."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services
from accounts.models import LoginEvent
from tests.accounts.captchas import knock_at_page
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.phones import Phone

pytestmark = pytest.mark.django_db

UNLOCK = "accounts.unlock_loginevent"
HERE = {"headers": {"accept-language": "en"}}


@pytest.fixture(autouse=True)
def no_captchas(settings):
    """Who guesses need not work for it: tests/accounts/test_captcha.py is about that."""
    settings.CAPTCHA_AFTER_FAILURES = -1


@pytest.fixture
def fail(db):
    """Write down failed attempts, without the work of making them."""

    def note(times, username, ip="127.0.0.1", user=None):
        for _ in range(times):
            LoginEvent.objects.create(
                user=user,
                username=username,
                ip=ip,
                country="local",
                succeeded=False,
                reason=LoginEvent.Reason.WRONG_PASSWORD,
                scope="api",
            )

    return note


@pytest.fixture
def porter(hire, role):
    """Staff of rank 50 who may unlock people, and read no log."""
    return hire("theporter", is_staff=True, roles=[role("porters", 50, UNLOCK)])


@pytest.fixture
def guard(hire, role):
    """Staff of rank 60 who read the log of sign-ins besides."""
    return hire("theguard", is_staff=True, roles=[role("guards", 60, UNLOCK, "accounts.view_loginevent")])


def names(answer):
    assert answer.status_code == 200, answer.content
    return [(one["username"], one["ip"], one["failures"]) for one in answer.json()["results"]]


class TestTheList:
    @pytest.mark.every_database
    def test_says_who_since_when_and_from_where(self, phone_of, guard, mei, fail):
        fail(5, "meiling", "203.0.113.5", mei)

        (lock,) = phone_of(guard).get("lockouts/").json()["results"]

        assert (lock["username"], lock["user"], lock["real_name"]) == ("meiling", mei.pk, "小明")
        assert (lock["ip"], lock["last_ip"], lock["country"], lock["failures"]) == (
            "203.0.113.5",
            "203.0.113.5",
            "local",
            5,
        )
        assert lock["since"] < lock["until"]

    @pytest.mark.every_database
    def test_names_each_kind_of_lock_once(self, phone_of, guard, mei, hans, fail):
        fail(4, "meiling", "203.0.113.5")
        for number in range(7):
            fail(4, "hansmeier", f"203.0.113.{number + 10}")
        for number in range(50):
            fail(2, f"sprayed{number}", "198.51.100.7")

        assert sorted(names(phone_of(guard).get("lockouts/"))) == [("", "198.51.100.7", 100), ("hansmeier", "", 25)]

    def test_leaves_out_who_got_in_or_was_unlocked_meanwhile(self, phone_of, guard, mei, hans, fail):
        fail(5, "meiling", ip="203.0.113.5")
        fail(5, "hansmeier", ip="203.0.113.5")
        assert len(names(phone_of(guard).get("lockouts/"))) == 2
        LoginEvent.objects.create(username="meiling", ip="203.0.113.5", succeeded=True, reason="ok", scope="api")
        phone_of(guard).post("lockouts/unlock", {"username": "hansmeier"})

        assert names(phone_of(guard).get("lockouts/")) == []

    def test_shows_names_that_nobody_has_to_who_may_read_the_log_only(self, phone_of, guard, porter, mei, fail):
        fail(5, "meiling", "203.0.113.5")
        fail(5, "nobody99", "203.0.113.5")
        for number in range(50):
            fail(2, f"sprayed{number}", "198.51.100.7")

        assert names(phone_of(porter).get("lockouts/")) == [("meiling", "203.0.113.5", 5)]
        assert {name for name, _, _ in names(phone_of(guard).get("lockouts/"))} == {"meiling", "nobody99", ""}

    def test_is_for_who_has_the_permission(self, phone_of, clerk, mei):
        assert code_of(phone_of(clerk).get("lockouts/")) == (403, "10009")
        assert code_of(phone_of(clerk).post("lockouts/unlock", {"username": "meiling"})) == (403, "10009")
        assert code_of(phone_of(clerk).post(f"users/{mei.pk}/unlock")) == (403, "10009")


class TestNumbers:
    """Wrong codes by text message are counted by the number."""

    @pytest.fixture
    def lena(self, hire):
        return hire("lenabauer", phone="13800138000")

    @pytest.mark.every_database
    def test_that_are_locked_name_whoever_has_them(self, phone_of, porter, lena, fail):
        fail(5, "+8613800138000", "203.0.113.5", lena)
        fail(5, "+8613900139000", "203.0.113.5")

        (lock,) = phone_of(porter).get("lockouts/").json()["results"]

        assert (lock["username"], lock["user"]) == ("+8613800138000", lena.pk)

    @pytest.mark.every_database
    def test_open_with_their_person(self, phone_of, porter, lena, fail):
        fail(5, "lenabauer", user=lena)
        fail(5, "+8613800138000", user=lena)

        assert phone_of(porter).post(f"users/{lena.pk}/unlock").status_code == 204

        assert names(phone_of(porter).get("lockouts/")) == []

    def test_open_by_themselves_too(self, phone_of, guard, lena, fail):
        for number in ("+8613800138000", "+8613900139000"):
            fail(5, number)

            assert phone_of(guard).post("lockouts/unlock", {"username": number}).status_code == 204

        assert names(phone_of(guard).get("lockouts/")) == []

    def test_of_people_as_high_as_oneself_stay_locked(self, phone_of, guard, hire, client, fail):
        chief = hire("thechief", phone="13800138000", is_superuser=True)
        fail(5, "+8613800138000", user=chief)

        assert code_of(phone_of(guard).post("lockouts/unlock", {"username": "+8613800138000"})) == (403, "10009")

        knock_at_page(client, {"username": guard.username, "password": PASSWORD}, headers=HERE["headers"])
        assert client.get("/admin/locked-out/unlock/?username=%2B8613800138000").status_code == 403
        assert "+86138****8000" in client.get("/admin/locked-out/", **HERE).content.decode()


class TestUnlocking:
    @pytest.mark.attack("T-US-5")
    @pytest.mark.every_database
    def test_lets_the_right_password_in_from_everywhere_and_leaves_a_trace(self, program, phone_of, porter, mei, fail):
        for number in range(7):
            fail(5, "meiling", f"203.0.113.{number}")
        right = {"username": "meiling", "password": PASSWORD}
        assert code_of(program().knock(right, REMOTE_ADDR="198.51.100.1")) == (429, "20007")

        answer = phone_of(porter).post(f"users/{mei.pk}/unlock", {"reason": "rang me up"})

        assert answer.status_code == 204
        assert program().post("auth/login", right, REMOTE_ADDR="203.0.113.1").status_code == 200
        assert program().post("auth/login", right, REMOTE_ADDR="198.51.100.1").status_code == 200
        entry = LogEntry.objects.get(additional_data__event="user.unlocked")
        assert (entry.actor, entry.object_pk) == (porter, str(mei.pk))
        assert entry.additional_data["reason"] == "rang me up"

    def test_counts_for_codes_and_for_proving_it_once_more_too(self, program, phone_of, porter, mei, fail):
        of_mei, of_porter = phone_of(mei), phone_of(porter)
        secret = of_mei.get("auth/totp").json()["otpauth_uri"]
        app = Phone(secret)
        fail(5, "meiling")
        assert code_of(of_mei.post("auth/confirm", {"password": PASSWORD})) == (429, "20007")
        assert code_of(of_mei.post("auth/totp", {"code": app.code()})) == (429, "20007")

        of_porter.post(f"users/{mei.pk}/unlock")

        assert of_mei.post("auth/confirm", {"password": PASSWORD}).status_code == 200
        assert of_mei.post("auth/totp", {"code": app.code()}).status_code == 201

    def test_may_be_a_machines_work_with_its_owners_rank(self, program, hire, role, mei, boss, fail):
        keeper = hire("thekeeper", is_staff=True, roles=[role("keepers", 50, UNLOCK, "accounts.add_apitoken")])
        fail(5, "meiling")
        _row, text = services.create_api_token(
            owner=keeper, name="porter's lodge", scopes=[UNLOCK], expires_at=timezone.now() + timedelta(days=1)
        )
        bearer = {"headers": {"authorization": f"Bearer {text}"}}

        assert names(program().get("lockouts/", **bearer)) == [("meiling", "127.0.0.1", 5)]
        assert program().post(f"users/{mei.pk}/unlock", **bearer).status_code == 204
        assert code_of(program().post(f"users/{boss.pk}/unlock", **bearer)) == (403, "10009")

    def test_is_for_people_below_ones_own_rank(self, phone_of, porter, guard, boss, fail):
        fail(5, "theguard", "203.0.113.5")
        for user in (guard, boss):
            assert code_of(phone_of(porter).post(f"users/{user.pk}/unlock")) == (403, "10009")
            assert code_of(phone_of(porter).post("lockouts/unlock", {"username": user.username})) == (403, "10009")

        assert [name for name, _, _ in names(phone_of(guard).get("lockouts/"))] == ["theguard"]
        assert phone_of(boss).post(f"users/{guard.pk}/unlock").status_code == 204

    def test_of_names_that_nobody_has_is_for_who_may_read_the_log(self, program, phone_of, porter, guard, fail):
        fail(5, "nobody99")
        assert code_of(phone_of(porter).post("lockouts/unlock", {"username": "nobody99"})) == (404, "10008")

        assert phone_of(guard).post("lockouts/unlock", {"username": "nobody99"}).status_code == 204

        assert code_of(program().post("auth/login", {"username": "nobody99", "password": "x"})) == (401, "20000")

    @pytest.mark.every_database
    def test_of_an_address_leaves_its_names_locked(self, program, phone_of, guard, porter, mei, hans, fail):
        here, there = {"REMOTE_ADDR": "203.0.113.5"}, {"REMOTE_ADDR": "203.0.113.6"}
        for number in range(19):
            fail(5, f"sprayed{number}", "203.0.113.5")
        fail(5, "meiling", "203.0.113.5")
        of_hans = {"username": "hansmeier", "password": PASSWORD}
        refused = program().post("auth/login", of_hans, **here)
        assert code_of(refused) == (429, "20007")
        assert 0 < int(refused["Retry-After"]) <= 900
        assert program().post("auth/login", of_hans, **there).status_code == 200
        assert code_of(phone_of(porter).post("lockouts/unlock", {"ip": "203.0.113.5"})) == (403, "10009")

        assert phone_of(guard).post("lockouts/unlock", {"ip": "203.0.113.5"}).status_code == 204

        assert program().post("auth/login", of_hans, **here).status_code == 200
        assert code_of(program().post("auth/login", {"username": "meiling", "password": "x"}, **here)) == (429, "20007")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "non_field_errors"),
            ({"username": "meiling", "ip": "10.0.0.1"}, "non_field_errors"),
            ({"ip": "10.0.0"}, "ip"),
            ({"ip": ""}, "ip"),
            ({"username": 7}, "username"),
            ({"username": "meiling", "reason": "x" * 201}, "reason"),
            ({"user": 7}, "user"),
        ],
    )
    def test_names_what_is_wrong(self, phone_of, guard, body, field):
        assert field in fields_of(phone_of(guard).post("lockouts/unlock", body))


class TestThePage:
    def browser(self, client, user):
        answer = knock_at_page(client, {"username": user.username, "password": PASSWORD}, headers=HERE["headers"])
        assert answer.status_code == 302, answer.content.decode()
        return client

    def test_lists_asks_and_unlocks(self, client, program, porter, mei, fail):
        fail(5, "meiling", "203.0.113.5", mei)
        browser = self.browser(client, porter)
        page = browser.get("/admin/locked-out/", **HERE).content.decode()
        assert "locked at this address" in page
        assert "203.0.113.5" in page
        address = "/admin/locked-out/unlock/?username=meiling"
        assert address in page

        assert "Unlock 小明" in browser.get(address, **HERE).content.decode()
        answer = browser.post(address, {"confirmed": "yes", "reason": "rang me up"}, **HERE)

        assert answer["Location"] == "/admin/locked-out/"
        page = browser.get("/admin/locked-out/", **HERE).content.decode()
        assert "小明 (meiling) may try again at once." in page
        assert "Nobody is locked out at the moment." in page
        assert LogEntry.objects.get(additional_data__event="user.unlocked").additional_data["reason"] == "rang me up"

    def test_unlocks_an_address(self, client, guard, fail):
        for number in range(20):
            fail(5, f"sprayed{number}", "2001:db8::7")
        browser = self.browser(client, guard)
        assert "2001:db8::7" in browser.get("/admin/locked-out/", **HERE).content.decode()

        browser.post("/admin/locked-out/unlock/?ip=2001:db8::7", {"confirmed": "yes"}, **HERE)

        assert "an address, for all names" not in browser.get("/admin/locked-out/", **HERE).content.decode()

    def test_offers_nothing_about_people_of_higher_rank(self, client, porter, guard, fail):
        fail(5, "theguard", "203.0.113.5")
        browser = self.browser(client, porter)
        page = browser.get("/admin/locked-out/", **HERE).content.decode()

        assert "theguard" in page
        assert "unlock/?" not in page
        assert browser.get("/admin/locked-out/unlock/?username=theguard").status_code == 403
        answer = browser.post("/admin/locked-out/unlock/?username=theguard", {"confirmed": "yes"})
        assert answer.status_code == 403
        assert not LoginEvent.objects.filter(reason="unlocked").exists()

    @pytest.mark.parametrize("query", ["", "?username=nobody99", "?ip=10.0.0.1", "?username=meiling&ip=10.0.0.1"])
    def test_knows_nothing_of_what_one_may_not_see(self, client, porter, mei, query):
        assert self.browser(client, porter).get(f"/admin/locked-out/unlock/{query}").status_code == 404

    def test_is_for_who_has_the_permission(self, client, clerk):
        browser = self.browser(client, clerk)

        assert browser.get("/admin/locked-out/").status_code == 403
        assert "locked-out" not in browser.get("/admin/").content.decode()
