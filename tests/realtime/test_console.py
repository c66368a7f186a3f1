"""The console and the live pages, as staff use them in a browser."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def keyring() -> dict[str, Any]:
    """What the browser remembers of the tests before, so that only the first of them signs in."""
    return {}


@pytest.fixture
def tab(tab: BrowserContext, keyring: dict[str, Any]) -> BrowserContext:
    """A window that may be signed in."""
    tab.add_cookies(keyring.get("cookies", []))
    return tab


@pytest.fixture
def console(office, page: Page, keyring: dict[str, Any]) -> Page:
    """The console, opened by the administrator."""
    page.goto(f"{office.url}/console/")
    if "/login/" in page.url:
        page.fill("[name=username]", office.administrator[0])
        page.fill("[name=password]", office.administrator[1])
        page.click(".gh-gate-form button[type=submit]")
        page.wait_for_url(f"{office.url}/console/")
        keyring["cookies"] = page.context.cookies()
    return page


def connect(console: Page) -> None:
    console.click("#connect")
    expect(console.locator("#state")).to_have_attribute("data-state", "online")
    expect(console.locator("#groups")).to_contain_text("everyone")


def rows(console: Page, topic: str):
    return console.locator(".con-frame", has=console.locator(".con-topic", has_text=re.compile(f"^{topic}$")))


class TestConsole:
    def test_connects_sends_and_shows_what_comes_back(self, console):
        connect(console)
        console.fill("#topic", "echo")
        console.fill("#data", '{"hello": "世界", "deep": {"a": [1, 2]}}')

        console.press("#data", "Control+Enter")

        expect(rows(console, "echo")).to_have_count(2)
        rows(console, "echo").last.click()
        expect(console.locator("#tree")).to_contain_text('hello: "世界"')
        expect(console.locator("[data-fact=user]")).to_contain_text("(1)")

    def test_shows_where_json_is_wrong_and_sends_nothing(self, console):
        connect(console)
        console.fill("#topic", "echo")
        console.fill("#data", '{\n  "a": [1,, 2]\n}')

        console.click("#send")

        expect(console.locator("#data-says")).to_have_text("Line 2, column 11: a value is missing")
        expect(rows(console, "echo")).to_have_count(0)

    def test_finds_every_mistake_that_the_browser_finds(self, console):
        for text in ('{"a" 1}', "[1 2]", '"x', '"\\q"', "01", "{a: 1}", "[1,]", "nul", "1 2", '"\t"'):
            with pytest.raises(ValueError, match=r"."):
                json.loads(text)
            console.fill("#data", "1")
            expect(console.locator("#data-says")).to_be_empty()

            console.fill("#data", text)

            expect(console.locator("#data-says"), text).to_contain_text("Line 1")

    def test_complains_about_nothing_else(self, console):
        for text in ("", "1", "-0.5e10", '"\\u00e9\\n"', "[]", "{}", '[{"a": [null, true]}]', " 7 \n"):
            console.fill("#data", "[")
            expect(console.locator("#data-says")).not_to_be_empty()

            console.fill("#data", text)

            expect(console.locator("#data-says"), text).to_be_empty()

    def test_completes_topics_from_the_servers_list(self, console):
        connect(console)

        console.fill("#topic", "session")
        expect(console.locator("#topic-options li")).to_have_count(3)
        console.press("#topic", "ArrowDown")
        console.press("#topic", "Enter")

        expect(console.locator("#topic")).to_have_value("session.get")

    def test_says_what_a_topic_wants_and_fills_it_in(self, console):
        connect(console)

        console.fill("#topic", "join")
        expect(console.locator("#topic-about")).to_contain_text("group: string, required")
        console.click("#fill-in")

        expect(console.locator("#data")).to_have_value('{\n  "group": "public.lobby"\n}')

    def test_speaks_messagepack(self, console):
        console.select_option("#subprotocol", "gatehouse.v1.msgpack")
        connect(console)
        console.fill("#topic", "echo")
        console.fill("#data", '{"hello": "世界", "many": [-129, 70000, 1.5, null, true]}')

        console.press("#data", "Control+Enter")

        expect(rows(console, "echo")).to_have_count(2)
        expect(rows(console, "echo").last).to_contain_text('{"hello":"世界","many":[-129,70000,1.5,null,true]}')

    def test_joins_and_leaves_groups(self, console):
        connect(console)
        console.fill("#group", "public.lobby")
        console.click("#join")
        expect(console.locator(".con-chip.joined")).to_contain_text("public.lobby")

        console.fill("#group", "role.admin")
        console.click("#join")
        expect(console.locator("#groups-say")).to_have_text("You may not join the group “role.admin”.")

        console.click(".con-chip.joined button")
        expect(console.locator(".con-chip.joined")).to_have_count(0)

    def test_sends_to_everyone_and_it_arrives(self, console):
        connect(console)
        console.locator("[name=to][value=all]").check(force=True)
        console.fill("#push-topic", "office.lunch")
        console.fill("#push-data", '{"at": "12:00"}')

        console.click("#push-form button[type=submit]")

        expect(console.locator("#push-says")).to_have_text("Sent to everyone; 1 socket got it.")
        expect(rows(console, "office.lunch")).to_have_count(1)

    def test_says_that_nobody_got_it(self, console):
        console.fill("#who", "999999")

        console.click("#push-form button[type=submit]")

        expect(console.locator("#push-says")).to_have_text("Sent to 999999, who has no connection now: nobody got it.")

    def test_says_what_is_wrong_with_a_message(self, console):
        console.fill("#who", "nobody")

        console.click("#push-form button[type=submit]")

        expect(console.locator("#push-says")).to_have_text(
            "Not sent: Some of what was sent is not valid. user: A user's id is a whole number above 0."
        )

    def test_comes_back_into_its_groups(self, console):
        connect(console)
        console.fill("#group", "public.lobby")
        console.click("#join")
        expect(console.locator(".con-chip.joined")).to_have_text(re.compile("public.lobby"))
        console.fill("#topic", "echo")
        console.fill("#data", '"%s"' % ("x" * 66_000))

        console.click("#send")

        expect(rows(console, "1009")).to_contain_text("Closed with 1009: The frame is too large.")
        expect(rows(console, "welcome")).to_have_count(2)
        expect(console.locator(".con-chip.joined")).to_have_text(re.compile("public.lobby"))

    def test_connects_with_a_ticket(self, console):
        console.locator("[name=mode][value=ticket]").check(force=True)
        console.click("#get-ticket")
        expect(console.locator("#ticket")).not_to_have_value("")

        connect(console)

        expect(console.locator("#ticket")).to_have_value("")

    def test_says_why_a_token_was_refused(self, console):
        console.locator("[name=mode][value=token]").check(force=True)
        console.fill("#token", "rubbish")

        console.click("#connect")

        # our own page brings the session cookie along: it was somebody before, and stays so
        expect(console.locator("#line-says")).not_to_be_empty()

    def test_draws_no_more_rows_than_fit(self, console):
        connect(console)
        console.fill("#topic", "echo")
        for number in range(40):
            console.fill("#data", str(number))
            console.press("#data", "Control+Enter")

        expect(console.locator("#frames-count")).to_contain_text("81 of")
        assert console.locator(".con-frame").count() < 60

    def test_filters_pauses_and_clears(self, console):
        connect(console)
        console.fill("#topic", "echo")
        for word in ("apple", "pear"):
            console.fill("#data", json.dumps(word))
            console.press("#data", "Control+Enter")
        expect(rows(console, "echo")).to_have_count(4)

        console.fill("#frames-filter", "echo -pear")
        expect(rows(console, "echo").filter(visible=True)).to_have_count(2)
        console.fill("#frames-filter", "")
        console.click("#frames-pause")
        console.press("#data", "Control+Enter")
        expect(console.locator("#frames-count")).to_contain_text("Paused; 2 new")
        console.click("#frames-pause")
        expect(rows(console, "echo").filter(visible=True)).to_have_count(6)
        console.click("#frames-clear")
        expect(console.locator("#frames-empty")).to_be_visible()

    def test_remembers_what_was_sent_and_saved(self, console):
        connect(console)
        console.fill("#topic", "echo")
        console.fill("#data", '"again"')
        console.press("#data", "Control+Enter")
        console.click("#save-snippet")
        console.fill("#snippet-name", "My greeting")
        console.click("#snippet-dialog button[type=submit]")
        console.reload()

        console.click("#snippets summary")
        console.click("text=My greeting")
        expect(console.locator("#data")).to_have_value('"again"')
        console.click("#history summary")
        expect(console.locator("#history .con-item")).to_have_count(1)

    def test_comes_back_by_itself_when_it_may(self, console):
        connect(console)
        name = console.locator("[data-fact=connection]").inner_text()

        console.evaluate("for (let n = 0; n < 300; n++) document.getElementById('send').click()")

        expect(rows(console, "4009")).to_have_count(1)
        expect(console.locator("#state")).to_have_attribute("data-state", "online")
        expect(console.locator("[data-fact=connection]")).not_to_have_text(name)

    def test_leaves_politely(self, console):
        connect(console)

        console.click("#connect")

        expect(console.locator("#state")).to_have_attribute("data-state", "offline")


class TestLivePages:
    def test_list_sockets_and_disconnect_them(self, office, console):
        connect(console)
        name = console.locator("[data-fact=connection]").inner_text()
        live = console.context.new_page()
        live.goto(f"{office.url}/admin/realtime/connection/")

        live.fill("#search", name)
        expect(live.locator("#rows tr")).to_have_count(1)
        live.locator("#rows input").check()
        live.click("#open-disconnect")
        expect(live.locator("#disconnect-title")).to_have_text("Disconnect 1 socket of 1 person?")
        live.fill("#reason", "Lunch.")
        live.click("#disconnect-dialog button[type=submit]")

        expect(live.locator("#say")).to_have_text("1 socket was disconnected.")
        expect(console.locator("#line-says")).to_contain_text("Closed with 4503: Lunch.")

    def test_send_to_chosen_sockets(self, office, console):
        connect(console)
        name = console.locator("[data-fact=connection]").inner_text()
        live = console.context.new_page()
        live.goto(f"{office.url}/admin/realtime/connection/")
        live.fill("#search", name)
        expect(live.locator("#rows tr")).to_have_count(1)
        live.locator("#rows input").check()
        live.click("#open-send")
        live.fill("#topic", "office.note")

        live.click("#send-dialog button[type=submit]")

        expect(live.locator("#say")).to_have_text("1 socket took it.")
        expect(rows(console, "office.note")).to_have_count(1)

    def test_show_one_socket_change_it_and_watch_its_frames(self, office, console):
        connect(console)
        name = console.locator("[data-fact=connection]").inner_text()
        live = console.context.new_page()
        live.goto(f"{office.url}/admin/realtime/connection/?q={name}")
        live.click("#rows button.live-name")
        expect(live.locator("[data-one=id]")).to_have_text(name)

        live.fill("#one-key", "desk")
        live.fill("#one-value", "7")
        live.click("#one-set button")
        live.fill("#one-group", "orders.vip")
        live.click("#one-join button")
        expect(live.locator("#one-settings")).to_contain_text("desk")
        expect(live.locator("#one-groups .joined")).to_contain_text("orders.vip")
        expect(console.locator("[data-fact=settings]")).to_contain_text("desk = 7")

        live.click("#one-watch")
        expect(live.locator("#watch-state")).to_have_attribute("data-state", "online")
        console.fill("#topic", "echo")
        console.fill("#data", '{"password": "battery", "hello": "世界"}')
        console.press("#data", "Control+Enter")
        expect(rows(live, "echo")).to_have_count(2)
        expect(rows(live, "echo").first).to_contain_text('{"password":"***","hello":"世界"}')
        expect(console.locator("[data-fact=watched]")).to_contain_text("Yes")

        live.click("#one-watch")
        expect(console.locator("[data-fact=watched]")).to_have_text("No")

    def test_narrow_down_with_a_click_and_keep_it_in_the_address(self, office, console):
        connect(console)
        live = console.context.new_page()
        live.goto(f"{office.url}/admin/realtime/connection/")

        live.locator("#rows button.live-link", has_text="127.0.0.1").first.click()

        expect(live.locator("#more-filters")).to_contain_text("address 127.0.0.1")
        assert live.url.endswith("?address=127.0.0.1")
        live.select_option("#filters [name=kind]", "guests")
        expect(live.locator("#empty")).to_contain_text("Nothing matches")

    def test_chart_the_nodes(self, office, console):
        connect(console)
        console.goto(f"{office.url}/admin/realtime/node/")

        expect(console.locator("#rows tr")).to_have_count(1)
        expect(console.locator(".graph")).to_have_count(6)
        drawn = console.locator(".graph-sum").first
        expect(drawn).to_have_attribute("d", re.compile("L"))
        console.locator(".graph-plot").first.hover()
        expect(console.locator(".graph-tip").first).to_be_visible()
