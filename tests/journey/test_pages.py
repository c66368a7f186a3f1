"""Points 2, 3, 5 and 7 of the journey, as staff see them in a browser."""

import json
import re
from collections.abc import Callable

import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

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
    page.press("input[name=password]", "Enter", no_wait_after=True)
    page.wait_for_url(f"{office.url}/admin/")


NAMES = {"Gatehouse", "English", "JSON", "WebSocket", "admin", "HTTP", "API", "xlsx", "Excel", "Jenkins"}
"""What is the same in Chinese."""
LIVE = ("/admin/", "/console/", "/admin/realtime/connection/", "/admin/realtime/node/")
"""Pages that scripts fill; the words of the others are looked at in tests/admin."""


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
        page.press("input[name=password]", "Enter", no_wait_after=True)

        expect(page.get_by_text("The user name or the password is not right.")).to_be_visible()
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

    def test_speaks_chinese_where_scripts_write_too(self, signed_in: Page, office: Office):
        signed_in.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": office.url}])
        left = {}
        for path in LIVE:
            signed_in.goto(office.url + path)
            labels = signed_in.eval_on_selector_all(
                "nav a, aside a, h1, h2, th, label, button",
                "all => all.filter(one => one.checkVisibility()).map(one => [...one.childNodes]"
                ".filter(node => node.nodeType === 3).map(node => node.textContent).join(' ').trim())",
            )
            words = {word for label in labels for word in re.findall(r"[A-Za-z]{3,}", label)}
            if rest := words - NAMES:
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
        path = workbooks.by_the_old_system(tmp_path, 8, "webimport")
        signed_in.goto(f"{office.url}/admin/accounts/user/")
        signed_in.get_by_role("link", name="Import").last.click()

        signed_in.set_input_files("input[type=file]", path)
        signed_in.get_by_role("button", name="Check the file").click()
        signed_in.get_by_role("button", name="Import 8 rows").click(timeout=90_000)

        expect(signed_in.get_by_text("8 added, 0 changed.")).to_be_visible(timeout=90_000)
        assert administrator.get("users/", params={"search": "webimport"}).json()["count"] == 8

    def test_shows_why_a_row_is_bad_and_imports_nothing(self, signed_in: Page, office: Office, tmp_path):
        path = workbooks.by_the_old_system(tmp_path, 3, "webbad")
        book = openpyxl.load_workbook(path)
        book.active["B3"] = "x"
        book.save(path)
        book.close()
        signed_in.goto(f"{office.url}/admin/sheets/importjob/add/?resource=users")

        signed_in.set_input_files("input[type=file]", path)
        signed_in.get_by_role("button", name="Check the file").click()

        expect(signed_in.get_by_text("1 row is bad, so nothing will be imported.")).to_be_visible(timeout=90_000)
        expect(signed_in.get_by_role("link", name="Error workbook")).to_be_visible()
        expect(signed_in.get_by_role("button", name="Import 2 rows")).to_have_count(0)


class TestConsole:
    def test_opens_a_socket_and_shows_what_travels(self, signed_in: Page, office: Office):
        open_console(signed_in, office)

        signed_in.fill("#topic", "echo")
        signed_in.fill("#data", '{"hello": "gate"}')
        signed_in.click("#send")

        expect(frame_with(signed_in, "gate")).not_to_have_count(0)

    def test_sends_to_a_person_to_a_group_and_to_everyone(
        self, hire: Callable[[], Member], signed_in: Page, office: Office
    ):
        mei, hans = hire(), hire()
        group = f"public.{mei.username}"
        open_console(signed_in, office)
        with mei.sign_in().socket() as meis, hans.sign_in().socket() as hanss:
            meis.ask("join", {"group": group})
            hanss.next("welcome")

            push(signed_in, "user", str(mei.pk), "for Mei")
            push(signed_in, "group", group, "for the group")
            push(signed_in, "all", "", "for everyone")

            assert [meis.next("notice")["text"] for _ in range(3)] == ["for Mei", "for the group", "for everyone"]
            assert hanss.next("notice")["text"] == "for everyone"


def open_console(page: Page, office: Office) -> None:
    """Open the console and connect with the page's own session."""
    page.goto(f"{office.url}/console/")
    page.click("#connect")
    expect(frame_with(page, "welcome")).not_to_have_count(0)


def frame_with(page: Page, text: str) -> Locator:
    """Return the shown frames that hold `text`."""
    return page.locator("#frames-rows").get_by_text(text)


def push(page: Page, to: str, who: str, text: str) -> None:
    """Send a notice to others from the console."""
    form = page.locator("form:has(#push-topic)")
    form.locator(f"input[name=to][value={to}]").check(force=True)
    if who:
        page.fill("#who", who)
    page.fill("#push-data", json.dumps({"text": text}))
    with page.expect_response(lambda answer: answer.url.endswith("/realtime/messages")) as answered:
        form.get_by_role("button", name="Send").click()
    assert answered.value.status == 202


class TestSessionsPage:
    def test_ends_every_session_of_a_person(
        self, administrator: Caller, hire: Callable[[], Member], signed_in: Page, office: Office
    ):
        mei = hire()
        caller = mei.sign_in()
        line = caller.socket()
        line.next("welcome")
        signed_in.goto(f"{office.url}/admin/accounts/user/?q={mei.username}")
        signed_in.locator("input[name=_selected_action]").first.check()
        action = signed_in.locator(
            "select[name=action] option", has_text=re.compile("end.*session", re.IGNORECASE)
        ).first
        signed_in.select_option("select[name=action]", action.get_attribute("value"))
        signed_in.locator("button[name=index]").last.click()
        signed_in.fill("#id_reason", "left the company")
        with signed_in.expect_navigation():
            signed_in.locator("button.gh-button-danger").click()

        assert line.end()[0] == 4502
        answer = caller.get("auth/me")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "20002")
