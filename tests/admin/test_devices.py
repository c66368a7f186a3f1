"""My devices: everybody of the staff looks after their own sessions."""

import pytest

from accounts import sessions
from accounts.models import LoginSession
from tests.admin.conftest import flat

pytestmark = pytest.mark.django_db


class TestMyDevices:
    def test_tells_which_one_this_is(self, browser_of, porter):
        browser = browser_of(porter)
        sessions.open(user=porter, scope="api", device="Pixel 9")

        page = flat(browser.get("/admin/devices/").content.decode())

        assert page.count("this one") == 1
        assert "Pixel 9" in page

    def test_signs_another_device_out(self, browser_of, porter):
        browser = browser_of(porter)
        other = sessions.open(user=porter, scope="api", device="Pixel 9")

        page = browser.post("/admin/devices/end/", {"sid": other.sid}, follow=True)

        other.refresh_from_db()
        assert other.end_reason == "logout"
        assert "Pixel 9 is signed out." in flat(page.content.decode())

    def test_signs_all_others_out_at_once(self, browser_of, porter, settings):
        settings.MULTI_LOGIN = True
        browser = browser_of(porter)
        for device in ("Pixel 9", "iPad"):
            sessions.open(user=porter, scope="api", device=device)

        page = browser.post("/admin/devices/end/", {"sid": "others"}, follow=True)

        assert "Signed out of 2 other devices." in flat(page.content.decode())
        assert LoginSession.objects.live().filter(user=porter).count() == 1
        assert page.status_code == 200

    def test_signing_this_one_out_leads_to_the_door(self, browser_of, porter):
        browser = browser_of(porter)
        here = LoginSession.objects.live().get(user=porter)

        answer = browser.post("/admin/devices/end/", {"sid": here.sid})

        assert answer["Location"] == "/admin/login/"
        assert browser.get("/admin/devices/").status_code == 302

    def test_never_touches_somebody_elses(self, browser_of, porter, mei):
        theirs = sessions.open(user=mei, scope="api")

        answer = browser_of(porter).post("/admin/devices/end/", {"sid": theirs.sid})

        theirs.refresh_from_db()
        assert answer.status_code == 404
        assert theirs.ended_at is None
