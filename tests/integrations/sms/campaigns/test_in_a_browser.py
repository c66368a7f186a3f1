"""A campaign in a real browser: from the sheet to the last message, without a reload."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.integrations.makers import book
from tests.office import Office

pytestmark = pytest.mark.browser


def test_goes_from_a_sheet_to_the_last_message(tab: BrowserContext, office: Office, tmp_path: Any) -> None:
    page = tab.new_page()
    username, password = office.administrator
    page.goto(f"{office.url}/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/admin/$"))
    sheet = tmp_path / "guests.xlsx"
    sheet.write_bytes(book(["phone", "text"], ["13800138001", "Hello"], ["13800138002", "Hi"], ["12", "Nobody"]))

    page.goto(f"{office.url}/admin/sms/campaign/add/?template=notice")
    page.set_input_files("input[type=file]", sheet)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("This is not a mobile number.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Send 2 messages for about")).click()

    expect(page.locator(".sheets-state .gh-badge")).to_contain_text("done")
    expect(page.locator(".sheets-state .gh-badge .material-symbols-outlined")).to_have_text("check_circle")
    expect(page.locator(".sheets-figure", has_text="sent")).to_contain_text("2")
    assert "SMS to +8613800138001\n  Hello" in office.log
