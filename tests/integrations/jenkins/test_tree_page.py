"""The tree of jobs, the form of a schedule and the files of a build in a real browser, against the simulated Jenkins."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.clients import until
from tests.fakes.jenkins import Simulator
from tests.integrations.jenkins.pages import signed_in
from tests.integrations.jenkins.test_live import state_of
from tests.office import Office

pytestmark = pytest.mark.browser


@pytest.fixture
def jenkins() -> Iterator[Simulator]:
    with Simulator(demo_content=True, quiet_period=0) as running:
        yield running


@pytest.fixture
def chief(office: Office) -> Any:
    return office.sign_in()


@pytest.fixture
def server(chief: Any, jenkins: Simulator) -> int:
    given = {"name": f"Sim {jenkins.port}", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    made: int = chief.post("jenkins/servers/", given).json()["id"]
    assert chief.post(f"jenkins/servers/{made}/refresh", {}).json()["health"] == "ok"
    return made


@pytest.fixture
def page(tab: BrowserContext, office: Office) -> Page:
    return signed_in(tab, office)


def job_id(chief: Any, server: int, full_name: str) -> int:
    found = chief.get("jenkins/jobs/", params={"server": server, "search": full_name}).json()["results"]
    return next(one["id"] for one in found if one["full_name"] == full_name)


def test_a_view_narrows_the_tree_and_a_schedule_asks_what_its_job_asks(page, office, chief, server):
    page.goto(f"{office.url}/admin/jenkins/job/?server={server}")
    expect(page.locator("tr[data-name=lint]")).to_be_visible()
    page.select_option("select[data-views]", "Databases")

    shown = page.locator("tr[data-name]:visible").evaluate_all("rows => rows.map((row) => row.dataset.name)")
    assert shown == ["Nightly", "Nightly/Databases", "Nightly/Databases/check", "Nightly/backup"]
    page.fill("#jk-find", "check")
    expect(page.locator("tr[data-name='Nightly/backup']")).to_be_hidden()
    page.fill("#jk-find", "")
    page.select_option("select[data-views]", "")
    expect(page.locator("tr[data-name=lint]")).to_be_visible()

    page.goto(f"{office.url}/admin/jenkins/job/views/{server}/new/")
    page.fill("#jk-find", "check")
    page.check("input[value='Nightly/Databases/check']")
    expect(page.locator("input[value=lint]")).to_be_hidden()
    expect(page.locator("#jk-count")).to_have_text("· 1")
    page.press("#jk-find", "Enter")
    page.fill("#id_name", "Checks")
    page.click("form.jk-form button[type=submit]")
    page.select_option("select[data-views]", "Checks")
    assert page.locator("tr[data-name]:visible").count() == 3

    page.goto(f"{office.url}/admin/jenkins/schedule/add/")
    expect(page.get_by_text("Choose a job")).to_be_visible()
    page.select_option("#id_job", str(job_id(chief, server, "Release/release")))
    page.fill("[name=parameter-VERSION]", "7.1")
    page.select_option("[name=parameter-TARGET]", "production")
    page.fill("[name=name]", "Weekly")
    page.fill("[name=cron]", "0 6 * * 1")
    page.click("[name=_save]")
    expect(page.get_by_text("Weekly").first).to_be_visible()
    [kept] = [one for one in chief.get("jenkins/schedules/").json()["results"] if one["name"] == "Weekly"]
    assert (kept["parameters"]["VERSION"], kept["parameters"]["TARGET"]) == ("7.1", "production")


def test_what_a_build_left_is_downloaded(page, office, chief, server, jenkins, tmp_path):
    build = chief.post(f"jenkins/jobs/{job_id(chief, server, 'build-shop')}/build", {}).json()["id"]
    until(lambda: state_of(chief, build) == "running", "the build runs")
    page.goto(f"{office.url}/admin/jenkins/build/{build}/change/")
    jenkins.skip(30)

    with page.expect_download() as download:
        page.get_by_role("link", name="shop.zip").click()

    assert download.value.suggested_filename == "shop.zip"
    download.value.save_as(tmp_path / "shop.zip")
    assert (tmp_path / "shop.zip").read_bytes() == jenkins.last_build("build-shop").artifacts_left["dist/shop.zip"]
