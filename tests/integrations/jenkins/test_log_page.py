"""The live log of a build in a real browser, against the simulated Jenkins."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.clients import until
from tests.fakes.jenkins import Simulator
from tests.integrations.jenkins.pages import signed_in
from tests.integrations.jenkins.test_live import QUIET, state_of
from tests.office import Office

pytestmark = pytest.mark.browser


@pytest.fixture
def jenkins() -> Iterator[Simulator]:
    with Simulator(quiet_period=0) as running:
        yield running


@pytest.fixture
def chief(office: Office) -> Any:
    return office.sign_in()


@pytest.fixture
def build(chief: Any, jenkins: Simulator) -> str:
    """A build that runs and says only what the test has it say."""
    given = {"name": f"Sim {jenkins.port}", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
    server = chief.post("jenkins/servers/", given).json()["id"]
    chief.post(f"jenkins/servers/{server}/refresh", {})
    job = chief.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": QUIET}).json()["id"]
    asked: str = chief.post(f"jenkins/jobs/{job}/build", {}).json()["id"]
    until(lambda: state_of(chief, asked) == "running", "the build runs")
    return asked


@pytest.fixture
def page(tab: BrowserContext, office: Office, build: str) -> Page:
    """The administrator's page of the build; anything a script stumbles over fails the test."""
    return signed_in(tab, office)


def said(page: Page) -> list[str]:
    return [line for line in page.locator(".jk-log-line").all_inner_texts() if line.startswith("line ")]


def test_the_log_is_live_and_has_neither_gaps_nor_doubles_after_the_line_broke(page, office, build, jenkins):
    lines: list[WebSocketRoute] = []

    def between(route: WebSocketRoute) -> None:
        route.connect_to_server()
        lines.append(route)

    page.route_web_socket(re.compile("/ws/"), between)
    page.goto(f"{office.url}/admin/jenkins/build/{build}/change/")
    for number in range(10):
        jenkins.write("talker", f"line {number} \x1b[31;1mred\x1b[0m")
    expect(page.get_by_text("line 9 red")).to_be_visible()
    expect(page.locator(".jk-f1.jk-bold").first).to_have_text("red")

    lines[-1].close(code=1012)
    for number in range(10, 20):
        jenkins.write("talker", f"line {number} red")
    expect(page.get_by_text("line 19 red")).to_be_visible()
    until(lambda: len(lines) > 1, "the line is back")
    jenkins.write("talker", "line 20 red")
    expect(page.get_by_text("line 20 red")).to_be_visible()

    assert said(page) == [f"line {number} red" for number in range(21)]
    page.fill("#jk-log-text", "LINE 1")
    expect(page.locator("#jk-log-found")).to_have_text("1 of 11")
    page.fill("#jk-log-text", "")
    jenkins.finish("talker")
    expect(page.locator("#jk-log-state")).to_have_text("complete")
    expect(page.locator("#jk-body .jk-top .gh-ok")).to_be_visible()
    with page.expect_download() as download:
        page.click("#jk-log-download")
    assert download.value.suggested_filename == "talker-1.log"


def test_a_log_that_is_not_pushed_is_asked_for(page, office, build, jenkins):
    """A node that follows as many logs as it does at most says so, and pushes nothing of others."""

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["topic"] != "jenkins.log":
                route.send(text)
            elif "id" in frame:
                route.send(json.dumps(frame | {"data": frame["data"] | {"live": False}}))

        server.on_message(pass_on)

    page.route_web_socket(re.compile("/ws/"), between)
    page.goto(f"{office.url}/admin/jenkins/build/{build}/change/")
    jenkins.write("talker", "line 0")
    expect(page.get_by_text("line 0")).to_be_visible(timeout=20_000)
    jenkins.write("talker", "line 1")
    expect(page.get_by_text("line 1")).to_be_visible(timeout=20_000)


def test_a_long_log_keeps_few_lines_in_the_document(page, office, build, jenkins):
    page.goto(f"{office.url}/admin/jenkins/build/{build}/change/")
    for start in range(0, 40_000, 10_000):
        jenkins.write("talker", *(f"line {number:06} {'x' * 80}" for number in range(start, start + 10_000)))
    expect(page.get_by_text("line 039999")).to_be_visible()
    assert page.locator(".jk-log-line").count() < 150

    page.locator("#jk-log-view").evaluate("view => { view.scrollTop = 0 }")
    expect(page.locator("#jk-log-follow")).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_text("line 039999")).to_be_visible()
    expect(page.locator("#jk-log-note")).to_contain_text("only these are searched")
    page.fill("#jk-log-text", "line 000001 ")
    expect(page.locator("#jk-log-found")).to_have_text("nothing found in what is shown")
    page.click("#jk-log-earlier")
    page.fill("#jk-log-text", "line 0380")
    expect(page.locator("#jk-log-found")).to_have_text("1 of 100 in what is shown")
