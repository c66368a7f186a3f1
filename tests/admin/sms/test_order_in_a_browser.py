"""Providers are put in order by keyboard, and by dragging on a screen as wide as a phone's."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.office import Office

pytestmark = pytest.mark.browser

ARRANGE = "/admin/sms/provider/arrange/"


@pytest.fixture
def three(new_office: Callable[..., Office]) -> Office:
    """An office of its own with three providers, in this order: in a shared one they would carry other tests' messages."""
    office = new_office(MULTI_LOGIN="true")
    caller = office.sign_in()
    for at, key in enumerate(("first", "second", "third"), start=1):
        given = {"key": key, "name": key.title(), "kind": "memory", "position": at}
        assert caller.post("sms/providers/", given).status_code == 201
    return office


def signed_in(browser: Browser, office: Office, **kind: Any) -> Page:
    page = browser.new_context(locale="en-US", **kind).new_page()
    username, password = office.administrator
    page.goto(f"{office.url}/admin/login/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click(".gh-gate-form [type=submit]")
    page.wait_for_url(f"{office.url}/admin/")
    page.goto(f"{office.url}{ARRANGE}")
    return page


def saved(office: Office) -> list[str]:
    return [one["key"] for one in office.sign_in().get("sms/providers/").json()["results"] if one["kind"] == "memory"]


def test_by_keyboard(browser: Browser, three: Office) -> None:
    page = signed_in(browser, three)
    up = page.get_by_role("button", name="Third: up")

    up.focus()
    page.keyboard.press("Enter")
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Third is now number 1 of ")
    expect(up).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")  # it is the first already
    assert saved(three) == ["first", "second", "third"], "nothing changes before it is saved"

    page.get_by_role("button", name="Save this order").press("Enter")
    page.wait_for_url(f"{three.url}/admin/sms/provider/")
    assert saved(three) == ["third", "first", "second"]
    page.context.close()


def test_by_dragging_on_a_phone(browser: Browser, three: Office) -> None:
    page = signed_in(browser, three, viewport=ViewportSize(width=390, height=844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    rows = page.locator("[data-order] li")
    names = rows.locator("[data-name]")
    handle = rows.filter(has_text="First").locator("[data-handle]")
    onto = rows.filter(has_text="Third").bounding_box()
    assert onto is not None

    handle.hover()
    page.mouse.down()
    page.mouse.move(30, onto["y"] + onto["height"] - 2, steps=8)
    page.keyboard.press("Escape")
    page.mouse.up()
    order = names.all_inner_texts()
    assert order.index("First") < order.index("Second") < order.index("Third"), "taken back"

    handle.hover()
    page.mouse.down()
    page.mouse.move(30, onto["y"] + onto["height"] - 2, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Save this order").click()
    page.wait_for_url(f"{three.url}/admin/sms/provider/")
    assert saved(three) == ["second", "third", "first"]
    page.context.close()
