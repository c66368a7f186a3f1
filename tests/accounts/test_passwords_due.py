"""Whoever must choose a new password does nothing else before."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import authentication, services, tickets, tokens
from accounts.models import ApiToken, LoginSession, Mail, User
from accounts.passwords import is_due_for
from realtime.core.codes import Refused
from realtime.transport.credentials import Credentials, identify
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.test_back_office import browser_of, is_in
from tests.accounts.test_sockets import _in_thread

pytestmark = pytest.mark.django_db

CHANGE = "/admin/password_change/"
ANOTHER = "rain on the tin roof"


def require(user) -> None:
    services.update_user(by=None, user=user, must_change_password=True)


@pytest.fixture
def due(hire):
    """Staff who must choose a new password."""
    person = hire("newhere", is_staff=True, is_superuser=True)
    require(person)
    return person


class TestOverTheApi:
    def test_signs_in_and_is_told(self, due, program):
        phone = program().sign_in(due)

        assert phone.tokens["password_due"] is True
        assert phone.get("auth/me").json()["password_due"] is True
        assert phone.refresh().status_code == 200

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "users/"),
            ("GET", "auth/sessions"),
            ("PATCH", "auth/me"),
            ("POST", "auth/ticket"),
            ("POST", "auth/tokens"),
            ("GET", "auth/totp"),
            ("POST", "auth/confirm"),
        ],
    )
    def test_gets_no_further(self, due, program, method, path):
        answer = program().sign_in(due).call(method, path)

        assert code_of(answer) == (403, "20010")
        assert answer.json()["error"]["change_url"] == "/api/v1/auth/password"

    def test_goes_on_once_it_is_changed(self, due, program):
        phone = program().sign_in(due)
        assert fields_of(phone.post("auth/password", {"old_password": PASSWORD, "new_password": PASSWORD}))

        answer = phone.post("auth/password", {"old_password": PASSWORD, "new_password": ANOTHER})

        assert answer.status_code == 200
        assert phone.get("users/").status_code == 200
        assert phone.get("auth/me").json()["password_due"] is False

    def test_may_sign_out(self, due, program):
        phone = program().sign_in(due)

        assert phone.post("auth/logout").status_code == 204

    def test_is_stopped_at_the_next_call_when_somebody_asks_for_it(self, mei, phone_of):
        phone = phone_of(mei)
        require(mei)

        assert code_of(phone.get("auth/sessions")) == (403, "20010")

    def test_has_machines_that_go_on(self, boss, program):
        made = services.create_api_token(
            owner=boss, name="export", scopes=["accounts.view_user"], expires_at=timezone.now() + timedelta(days=1)
        )
        require(boss)

        assert program().get("users/", headers={"authorization": f"Bearer {made.text}"}).status_code == 200
        assert ApiToken.objects.live().exists()


class TestInTheBackOffice:
    def test_is_led_to_the_page_and_then_where_they_wanted_to_go(self, due):
        browser = browser_of(due)
        answer = browser.get("/admin/devices/")
        assert answer["Location"] == f"{CHANGE}?next=%2Fadmin%2Fdevices%2F"
        page = browser.get(answer["Location"]).content.decode()
        assert "Choose a new password" in page
        assert "nav-sidebar" not in page

        sent = {"old_password": PASSWORD, "new_password": ANOTHER, "again": ANOTHER, "next": "/admin/devices/"}
        answer = browser.post(CHANGE, sent)

        assert answer["Location"] == "/admin/devices/"
        assert browser.get("/admin/devices/").status_code == 200
        assert User.objects.get(pk=due.pk).check_password(ANOTHER)

    @pytest.mark.parametrize("path", ["/admin/", "/console/", "/admin/accounts/user/", "/admin/search/?s=a", "/"])
    def test_sees_no_other_page(self, due, path):
        assert browser_of(due).get(path)["Location"].startswith(CHANGE)

    @pytest.mark.parametrize("path", ["/admin/accounts/user/add/", "/admin/devices/end/", "/admin/sign-in-safety/"])
    def test_sends_nothing(self, due, path):
        assert browser_of(due).post(path, {"do": "begin"}).status_code == 403

    def test_reaches_nothing_with_the_cookie_over_the_api(self, due):
        browser = browser_of(due)

        assert code_of(browser.get("/api/v1/users/")) == (403, "20010")
        assert is_in(browser)

    def test_may_sign_out_and_speak_another_language(self, due):
        browser = browser_of(due)
        assert browser.post("/i18n/setlang/", {"language": "zh-hans", "next": CHANGE})["Location"] == CHANGE
        assert "nav-sidebar" not in browser.get(CHANGE).content.decode()

        assert browser.post("/admin/logout/").status_code == 302
        assert not is_in(browser)

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_is_led_to_no_other_house(self, due, elsewhere):
        sent = {"old_password": PASSWORD, "new_password": ANOTHER, "again": ANOTHER, "next": elsewhere}

        assert browser_of(due).post(CHANGE, sent)["Location"] == "/admin/"

    def test_is_told_what_is_wrong(self, due):
        page = browser_of(due).post(CHANGE, {"old_password": "no", "new_password": ANOTHER, "again": ANOTHER})

        assert "This is not your password." in page.content.decode()


class TestSocket:
    @pytest.mark.django_db(transaction=True)
    async def test_is_refused_with_the_reason(self, due, open_session):
        session = await _in_thread(open_session, due)
        token = await _in_thread(tokens.access, session)

        for shown in (Credentials(bearer=token), Credentials(ticket=await _in_thread(tickets.issue, session))):
            with pytest.raises(Refused) as refused:
                await identify(shown)
            assert refused.value.code == 4500
            assert refused.value.message == "You must choose a new password before anything else."

    @pytest.mark.django_db(transaction=True)
    async def test_that_is_open_is_found_by_the_gateways_next_look(self, due, open_session):
        session = await _in_thread(open_session, due)

        assert await authentication.ended_sessions([session.sid]) == {session.sid: 4500}


class TestStaff:
    def test_require_it_below_their_rank_only(self, clerk, mei, boss, phone_of):
        office = phone_of(clerk)

        assert office.patch(f"users/{mei.pk}", {"must_change_password": True}).json()["must_change_password"] is True
        assert code_of(office.patch(f"users/{boss.pk}", {"must_change_password": True})) == (403, "10009")
        assert LogEntry.objects.filter(additional_data__event="user.password_change_required").count() == 1

    def test_set_a_password_that_must_be_changed_unless_they_say_otherwise(self, clerk, mei, phone_of, program):
        office = phone_of(clerk)

        assert office.post(f"users/{mei.pk}/password", {"new_password": ANOTHER}).json() == {"ended": 0}
        assert program().sign_in(mei, ANOTHER).tokens["password_due"] is True

        lasting = {"new_password": "a third good sentence", "must_change": False}
        assert office.post(f"users/{mei.pk}/password", lasting).status_code == 200
        assert program().sign_in(mei, "a third good sentence").tokens["password_due"] is False

    def test_set_none_of_their_superiors_or_of_strangers(self, clerk, boss, mei, hans, phone_of):
        office = phone_of(clerk)
        given = {"new_password": ANOTHER}

        assert code_of(office.post(f"users/{boss.pk}/password", given)) == (403, "10009")
        assert code_of(office.post("users/999999/password", given)) == (404, "10008")
        assert code_of(phone_of(mei).post(f"users/{hans.pk}/password", given)) == (403, "10009")

    def test_tell_the_person_by_mail(self, clerk, hire):
        mei = hire("meimails", email="mei@example.com")

        services.set_password(user=mei, password=ANOTHER, by=clerk, must_change=True)

        assert Mail.objects.get(user=mei).name == "password_changed"

    def test_find_the_box_ticked_for_new_people_and_new_passwords(self, boss, mei):
        browser = browser_of(boss)

        for path in ("/admin/accounts/user/add/", f"/admin/accounts/user/{mei.pk}/password/"):
            form = browser.get(path).context["adminform" if "add" in path else "form"]
            fields = form.form if "add" in path else form
            assert fields["must_change_password" if "add" in path else "must_change"].value() is True

    def test_set_one_on_the_page(self, boss, mei):
        path = f"/admin/accounts/user/{mei.pk}/password/"

        browser_of(boss).post(path, {"new_password": ANOTHER, "again": ANOTHER, "must_change": "on"})

        mei.refresh_from_db()
        assert (mei.check_password(ANOTHER), mei.must_change_password) == (True, True)

    def test_who_add_somebody_without_a_password_require_nothing(self, boss, phone_of):
        new = {"username": "nopassword", "must_change_password": True}

        assert phone_of(boss).post("users/", new).json()["must_change_password"] is False


class TestMany:
    def test_are_asked_together_but_for_those_above(self, clerk, mei, hans, boss, phone_of):
        require(hans)
        asked = {"ids": [mei.pk, hans.pk, boss.pk], "action": "require_password", "reason": "the old server"}

        outcomes = [one["outcome"] for one in phone_of(clerk).post("users/bulk", asked).json()["results"]]

        assert outcomes == ["changed", "unchanged", "refused"]
        assert User.objects.get(pk=mei.pk).must_change_password
        assert not User.objects.get(pk=boss.pk).must_change_password

    def test_are_chosen_in_the_list(self, clerk, mei, hans):
        browser, people = browser_of(clerk), "/admin/accounts/user/"
        sent = {"action": "require_password", "_selected_action": [mei.pk, hans.pk], "index": "0"}
        assert "Require a new password of 2 people" in browser.post(people, sent).content.decode()
        assert not User.objects.get(pk=mei.pk).must_change_password

        browser.post(people, sent | {"confirmed": "yes"})

        assert User.objects.filter(must_change_password=True).count() == 2


class TestAge:
    def test_counts_only_where_the_operator_says_so(self, mei, settings):
        User.objects.filter(pk=mei.pk).update(password_changed_at=timezone.now() - timedelta(days=400))
        mei.refresh_from_db()
        assert not is_due_for(mei)

        settings.PASSWORD_MAX_AGE_DAYS = 365
        assert is_due_for(mei)

        services.set_password(user=mei, password=ANOTHER, by=mei)
        assert not is_due_for(mei)

    def test_is_the_accounts_where_nothing_else_is_known(self, mei, settings):
        settings.PASSWORD_MAX_AGE_DAYS = 30
        User.objects.filter(pk=mei.pk).update(password_changed_at=None, date_joined=timezone.now() - timedelta(days=31))
        mei.refresh_from_db()

        assert is_due_for(mei)


class TestChange:
    @pytest.mark.attack("T-US-3")
    def test_keeps_the_browser_that_made_it_and_ends_the_others(self, due, settings):
        settings.MULTI_LOGIN = True
        own, other = browser_of(due), browser_of(due)

        own.post(CHANGE, {"old_password": PASSWORD, "new_password": ANOTHER, "again": ANOTHER})

        assert is_in(own)
        assert not is_in(other)
        assert LoginSession.objects.exclude(ended_at=None).get().end_reason == "password"
