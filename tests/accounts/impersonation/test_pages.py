"""Acting as somebody else in the back office: the button, the banner, what is refused, and the way back."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import LoginSession, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_back_office import browser_of

pytestmark = pytest.mark.django_db

START, END = "/admin/", "/admin/impersonation/end/"


@pytest.fixture
def helper(hire, role) -> User:
    """Staff of rank 60 who may act as others, and change things meanwhile."""
    powers = ("view_user", "change_user", "view_loginsession", "impersonate_user", "impersonate_write")
    return hire(
        "thehelper", real_name="Helga", is_staff=True, roles=[role("helpers", 60, *map("accounts.{}".format, powers))]
    )


def page_of(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/impersonate/"


def begin(browser: Client, user: User, **more: str) -> Client:
    answer = browser.post(page_of(user), {"reason": "A look", "mode": "read"} | more)
    assert (answer.status_code, answer["Location"]) == (302, START), answer.content.decode()
    return browser


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def acting(helper, clerk) -> Client:
    return begin(browser_of(helper), clerk)


class TestBeginning:
    def test_is_a_button_on_the_persons_page(self, helper, clerk, hire, role, mei):
        peer = hire("thepeer", is_staff=True, roles=[role("peers", 60)])
        browser = browser_of(helper)

        assert page_of(clerk) in text_of(browser.get(f"/admin/accounts/user/{clerk.pk}/change/"))
        assert page_of(peer) not in text_of(browser.get(f"/admin/accounts/user/{peer.pk}/change/"))
        assert page_of(mei) not in text_of(browser.get(f"/admin/accounts/user/{mei.pk}/change/"))  # not staff
        assert browser.get(page_of(peer)).status_code == 403

    def test_asks_why(self, helper, clerk):
        browser = browser_of(helper)

        assert "Act as theclerk" in text_of(browser.get(page_of(clerk)))
        assert "This field is required" in text_of(browser.post(page_of(clerk), {"mode": "read"}))
        assert not LoginSession.objects.exclude(subject=None).exists()

    def test_is_refused_for_who_has_no_access_themselves(self, helper, mei):
        assert browser_of(helper).post(page_of(mei), {"reason": "x", "mode": "read"}).status_code == 403

    def test_asks_once_more_who_is_there(self, helper, clerk):
        browser = browser_of(helper)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(seconds=601))

        asked = browser.post(page_of(clerk), {"reason": "A look", "mode": "read"})

        assert "Show once more that it is you" in text_of(asked)
        begin(browser, clerk, **{"proof-password": PASSWORD})

    def test_offers_changes_to_those_who_may(self, hire, role, clerk):
        powers = ("accounts.view_user", "accounts.impersonate_user")
        reader = browser_of(hire("thereader", is_staff=True, roles=[role("readers", 60, *powers)]))

        assert 'name="mode"' not in text_of(reader.get(page_of(clerk)))
        begin(reader, clerk, mode="write")

        assert not LoginSession.objects.get(user__username="thereader").subject_writes


class TestBanner:
    @pytest.mark.parametrize(
        "path",
        [
            "/admin/",
            "/admin/accounts/user/",
            "/admin/accounts/user/add/",
            "/console/",
            "/admin/accounts/user/{}/change/",
        ],
    )
    def test_stands_on_every_page(self, helper, boss, mei, path):
        other = User.objects.create_superuser("otherboss")
        browser = begin(browser_of(boss), other)

        page = text_of(browser.get(path.format(mei.pk)))

        assert "You are acting as otherboss." in page
        assert "You are really theboss" in page
        assert f'action="{END}"' in page

    def test_is_nowhere_else(self, boss):
        assert END not in text_of(browser_of(boss).get(START))

    def test_stands_on_the_page_that_refuses(self, acting):
        page = acting.post("/admin/accounts/user/add/", {"username": "x"})

        assert page.status_code == 403
        assert "may only read" in text_of(page)
        assert f'action="{END}"' in text_of(page)

    def test_speaks_the_language_of_who_reads_it(self, helper, clerk):
        User.objects.filter(pk=helper.pk).update(language="zh-hans")
        User.objects.filter(pk=clerk.pk).update(language="en")

        page = text_of(begin(browser_of(helper), clerk).get(START))

        assert "您正在以 theclerk 的身份操作" in page


class TestMeanwhile:
    def test_one_sees_the_subjects_pages(self, acting):
        assert acting.get("/admin/accounts/user/").status_code == 200
        assert acting.get("/admin/accounts/loginsession/").status_code == 403  # the helper's own permission

    @pytest.mark.parametrize("mode", ["read", "write"])
    @pytest.mark.parametrize(
        "path",
        [
            "/admin/devices/",
            "/admin/sign-in-safety/",
            "/admin/tokens/",
            "/admin/password_change/",
            "/admin/second-step/",
            "/admin/login/",
        ],
    )
    def test_ones_own_pages_are_for_oneself(self, helper, clerk, mode, path):
        browser = begin(browser_of(helper), clerk, mode=mode)

        for answer in (browser.get(path), browser.post(path, {})):
            assert answer.status_code == 403
            assert "for themselves only" in text_of(answer)
        assert path not in text_of(browser.get(START))

    def test_changes_are_made_where_that_was_chosen(self, helper, clerk, mei):
        browser = begin(browser_of(helper), clerk, mode="write")

        answer = browser.post(
            "/admin/accounts/user/", {"action": "deactivate", "_selected_action": mei.pk, "confirmed": "yes"}
        )

        assert answer.status_code == 302
        mei.refresh_from_db()
        assert not mei.is_active

    def test_passwords_are_never_set(self, helper, clerk, mei):
        browser = begin(browser_of(helper), clerk, mode="write")
        given = {"new_password": "correct horse battery 9", "again": "correct horse battery 9"}

        answer = browser.post(f"/admin/accounts/user/{mei.pk}/password/", given)

        assert "for themselves only" in text_of(answer)
        mei.refresh_from_db()
        assert mei.check_password(PASSWORD)

    def test_sessions_are_never_ended(self, helper, clerk, mei, open_session):
        session = open_session(mei)
        browser = begin(browser_of(helper), clerk, mode="write")

        answer = browser.post(f"/admin/accounts/user/{mei.pk}/end-sessions/", {"confirmed": "yes", "reason": "x"})

        assert answer.status_code == 403
        assert "this is for themselves only" in text_of(answer)
        session.refresh_from_db()
        assert session.ended_at is None

    def test_the_list_of_sessions_shows_who_acts_as_whom(self, acting, boss):
        page = text_of(browser_of(boss).get("/admin/accounts/loginsession/"))

        assert "as theclerk" in page

    def test_the_api_answers_the_browser_likewise(self, acting, mei):
        assert acting.get("/api/v1/auth/me").json()["username"] == "theclerk"
        assert acting.patch(f"/api/v1/users/{mei.pk}/", {}, content_type="application/json").status_code == 403
        assert acting.get("/api/v1/auth/totp").status_code == 403


class TestEnding:
    def test_is_one_click(self, acting, clerk):
        answer = acting.post(END)

        assert (answer.status_code, answer["Location"]) == (302, f"/admin/accounts/user/{clerk.pk}/change/")
        page = text_of(acting.get(answer["Location"]))
        assert "You are yourself again." in page
        assert END not in page

    def test_by_signing_out_ends_the_actors_session(self, acting, clerk):
        acting.post("/admin/logout/")

        assert acting.get(START).status_code == 302
        assert not LoginSession.objects.live().exists()

    def test_is_told_on_the_next_page(self, acting):
        LoginSession.objects.update(subject_until=timezone.now())

        answer = acting.get("/admin/accounts/user/")

        assert answer["Location"] == START
        page = text_of(acting.get(START))
        assert "The time for it is over" in page
        assert END not in page

    def test_voids_what_was_filled_in_before(self, helper, clerk, mei):
        """However it ended: the browser has not been told yet."""
        browser = begin(browser_of(helper), clerk, mode="write")
        services.stop_impersonating(session=LoginSession.objects.get())

        answer = browser.post(f"/admin/accounts/user/{mei.pk}/change/", {"username": "renamed"})

        assert (answer.status_code, answer["Location"]) == (302, START)
        assert "You are yourself again; nothing was done." in text_of(browser.get(START))
        mei.refresh_from_db()
        assert mei.username == "meiling"

    def test_voids_the_forms_of_pages_shown_as_the_subject(self, helper, clerk, mei):
        browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
        browser.force_login(helper)

        def token(path: str) -> str:
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).content.decode())
            assert found
            return found[1]

        before = token(page_of(clerk))
        begin(browser, clerk, csrfmiddlewaretoken=before)
        meanwhile = token(START)
        assert browser.post(END, {"csrfmiddlewaretoken": before}).status_code == 403
        assert browser.post(END, {"csrfmiddlewaretoken": meanwhile}).status_code == 302

        assert (
            browser.post(f"/admin/accounts/user/{mei.pk}/change/", {"csrfmiddlewaretoken": meanwhile}).status_code
            == 403
        )

    def test_does_not_disturb_what_pages_look_up_by_themselves(self, acting):
        LoginSession.objects.update(subject_until=timezone.now())

        assert acting.get("/admin/pulse/", headers={"sec-fetch-mode": "cors"}).status_code == 200
        assert acting.get(START)["Location"] == START  # the person is told, not the script
