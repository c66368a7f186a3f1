"""The back office in a real browser: on a phone, by keyboard, in the dark, and while the server is away."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.accounts.phones import Phone
from tests.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = ViewportSize(width=390, height=844)
FIRST_ROWS = (
    "/admin/accounts/user/",
    "/admin/accounts/role/",
    "/admin/auditlog/logentry/",
    "/admin/accounts/signingkey/",
)


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office full of demo data."""
    with Office(tmp_path_factory.mktemp("lively") / "home", "--port", "0", "--demo", MULTI_LOGIN="true") as opened:
        yield opened


@pytest.fixture
def sign_in(browser: Browser, lively: Office) -> Iterator[Callable[..., Page]]:
    """Open a window of some kind, signed in as the administrator."""
    windows: list[BrowserContext] = []

    def open_one(**kind: object) -> Page:
        window = browser.new_context(locale="en-US", **kind)  # type: ignore[arg-type]  # playwright's own options
        windows.append(window)
        page = window.new_page()
        username, password = lively.administrator
        page.goto(f"{lively.url}/admin/login/")
        page.fill("#id_username", username)
        page.fill("#id_password", password)
        page.click(".gh-gate-form [type=submit]")
        page.wait_for_url(f"{lively.url}/admin/")
        return page

    yield open_one
    for window in windows:
        window.close()


def sidebar(page: Page) -> list[str]:
    links = page.eval_on_selector_all("#nav-sidebar-apps a[href]", "all => all.map(one => new URL(one.href).pathname)")
    return sorted(set(links))


class TestOnAPhone:
    def test_no_page_is_wider_than_the_screen(self, sign_in, lively):
        page = sign_in(viewport=PHONE)
        addresses = [*sidebar(page), "/admin/accounts/user/add/", "/admin/accounts/role/add/"]
        for address in FIRST_ROWS:
            page.goto(lively.url + address)
            row = page.locator("#result_list tbody a[href*='/change/']").first
            addresses.append(row.get_attribute("href") or address)

        widths = {}
        for address in addresses:
            page.goto(lively.url + address)
            page.wait_for_load_state("load")
            widths[address] = page.evaluate("document.documentElement.scrollWidth")

        assert len(addresses) > 15
        assert {address: width for address, width in widths.items() if width > PHONE["width"]} == {}

    def test_the_sidebar_opens_and_leads_on(self, sign_in, lively):
        page = sign_in(viewport=PHONE)

        page.locator("#header-inner .material-symbols-outlined:visible").first.click()
        page.locator("#nav-sidebar-apps").get_by_role("link", name="Users").click()

        page.wait_for_url(f"{lively.url}/admin/accounts/user/")

    def test_who_acts_as_somebody_else_sees_it_and_ends_it_with_one_touch(self, sign_in, lively):
        page = sign_in(viewport=PHONE)
        page.goto(f"{lively.url}/admin/accounts/user/?is_staff__exact=1&is_superuser__exact=0")
        person = page.locator("#result_list tbody a[href*='/change/']").first.get_attribute("href") or ""
        page.goto(lively.url + person.partition("change/")[0] + "impersonate/")
        page.fill("#id_reason", "A look")
        page.get_by_role("button", name="Act as").click()
        banner = page.locator(".gh-acting")

        page.goto(f"{lively.url}/admin/accounts/user/")
        page.mouse.wheel(0, 3000)
        expect(banner).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        banner.get_by_role("button", name="End").click()

        page.wait_for_url(lambda address: person.partition("?")[0] in address)
        expect(banner).to_have_count(0)


class TestByKeyboard:
    def test_finds_people_with_ctrl_k(self, sign_in, lively):
        page = sign_in()
        page.keyboard.press("Control+k")
        expect(page.locator("#search-input-command")).to_be_focused()  # a moment later: what is typed before is lost
        page.keyboard.type("Users", delay=20)
        expect(page.locator("#command-results-list li").first).to_be_visible()

        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        page.wait_for_url(lambda address: "/admin/accounts/user/" in address)

    def test_sections_of_the_sidebar_stay_folded(self, sign_in):
        page = sign_in()
        page.get_by_role("button", name="People").press("Enter")
        expect(page.locator("#nav-sidebar-apps").get_by_role("link", name="Users")).to_be_hidden()

        page.reload()

        expect(page.locator("#nav-sidebar-apps").get_by_role("link", name="Users")).to_be_hidden()


class TestLanguageAndLight:
    def test_switch_at_the_door_and_stay_inside(self, browser, lively):
        window = browser.new_context(locale="en-US", color_scheme="light")
        page = window.new_page()
        page.goto(f"{lively.url}/admin/login/")
        page.get_by_role("button", name="简体中文").click()
        page.get_by_role("button", name="切换深浅色").click()
        expect(page.locator("html")).to_have_class("dark")

        username, password = lively.administrator
        page.fill("#id_username", username)
        page.fill("#id_password", password)
        page.click(".gh-gate-form [type=submit]")
        page.wait_for_url(f"{lively.url}/admin/")

        expect(page.locator("html")).to_have_class("dark")
        expect(page.locator("#nav-sidebar-apps")).to_contain_text("计划任务")
        window.close()


class TestWhileTheServerIsAway:
    def test_our_own_page_says_so_and_comes_back_by_itself(self, sign_in, lively):
        page = sign_in()
        page.evaluate("navigator.serviceWorker.ready")
        page.reload()

        page.context.set_offline(offline=True)
        page.goto(f"{lively.url}/admin/devices/", wait_until="commit")
        expect(page.get_by_role("heading")).to_contain_text("Gatehouse cannot be reached")

        page.context.set_offline(offline=False)
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("Signed in now")).to_be_visible()


