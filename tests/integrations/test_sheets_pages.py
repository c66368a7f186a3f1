"""The back office's pages of imports and exports, in a real browser."""

import re
import uuid
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import BrowserContext, Download, Page, expect

from tests.integrations.makers import book
from tests.office import Office

pytestmark = pytest.mark.browser


@pytest.fixture
def page(tab: BrowserContext, office: Office) -> Page:
    """The administrator's page; anything a script stumbles over fails the test."""
    page = tab.new_page()
    username, password = office.administrator
    page.goto(f"{office.url}/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter", no_wait_after=True)
    page.wait_for_url(re.compile(r"/admin/$"))
    return page


@pytest.fixture
def name() -> str:
    return f"w{uuid.uuid4().hex[:10]}"


def opened(download: Download, folder: Path) -> openpyxl.Workbook:
    """The workbook a browser, which may be another process's, was given."""
    path = folder / "downloaded.xlsx"
    download.save_as(path)
    return openpyxl.load_workbook(path)


def upload(page: Page, office: Office, folder: Path, content: bytes, file: str = "people.xlsx") -> None:
    path = folder / file
    path.write_bytes(content)
    page.goto(f"{office.url}/admin/sheets/importjob/add/?resource=users")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Check the file").click()


class TestImportPage:
    def test_shows_bad_cells_gives_the_error_workbook_and_takes_it_corrected(self, page, office, tmp_path, name):
        upload(page, office, tmp_path, book(["用户名", "手机号"], [f"{name}1", "123"], [f"{name}2", None]))
        expect(page.get_by_text("B2", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Import the 1 good row")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Error workbook").click()
        workbook = opened(download.value, tmp_path)
        workbook.active["B2"] = None
        corrected = tmp_path / "corrected.xlsx"
        workbook.save(corrected)

        upload(page, office, tmp_path, corrected.read_bytes())
        page.get_by_role("button", name="Import 2 rows").click()

        expect(page.get_by_text("2 added, 0 changed.")).to_be_visible()
        page.reload()
        expect(page.get_by_text("2 added, 0 changed.")).to_be_visible()

    def test_shows_old_and_new_of_a_change(self, page, office, tmp_path, name):
        for real_name in ("Zhang", "Chang"):
            upload(page, office, tmp_path, book(["username", "real name"], [f"{name}1", real_name]))
            button = page.get_by_role("button", name="Import 1 row")
            expect(button).to_be_visible()
            if real_name == "Chang":
                break
            button.click()
            expect(page.get_by_text("1 added, 0 changed.")).to_be_visible()

        expect(page.locator("del", has_text="Zhang")).to_be_visible()
        expect(page.locator("ins", has_text="Chang")).to_be_visible()

    def test_lets_people_match_a_column_by_hand(self, page, office, tmp_path, name):
        upload(page, office, tmp_path, book([f"who is {name}", "real name"], [f"{name}1", "Zhang"]))
        expect(page.get_by_text("Columns are missing")).to_be_visible()

        page.select_option("select[name=column-A]", "username")
        page.get_by_role("button", name="Check again with these columns").click()

        expect(page.get_by_role("button", name="Import 1 row")).to_be_visible()

    def test_says_at_once_why_a_file_cannot_be_read(self, page, office, tmp_path):
        upload(page, office, tmp_path, b"name,phone\nx,1\n")

        expect(page.get_by_text("comma-separated text with the name of a workbook")).to_be_visible()

    def test_fits_a_phone(self, page, office, tmp_path, name):
        page.set_viewport_size({"width": 390, "height": 844})
        for content in (book(["username", "phone"], [f"{name}1", "1"]), book(["username"], [f"{name}1"])):
            upload(page, office, tmp_path, content)
            expect(page.locator("[data-state=ready]")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_short_export_is_fetched_at_once(page, office, tmp_path):
    page.goto(f"{office.url}/admin/sheets/exportjob/add/?resource=users")

    with page.expect_download() as download:
        page.locator("form.sheets-form").get_by_role("button", name="Export").click()

    assert download.value.suggested_filename.endswith(".xlsx")
    assert opened(download.value, tmp_path).active["A1"].value == "User name"
    page.goto(f"{office.url}/admin/sheets/exportjob/")
    page.locator("#result_list a", has_text=re.compile("xlsx")).first.click()
    expect(page.get_by_text("It was downloaded at once; no file was kept.")).to_be_visible()
