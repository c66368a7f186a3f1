"""The reference page: complete, for everybody, and pleasant to use."""

import re

import pytest
from django.conf import settings as product
from django.test import Client
from playwright.sync_api import Page, expect

from realtime import events, reference, topics
from realtime.core.codes import CloseCode

ADDRESS = "/api/realtime/"


@pytest.fixture
def client() -> Client:
    """A browser that speaks English."""
    return Client(headers={"Accept-Language": "en"})


@pytest.fixture
def seen(client: Client) -> str:
    """The page as anybody sees it."""
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    return answer.content.decode()


class TestContents:
    def test_are_all_topics_and_events(self, seen):
        anchors = set(re.findall(r'data-member="([^"]+)"', seen))

        assert anchors == {one.name for one in topics.registered()} | {one.name for one in events.declared()}

    def test_are_all_codes_with_what_to_do(self, seen):
        for ending in reference.endings():
            assert all(text in seen for text in (str(ending.code), ending.advice)), ending.name
        assert len(reference.endings()) == len(CloseCode)
        assert [one.code for one in reference.failures() if f">{one.code}<" not in seen] == []

    def test_are_the_limits_as_they_are_set(self, client: Client, settings):
        settings.GATEWAY_RATE, settings.GATEWAY_MAX_PER_USER = (7, 9), 3

        page = client.get(ADDRESS).content.decode()

        assert "7, at once 9" in page
        assert '<td data-label="At most">3</td>' in page

    def test_say_who_may_ask(self, gate_topics, client: Client):
        page = client.get(ADDRESS).content.decode()

        assert "with the permission gate.open" in page

    def test_show_frames_to_copy(self, seen):
        assert "&quot;topic&quot;: &quot;ping&quot;" in seen

    @pytest.mark.parametrize("one", topics.registered(), ids=lambda one: one.name)
    def test_are_in_chinese_too(self, client: Client, one):
        page = client.get(ADDRESS, headers={"Accept-Language": "zh-hans"}).content.decode()

        assert one.about not in page


class TestPage:
    def test_is_for_those_who_may_read_the_openapi_schema(self, client: Client, seen):
        assert client.get("/api/docs/").status_code == 200
        assert "nav-sidebar" not in seen

    def test_runs_no_script_of_its_own(self, seen):
        assert re.findall(r"<script(?![^>]*\ssrc=)", seen) == []
        assert re.findall(r"""(?:src|href)=["']https?:""", seen) == []

    def test_may_evaluate_what_unfold_does(self, client: Client):
        assert "'unsafe-eval'" in client.get(ADDRESS).headers["Content-Security-Policy"]

    def test_refuses_what_is_no_question(self, client: Client):
        assert client.post(ADDRESS).status_code == 405

    def test_is_led_to_by_the_pages_beside_it(self):
        assert f"]({ADDRESS})" in str(product.SPECTACULAR_SETTINGS["DESCRIPTION"])


@pytest.mark.browser
class TestInABrowser:
    @pytest.mark.parametrize("width", [390, 1280])
    def test_fits_and_filters(self, office, page: Page, width):
        problems: list[str] = []
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(office.url + ADDRESS)

        page.fill("#ref-filter", "members group")
        expect(page.locator("[data-member]:visible")).to_have_count(2)
        expect(page.locator("#events")).to_be_hidden()
        page.fill("#ref-filter", "nothing like this")
        expect(page.locator("#ref-none")).to_be_visible()
        page.press("#ref-filter", "Escape")
        expect(page.locator("#topic-ping")).to_be_visible()

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert problems == []

    def test_stands_in_the_back_office_for_staff(self, office, page: Page):
        name, password = office.administrator
        page.goto(f"{office.url}/admin/login/?next=/console/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", password)
        page.click(".gh-gate-form button[type=submit]")
        page.wait_for_url(f"{office.url}/console/")

        page.locator("#content").get_by_role("link", name="Reference").click()

        page.wait_for_url(f"{office.url}{ADDRESS}")
        expect(page.locator("#nav-sidebar-apps")).to_contain_text("Reference")