class TestCaptcha:
    def test_is_solved_by_the_page_itself_while_one_types(self, browser, new_office):
        office = new_office(CAPTCHA_AFTER_FAILURES="3")
        window = browser.new_context(locale="en-US", viewport=PHONE, reduced_motion="reduce")
        page = window.new_page()

        def knock(username: str, password: str) -> None:
            page.fill("#id_username", username)
            page.fill("#id_password", password)
            page.click(".gh-gate-form [type=submit]")

        page.goto(f"{office.url}/admin/login/")
        for number in range(4):
            # the fourth is sent before its captcha is solved, and waits for it
            knock("somebody", f"wrong {number}")
            refused = page.get_by_text("The user name or the password is not right.")
            expect(refused).to_be_visible(timeout=60_000)
            page.goto(f"{office.url}/admin/login/")
        expect(page.get_by_text("Checked: you may go on.")).to_be_visible(timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        knock(*office.administrator)

        page.wait_for_url(f"{office.url}/admin/", timeout=60_000)
        window.close()


class TestSecondFactor:
    def test_is_set_up_with_a_phone_and_asked_for_at_the_next_sign_in(self, browser, lively):
        administrator = lively.sign_in()
        person = {"username": "theporter", "password": "correct horse battery", "is_staff": True}
        assert administrator.post("users/", person).status_code == 201
        window = browser.new_context(locale="en-US", viewport=PHONE)
        page = window.new_page()

        def knock() -> None:
            page.goto(f"{lively.url}/admin/login/?next=/admin/sign-in-safety/")
            page.fill("#id_username", "theporter")
            page.fill("#id_password", "correct horse battery")
            page.click(".gh-gate-form [type=submit]")

        knock()
        page.wait_for_url(f"{lively.url}/admin/sign-in-safety/")
        page.get_by_role("button", name="Set up").click()
        expect(page.locator(".gh-qr svg")).to_be_visible()
        secret = page.locator("[data-copy]").first.get_attribute("data-copy")
        phone = Phone(f"otpauth://totp/x?secret={secret}")
        page.fill("#id_code", phone.code())
        page.press("#id_code", "Enter")
        expect(page.locator(".gh-codes li")).to_have_count(10)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

        window.clear_cookies()
        knock()
        page.wait_for_url("**/admin/second-step/**")
        page.fill("#id_code", phone.code(1))  # the one before was used
        page.press("#id_code", "Enter")

        page.wait_for_url(f"{lively.url}/admin/sign-in-safety/")
        expect(page.get_by_text("10 are left")).to_be_visible()
        window.close()


class TestArrangingDepartments:
    """Each test brings departments of its own below one of the demo's, so that others find theirs as they were."""

    @pytest.fixture
    def house(self, lively):
        administrator = lively.sign_in()
        parent = administrator.post("departments/", {"name": f"House {secrets.token_hex(3)}"}).json()
        made = [administrator.post("departments/", {"name": name, "parent": parent["id"]}).json() for name in "ABC"]
        return administrator, parent, made

    def drawn(self, house):
        administrator, parent, made = house
        ours = {parent["id"], *(one["id"] for one in made)}
        rows = administrator.get("departments/?page_size=200").json()["results"]
        return ["." * (row["depth"] - 1) + row["name"] for row in rows if row["parent"] in ours]

    def row(self, page, one):
        return page.locator(f".gh-arrange li[data-id='{one['id']}']")

    def test_by_keyboard(self, sign_in, lively, house):
        _caller, _parent, (first, second, third) = house
        page = sign_in()
        page.goto(f"{lively.url}/admin/accounts/department/arrange/")

        for one, key in ((third, "up"), (second, "in"), (first, "down"), (second, "out"), (first, "up")):
            button = self.row(page, one).locator(f"[data-move={key}]")
            with page.expect_response("**/arrange/") as saved:
                button.press("Enter")
            assert saved.value.ok
            expect(button).to_be_focused()

        assert self.drawn(house) == ["C", "A", "B"]

    @pytest.mark.parametrize("viewport", [PHONE, ViewportSize(width=1440, height=900)], ids=["phone", "desk"])
    def test_by_dragging(self, sign_in, lively, house, viewport):
        _caller, _parent, (first, second, third) = house
        page = sign_in(viewport=viewport)
        page.goto(f"{lively.url}/admin/accounts/department/arrange/")
        handle = self.row(page, third).locator("[data-handle]")
        handle.scroll_into_view_if_needed()
        start, target = handle.bounding_box(), self.row(page, second).bounding_box()
        assert start
        assert target

        page.mouse.move(start["x"] + 5, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(start["x"] + 20, target["y"] + 8, steps=4)
        page.mouse.move(start["x"] + 5 + 24, target["y"] + 4, steps=4)
        with page.expect_response("**/arrange/") as saved:
            page.mouse.up()

        assert saved.value.ok
        assert self.drawn(house) == ["A", ".C", "B"]

    def test_of_a_tree_that_changed_meanwhile_is_refused_and_taken_back(self, sign_in, lively, house):
        caller, _parent, (first, second, third) = house
        page = sign_in()
        page.goto(f"{lively.url}/admin/accounts/department/arrange/")
        caller.post(f"departments/{third['id']}/move", {"before": first["id"]})

        self.row(page, second).locator("[data-move=up]").click()

        expect(page.get_by_role("alert")).to_contain_text("The departments have changed meanwhile")
        shown = page.eval_on_selector_all(".gh-arrange li", "all => all.map(one => Number(one.dataset.id))")
        assert [one for one in shown if one in {first["id"], second["id"], third["id"]}] == [
            first["id"],
            second["id"],
            third["id"],
        ]
        assert self.drawn(house) == ["C", "A", "B"]
