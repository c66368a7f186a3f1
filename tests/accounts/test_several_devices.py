"""Several sign-ins at once: how many with each kind of device, and what happens beyond."""

import pytest

from accounts import second_factor, services, sessions, tasks
from accounts.models import LoginEvent, LoginSession
from tests.accounts.conftest import PASSWORD, code_of
from tests.accounts.phones import Phone
from tests.accounts.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
APP = "okhttp/4.12.0"


@pytest.fixture(autouse=True)
def limits(settings):
    """At most two browsers, one app, as many others as wanted."""
    settings.MULTI_LOGIN = True
    settings.MULTI_LOGIN_LIMITS = {"web": 2, "app": 1, "desktop": 0, "other": 0}
    settings.MULTI_LOGIN_OVERFLOW = "oldest"
    return settings


@pytest.fixture
def browser_of(program):
    """Start a browser that calls the API."""
    return lambda user, device="": program().sign_in_from(user, FIREFOX, device)


def living(user, **narrowed):
    return LoginSession.objects.live().filter(user=user, **narrowed).count()


class TestOldest:
    def test_of_the_kind_goes_when_there_are_too_many(self, mei, browser_of, program):
        phone = program().sign_in_from(mei, APP)
        first, second, third = (browser_of(mei) for _ in range(3))

        assert code_of(first.get("auth/me")) == (401, "20001")
        assert code_of(first.refresh()) == (401, "20001")
        assert [one.get("auth/me").status_code for one in (second, third, phone)] == [200] * 3
        assert LoginSession.objects.get(end_reason="displaced").replaced_by.sid == third.tokens["session"]["id"]

    def test_is_counted_for_each_scope_and_person(self, mei, hans, browser_of, open_session):
        for user, scope in ((mei, "api"), (mei, "admin"), (hans, "api")):
            for _ in range(2):
                open_session(user, scope, user_agent=FIREFOX)

        assert (living(mei), living(hans)) == (4, 2)

    def test_does_not_go_where_there_is_no_limit(self, mei, open_session):
        for _ in range(5):
            open_session(mei)

        assert living(mei) == 5

    @pytest.mark.attack("T-SL-3")
    def test_signs_out_without_harm_to_the_others(self, mei, browser_of):
        first, *others = (browser_of(mei) for _ in range(3))

        assert code_of(first.post("auth/logout")) == (401, "20001")

        assert [one.get("auth/me").status_code for one in others] == [200, 200]


