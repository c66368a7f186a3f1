"""Programs say what they are, and people are told of devices they never used."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import devices, sessions
from accounts.models import Device, LoginEvent, Mail
from realtime.models import Watch
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
HOSTILE = {
    "10 kB of one letter": "a" * 10_240,
    "10 kB of brackets": "Mozilla/5.0 (" * 800,
    "10 kB of slashes": "/" * 10_240,
    "blanks": " " * 10_240,
    "NUL": "Moz\0illa/5.0 (\0)",
    "emoji": "😀" * 400,
    "markup": "<script>alert(1)</script>",
    "a formula": "=cmd|' /C calc'!A0",
    "line breaks": "curl/8\r\nSet-Cookie: a=b",
    "turned around": "\u202egnp.exe",
    "nothing": "",
}


class TestPrograms:
    @pytest.mark.parametrize(
        ("agent", "found"),
        [
            (FIREFOX, ("Firefox", "Linux", "web")),
            (CHROME, ("Chrome", "Windows", "web")),
            (f"{CHROME} Edg/142.0", ("Edge", "Windows", "web")),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", ("Safari", "iOS", "web")),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", ("Safari", "macOS", "web")),
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0 Electron/32.0 Safari/537.36", ("Chrome", "Linux", "desktop")),
            ("okhttp/4.12.0", ("okhttp", "", "app")),
            ("GateApp/3 CFNetwork/1410 Darwin/22.6.0", ("GateApp", "iOS", "app")),
            ("curl/8.14.1", ("curl", "", "other")),
            ("gatehouse-sync/2.1", ("gatehouse-sync", "", "other")),
        ],
    )  # fmt: skip
    def test_are_read_out_of_what_they_say(self, agent, found):
        assert devices.read(agent) == found

    @pytest.mark.parametrize("agent", HOSTILE.values(), ids=HOSTILE)
    def test_may_say_anything(self, agent, mei):
        session = sessions.open(user=mei, scope="api", user_agent=agent, ip="::1")

        session.refresh_from_db()
        assert session.user_agent == agent.replace("\0", "")[:300]
        assert len(session.browser) <= 60
        assert session.browser.isprintable()
        assert session.device_kind in {"web", "app", "desktop", "other"}


class Window:
    """A browser of its own, with its own cookies."""

    def __init__(self, agent: str) -> None:
        self.client = Client(headers={"user-agent": agent, "accept-language": "en"})

    def sign_in(self, username: str) -> LoginEvent:
        answer = self.client.post("/admin/login/", {"username": username, "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        self.client.get("/admin/logout/")
        return LoginEvent.objects.latest("pk")


@pytest.fixture
def alarms() -> Callable[[], list[tuple[str, str]]]:
    """Who was mailed what so far."""
    return lambda: [(one.user.username, one.name) for one in Mail.objects.order_by("created_at")]


@pytest.mark.every_database
class TestNewDevice:
    @pytest.fixture(autouse=True)
    def _reachable(self, hire):
        self.keeper = hire("gatekeeper", is_staff=True, email="keeper@example.com")
        self.other = hire("otherone1", is_staff=True, email="other@example.com")

    def test_is_not_the_first_of_a_persons_life(self, alarms):
        event = Window(FIREFOX).sign_in("gatekeeper")

        assert not event.is_new_device
        assert alarms() == []

    def test_is_a_second_browser_and_then_no_more(self, alarms):
        firefox, chrome = Window(FIREFOX), Window(CHROME)

        seen = [window.sign_in("gatekeeper").is_new_device for window in (firefox, chrome, firefox, chrome)]

        assert seen == [False, True, False, False]
        assert alarms() == [("gatekeeper", "new_device")]

    def test_is_the_same_browser_on_another_machine(self):
        Window(FIREFOX).sign_in("gatekeeper")

        assert Window(FIREFOX).sign_in("gatekeeper").is_new_device

    def test_is_each_persons_own_affair(self, alarms):
        shared = Window(FIREFOX)
        shared.sign_in("gatekeeper")

        assert not shared.sign_in("otherone1").is_new_device
        assert alarms() == []

    def test_is_not_the_old_one_after_an_update(self):
        window = Window(FIREFOX)
        window.sign_in("gatekeeper")
        window.client.defaults["HTTP_USER_AGENT"] = FIREFOX.replace("140", "141")

        assert not window.sign_in("gatekeeper").is_new_device

    def test_is_one_with_a_cookie_somebody_made_up(self):
        Window(FIREFOX).sign_in("gatekeeper")
        known = Device.objects.get(user=self.keeper)
        forger = Window(FIREFOX)
        forger.client.cookies[devices.COOKIE] = f"{known.key}:made:up"

        assert forger.sign_in("gatekeeper").is_new_device

    def test_keeps_its_cookie_from_scripts(self):
        window = Window(FIREFOX)
        window.sign_in("gatekeeper")

        cookie = window.client.cookies[devices.COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == 400 * 86_400

    def test_gives_no_cookie_to_who_may_not_come_in(self):
        window = Window(FIREFOX)
        window.client.post("/admin/login/", {"username": "gatekeeper", "password": "no"})

        assert devices.COOKIE not in window.client.cookies

    def test_goes_by_its_name_and_program_over_the_api(self, program, alarms):
        def sign_in(device: str, agent: str) -> bool:
            given = {"username": "gatekeeper", "password": PASSWORD, "device": device}
            assert program().post("auth/login", given, headers={"user-agent": agent}).status_code == 200
            return LoginEvent.objects.latest("pk").is_new_device

        assert not sign_in("Pixel 9", "okhttp/4.12")
        assert not sign_in("Pixel 9", "okhttp/4.13")
        assert sign_in("Pixel 10", "okhttp/4.13")
        assert sign_in("Pixel 9", "curl/8")
        assert not sign_in("Pixel 10", "okhttp/5.0")
        assert len(alarms()) == 2

    def test_is_told_once_when_it_signs_in_twice_at_the_same_time(self, alarms):
        Window(FIREFOX).sign_in("gatekeeper")
        origin = LoginEvent(browser="Chrome", os="Windows")

        assert [devices.meet(self.keeper, origin, "api:x") for _one in range(2)] == [True, False]

    def test_is_no_alarm_for_a_wrong_password(self, program, alarms):
        Window(FIREFOX).sign_in("gatekeeper")
        program().post("auth/login", {"username": "gatekeeper", "password": "no"})

        event = LoginEvent.objects.latest("pk")
        assert (event.reason, event.is_new_device) == ("wrong_password", False)
        assert alarms() == []


class TestWatched:
    def test_is_told_on_the_page_and_over_the_api(self, boss, phone_of):
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(boss)
        phone = phone_of(boss)
        (watched,) = [one["id"] for one in phone.get("auth/sessions").json()["results"] if one["current"]]
        watch = Watch.objects.create(connection="0-1", watcher="0-2", session_id=watched, user=boss, watched_by=boss)

        told = {one["id"] for one in phone.get("auth/sessions").json()["results"] if one["watched"]}
        page = browser.get("/admin/devices/").content.decode()
        watch.delete()

        assert told == {watched}
        assert page.count("watched by staff") == 1
        assert "watched by staff" not in browser.get("/admin/devices/").content.decode()
