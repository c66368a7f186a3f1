"""Points 2, 3, 5 and 7 of the journey, as staff see them in a browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.clients import Caller
from tests.journey import workbooks
from tests.journey.conftest import Member
from tests.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def signed_in(page: Page, office: Office) -> Page:
    """The administrator's page, just after signing in."""
    sign_in(page, office)
    return page


def sign_in(page: Page, office: Office) -> None:
    """Sign in as the administrator, in English."""
    username, password = office.administrator
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": office.url}])
    page.goto(f"{office.url}/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{office.url}/admin/")


def sidebar(page: Page) -> list[str]:
    """Return the pages the sidebar leads to."""
    links = page.eval_on_selector_all("nav a[href], aside a[href]", "all => all.map(one => new URL(one.href).pathname)")
    return sorted({link for link in links if link.startswith(("/admin/", "/console/")) and "logout" not in link})


class TestAdmin:
    def test_asks_who_is_there_and_lets_them_in(self, page: Page, office: Office):
        page.goto(f"{office.url}/")
        assert "/admin/login/" in page.url

        sign_in(page, office)

        assert "Gatehouse" in page.title()

    def test_refuses_a_wrong_password_politely(self, page: Page, office: Office):
        page.goto(f"{office.url}/admin/login/")
        page.fill("input[name=username]", "nobodyhere")
        page.fill("input[name=password]", "Wrong1word")
        page.press("input[name=password]", "Enter")

        page.wait_for_load_state()
        assert "/admin/login/" in page.url

    def test_shows_every_page_of_the_sidebar_without_an_error(self, signed_in: Page, office: Office):
        errors: list[str] = []
        signed_in.on("pageerror", lambda error: errors.append(f"{signed_in.url}: {error}"))
        pages = sidebar(signed_in)

        statuses = {}
        for path in pages:
            answer = signed_in.goto(office.url + path)
            assert answer
            statuses[path] = answer.status

        assert len(pages) >= 8
        assert {path: status for path, status in statuses.items() if status != 200} == {}
        assert errors == []

    def test_speaks_chinese_when_asked(self, signed_in: Page, office: Office):
        signed_in.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": office.url}])
        left = {}
        for path in sidebar(signed_in):
            signed_in.goto(office.url + path)
            labels = signed_in.eval_on_selector_all(
                "nav a, aside a, h1, h2, th, label, button",
                "all => all.filter(one => one.checkVisibility()).map(one => [...one.childNodes]"
                ".filter(node => node.nodeType === 3).map(node => node.textContent).join(' ').trim())",
            )
            words = {word for label in labels for word in re.findall(r"[A-Za-z]{3,}", label)}
            if rest := words - {"Gatehouse", "English", "JSON", "WebSocket", "admin", "HTTP", "API", "xlsx", "Excel"}:
                left[path] = sorted(rest)

        assert left == {}

    def test_fits_a_phone(self, signed_in: Page, office: Office):
        signed_in.set_viewport_size({"width": 390, "height": 844})
        for path in ("/admin/", "/admin/accounts/user/", "/console/"):
            signed_in.goto(office.url + path)
            wider = signed_in.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, f"{path} is {wider} px too wide"


class TestImportPage:
    def test_takes_a_workbook_shows_what_would_happen_and_does_it(
        self, administrator: Caller, signed_in: Page, office: Office, tmp_path
    ):
        path = workbooks.by_the_old_system(tmp_path, 500, "webimport")
        signed_in.goto(f"{office.url}/admin/accounts/user/")
        signed_in.get_by_role("link", name=re.compile("import", re.IGNORECASE)).last.click()

        signed_in.set_input_files("input[type=file]", path)
        signed_in.locator("form:has(input[type=file]) [type=submit]").last.click()
        confirm = signed_in.get_by_role("button", name=re.compile("^(confirm|import)", re.IGNORECASE)).first
        expect(confirm).to_be_enabled(timeout=60_000)
        expect(signed_in.get_by_text("500").first).to_be_visible()
        confirm.click()

        expect(signed_in.get_by_text(re.compile(r"\bdone\b", re.IGNORECASE)).first).to_be_visible(timeout=60_000)
        assert administrator.get("users/", params={"search": "webimport"}).json()["count"] == 500


class TestConsole:
    def test_opens_a_socket_and_shows_frames(self, signed_in: Page, office: Office):
        signed_in.goto(f"{office.url}/console/")
        signed_in.get_by_role("button", name=re.compile("^(connect|open)", re.IGNORECASE)).first.click()

        expect(signed_in.get_by_text("welcome").first).to_be_visible()

    def test_sends_to_a_person_whose_socket_gets_it(
        self, administrator: Caller, hire: Callable[[], Member], office: Office
    ):
        mei = hire()
        with mei.sign_in().socket() as line:
            line.next("welcome")
            administrator.post(
                "realtime/messages", {"to": {"user": mei.pk}, "topic": "notice", "data": {"text": "hello"}}
            )

            assert line.next("notice") == {"text": "hello"}


class TestSessionsPage:
    def test_ends_every_session_of_a_person(
        self, administrator: Caller, hire: Callable[[], Member], signed_in: Page, office: Office
    ):
        mei = hire()
        caller = mei.sign_in()
        line = caller.socket()
        line.next("welcome")
        signed_in.goto(f"{office.url}/admin/accounts/user/?q={mei.username}")
        signed_in.check("input[name=_selected_action]")
        action = signed_in.locator("select[name=action] option", has_text=re.compile("session", re.IGNORECASE)).first
        signed_in.select_option("select[name=action]", action.get_attribute("value"))
        signed_in.locator("button[name=index]:visible, [type=submit][name=index]:visible").first.click()
        confirm = signed_in.get_by_role("button", name=re.compile("end|yes|confirm", re.IGNORECASE))
        if confirm.count():
            confirm.last.click()

        assert line.end()[0] == 4502
        answer = caller.get("auth/me")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "20002")