class TestRefused:
    @pytest.fixture(autouse=True)
    def _refuses(self, limits):
        limits.MULTI_LOGIN_OVERFLOW = "refuse"

    def test_says_which_devices_are_in_and_leaves_a_row(self, mei, browser_of, program):
        phones = [browser_of(mei, "Laptop"), browser_of(mei, "Tablet")]

        answer = knock(program(), mei)

        assert code_of(answer) == (409, "10005")
        error = answer.json()["error"]
        assert "Laptop, Tablet" in error["message"]
        assert [one["device"] for one in error["sessions"]] == ["Laptop", "Tablet"]
        assert LoginEvent.objects.latest("pk").reason == "too_many"
        assert [one.get("auth/me").status_code for one in phones] == [200, 200]

    def test_says_nothing_to_who_does_not_know_the_password(self, mei, browser_of, program):
        browser_of(mei), browser_of(mei)

        answer = knock(program(), mei, password="wrong")

        assert code_of(answer) == (401, "20000")
        assert "sessions" not in answer.json()["error"]

    def test_signs_in_instead_of_the_named_one(self, mei, browser_of, program):
        first, second = browser_of(mei), browser_of(mei)

        answer = knock(program(), mei, instead_of=second.tokens["session"]["id"])

        assert answer.status_code == 200
        assert first.get("auth/me").status_code == 200
        assert code_of(second.get("auth/me")) == (401, "20001")

    def test_signs_in_instead_of_the_oldest(self, mei, browser_of, program):
        first, second = browser_of(mei), browser_of(mei)

        assert knock(program(), mei, instead_of="oldest").status_code == 200

        assert [one.get("auth/me").status_code for one in (first, second)] == [401, 200]

    def test_comes_after_the_second_factor_and_the_way_out_too(self, mei, browser_of, program):
        first, _second = browser_of(mei), browser_of(mei)
        begun = second_factor.begin(mei, begun_for="here")
        phone = Phone(second_factor.to_show(begun)["otpauth_uri"])
        recovery_codes = second_factor.confirm(begun, phone.code(-1)) or []

        def show(code, **more):
            asked = knock(program(), mei)
            assert code_of(asked) == (401, "20005")
            assert "sessions" not in asked.json()["error"]
            body = {"challenge": asked.json()["error"]["challenge"], "code": code} | more
            return program().post("auth/second-factor", body, headers={"user-agent": FIREFOX})

        refused = show(recovery_codes[0])
        assert code_of(refused) == (409, "10005")
        assert len(refused.json()["error"]["sessions"]) == 2

        assert show(recovery_codes[1], instead_of="oldest").status_code == 200
        assert code_of(first.get("auth/me")) == (401, "20001")

    def test_is_nobody_elses_to_choose(self, mei, hans, browser_of, program):
        other = browser_of(hans)
        browser_of(mei), browser_of(mei)

        assert code_of(knock(program(), mei, instead_of=other.tokens["session"]["id"])) == (409, "10005")

        assert other.get("auth/me").status_code == 200

    def test_names_what_is_wrong_with_the_choice(self, mei, program):
        answer = knock(program(), mei, instead_of="that one")

        assert code_of(answer) == (400, "10000")
        assert "instead_of" in answer.json()["error"]["fields"]

    def test_finds_a_place_once_somebody_has_signed_out(self, mei, browser_of, program):
        first = browser_of(mei)
        browser_of(mei)
        first.post("auth/logout")

        assert knock(program(), mei).status_code == 200

    def test_in_the_back_office_may_sign_out_of_the_oldest(self, boss, client, open_session):
        old = [open_session(boss, "admin", user_agent=FIREFOX, device=f"Laptop {number}") for number in range(2)]
        headers = {"user-agent": FIREFOX, "accept-language": "en"}
        given = {"username": boss.username, "password": PASSWORD}

        answer = client.post("/admin/login/?next=/admin/", given, headers=headers, follow=True)

        page = answer.content.decode()
        assert "Laptop 0, Laptop 1" in page
        assert "sign_out_oldest" in page
        assert client.get("/admin/", headers=headers).status_code == 302  # not in

        answer = client.post(answer.redirect_chain[-1][0], given | {"sign_out_oldest": "1"}, headers=headers)

        assert answer["location"] == "/admin/"
        assert client.get("/admin/", headers=headers).status_code == 200
        assert [sessions.state_of(one.sid).reason for one in old] == ["displaced", ""]

    @pytest.mark.django_db(transaction=True)
    def test_holds_with_many_at_once(self, mei):
        def act(_number):
            return sessions.open(user=mei, scope="api", user_agent=FIREFOX)

        answers = together(10, act)

        assert sum(isinstance(one, LoginSession) for one in answers) == 2
        assert {type(one).__name__ for one in answers} == {"LoginSession", "TooManyDevices"}
        assert living(mei) == 2


class TestOtherNumbers:
    @pytest.mark.parametrize("overflow", ["oldest", "refuse"])
    @pytest.mark.attack("T-SL-4")
    def test_lower_than_before_leave_the_newest(self, limits, mei, hans, open_session, overflow):
        limits.MULTI_LOGIN_LIMITS = {"web": 0, "app": 0, "desktop": 0, "other": 0}
        opened = [open_session(mei, user_agent=FIREFOX) for _ in range(4)]
        others = [open_session(hans, user_agent=FIREFOX), open_session(mei, "admin", user_agent=FIREFOX)]
        limits.MULTI_LOGIN_LIMITS = {"web": 2, "app": 1, "desktop": 0, "other": 0}
        limits.MULTI_LOGIN_OVERFLOW = overflow

        assert tasks.close_run_out() == 2

        reasons = [sessions.state_of(one.sid).reason for one in opened + others]
        assert reasons == ["displaced", "displaced", "", "", "", ""]

    @pytest.mark.attack("T-SL-4")
    def test_of_one_again_leave_the_newest_of_each_scope(self, limits, mei, open_session):
        opened = [open_session(mei, scope) for scope in ("api", "api", "admin", "admin")]
        limits.MULTI_LOGIN = False

        assert [sessions.state_of(one.sid).reason for one in opened] == ["displaced", "", "displaced", ""]

    @pytest.mark.django_db(transaction=True)
    def test_hold_while_the_oldest_go(self, mei):
        answers = together(10, lambda _number: sessions.open(user=mei, scope="api", user_agent=FIREFOX))

        assert not [one for one in answers if isinstance(one, Exception)]
        assert living(mei) == 2

    def test_are_not_touched_by_ended_sessions(self, mei, open_session):
        first = open_session(mei, user_agent=FIREFOX)
        open_session(mei, user_agent=FIREFOX)
        services.end_sessions(user=mei, by=None)

        for _ in range(2):
            open_session(mei, user_agent=FIREFOX)
        assert sessions.state_of(first.sid).reason == "revoked"
        assert living(mei) == 2


def knock(program, user, *, password=PASSWORD, **more):
    body = {"username": user.username, "password": password} | more
    return program.post("auth/login", body, headers={"user-agent": FIREFOX})
