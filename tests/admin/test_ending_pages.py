"""The kill switch in the back office: what it touches, whom it leaves alone, what was said."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import services, sessions
from accounts.models import LoginSession, User
from tests.admin.conftest import PASSWORD, flat

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

SESSIONS = "/admin/accounts/loginsession/"
DEPARTMENTS = "/admin/accounts/department/"
GO_ON = {"confirmed": "yes", "reason": "lost laptops"}


@pytest.fixture
def works(mei, hire):
    """Mei is in a department, Hans in one below it; both are signed in."""
    hans = hire("hansmeier")
    works = services.create_department(by=None, name="Works")
    foundry = services.create_department(by=None, name="Foundry", parent=works)
    for person, department in ((mei, works), (hans, foundry)):
        User.objects.filter(pk=person.pk).update(department=department)
        sessions.open(user=person, scope="api", device="Pixel 9")
    return works


def live():
    return set(LoginSession.objects.live().values_list("user__username", flat=True))


class TestEverybody:
    ADDRESS = f"{SESSIONS}end-all/"

    def test_says_what_it_touches_and_whom_it_leaves_alone(self, browser_of, clerk, boss, works):
        sessions.open(user=boss, scope="api")
        browser = browser_of(clerk)
        assert "End everybody's sessions" in flat(browser.get(SESSIONS).content.decode())

        page = flat(browser.get(self.ADDRESS).content.decode())

        assert "End 2 sessions of 2 people" in page
        assert "1 person ranks as high as you and is left alone. Your own present session stays." in page
        assert "Pixel 9" in page
        assert live() == {"meiling", "hansmeier", "theclerk", "theboss"}

    def test_ends_them_and_says_so(self, browser_of, clerk, boss, works):
        sessions.open(user=boss, scope="api")
        browser = browser_of(clerk)

        page = flat(browser.post(self.ADDRESS, GO_ON, follow=True).content.decode())

        assert "2 sessions are over; their tokens and sockets are dead. 1 person ranks as high" in page
        assert live() == {"theclerk", "theboss"}
        entry = LogEntry.objects.filter(additional_data__event="sessions.ended").get()
        assert (entry.actor, entry.additional_data["reason"]) == (clerk, "lost laptops")

    def test_ends_the_own_session_too_when_ticked(self, browser_of, boss, works):
        browser = browser_of(boss)

        answer = browser.post(self.ADDRESS, GO_ON | {"mine_too": "on"}, follow=True)

        assert answer.redirect_chain[-1][0].startswith("/admin/login/")
        assert live() == set()

    def test_asks_who_is_there_when_that_is_long_ago_and_goes_on_with_the_reason(self, browser_of, boss, works):
        browser = browser_of(boss)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        page = browser.post(self.ADDRESS, GO_ON).content.decode()
        assert "Is it you?" in page
        assert "lost laptops" in page
        assert "meiling" in live()

        browser.post(self.ADDRESS, GO_ON | {"proof-password": PASSWORD, "proof-then": "post"})
        assert live() == {"theboss"}

    def test_is_not_for_those_without_the_permission(self, browser_of, porter, works):
        assert browser_of(porter).post(self.ADDRESS, GO_ON).status_code == 403
        assert "meiling" in live()


class TestList:
    @pytest.mark.attack("T-SL-4")
    def test_shows_both_where_several_may_sign_in_and_the_newest_later(self, browser_of, boss, mei, settings):
        settings.MULTI_LOGIN = True
        first, second = (sessions.open(user=mei, scope="api", device=name) for name in ("Pixel 9", "MacBook"))
        browser = browser_of(boss)
        listed = f"{SESSIONS}?state=live&q=meiling"

        page = flat(browser.get(listed).content.decode())
        assert "Pixel 9" in page
        assert "MacBook" in page

        settings.MULTI_LOGIN = False
        assert [sessions.state_of(one.sid).reason for one in (first, second)] == ["displaced", ""]
        assert "Pixel 9" not in flat(browser.get(listed).content.decode())


class TestDepartments:
    @pytest.fixture(autouse=True)
    def _may_look(self, clerk, role):
        look = role("gardeners", 1, "accounts.view_department", "accounts.change_department")
        services.set_roles(by=None, user=clerk, roles=[*clerk.roles, look])

    @pytest.mark.parametrize(
        ("action", "left", "said"),
        [
            ("end_sessions", {"hansmeier", "theclerk"}, "Works, without sub-departments."),
            ("end_sessions_below", {"theclerk"}, "Works, sub-departments included."),
        ],
    )
    def test_end_from_the_list_with_or_without_what_is_below(self, browser_of, clerk, works, action, left, said):
        browser = browser_of(clerk)
        asked = {"action": action, "_selected_action": [works.pk]}

        assert said in flat(browser.post(DEPARTMENTS, asked).content.decode())
        browser.post(DEPARTMENTS, asked | GO_ON)

        assert live() == left

    def test_end_from_their_own_page(self, browser_of, clerk, works):
        browser = browser_of(clerk)
        address = f"{DEPARTMENTS}{works.pk}/end-sessions/"
        assert address in browser.get(f"{DEPARTMENTS}{works.pk}/change/").content.decode()

        assert "End 2 sessions of 2 people" in flat(browser.get(address).content.decode())
        page = flat(browser.post(address, GO_ON, follow=True).content.decode())

        assert "2 sessions are over" in page
        assert live() == {"theclerk"}

    def test_of_nobody_say_so(self, browser_of, clerk):
        empty = services.create_department(by=None, name="Empty")

        page = flat(browser_of(clerk).get(f"{DEPARTMENTS}{empty.pk}/end-sessions/", follow=True).content.decode())

        assert "Nobody is signed in there whose sessions you could end." in page

    def test_that_are_none_are_not_found(self, browser_of, clerk):
        assert browser_of(clerk).get(f"{DEPARTMENTS}999999/end-sessions/").status_code == 404
