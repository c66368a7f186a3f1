"""The clients printed in docs/realtime.md do what it says."""

import asyncio
import re
from typing import Any

import pytest
from playwright.sync_api import Page

from project.env import ROOT
from realtime import gateway
from tests.clients import PATIENCE
from tests.realtime.conftest import until

GUIDE = ROOT / "docs" / "realtime.md"


def printed(language: str, name: str) -> str:
    """Return the program of that name that the guide prints."""
    found = re.search(rf"```{language}\n(?://|#) {re.escape(name)}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found, name
    return found[1]


@pytest.mark.browser
class TestInJavaScript:
    @pytest.fixture
    def browser_page(self, page: Page, gatehouse) -> Page:
        """A page that runs the client as Mei, and notes what it hears."""
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{gatehouse.origin}/healthz")
        page.evaluate(
            """([program, url]) => {
                window.heard = [];
                window.tickets = 0;
                Math.random = () => 0;  // no pause before the first attempt to connect again
                const Gatehouse = new Function(`${program}; return Gatehouse`)();
                window.gatehouse = new Gatehouse(url, async () => `mei-${++tickets}`);
                for (const topic of ["welcome", "lunch", "kick", "close"])
                    gatehouse.addEventListener(topic, ({ detail }) => heard.push([topic, detail]));
            }""",
            [printed("js", "gatehouse.js").replace("export class", "class"), gatehouse.url],
        )
        self.hears(page, "welcome")
        return page

    @staticmethod
    def hears(page: Page, topic: str, times: int = 1) -> Any:
        page.wait_for_function(
            "([topic, times]) => heard.filter(([one]) => one === topic).length >= times", arg=[topic, times]
        )
        return page.evaluate("topic => heard.findLast(([one]) => one === topic)[1]", topic)

    def test_asks_and_hears(self, browser_page):
        assert browser_page.evaluate("gatehouse.ask('echo', {a: '中'})") == {"a": "中"}

        gateway.send_user(1, "lunch", {"at": "12:00"})

        assert self.hears(browser_page, "lunch") == {"at": "12:00"}

    def test_tells_refusals(self, browser_page):
        refused = browser_page.evaluate("gatehouse.ask('join', {group: 'role.boss'}).catch(error => error)")

        assert refused["code"] == "40002"

    def test_connects_again_after_a_cut(self, browser_page):
        gateway.disconnect(user_id=1, code=4000)

        self.hears(browser_page, "welcome", times=2)
        assert browser_page.evaluate("gatehouse.ask('echo', 2)") == 2

    def test_stays_away_when_it_is_told_to(self, browser_page):
        gateway.disconnect(user_id=1, reason="Lunch.")

        assert self.hears(browser_page, "close") == {"code": 4503, "reason": "Lunch."}
        browser_page.wait_for_timeout(200)
        assert browser_page.evaluate("tickets") == 1

    def test_leaves(self, browser_page):
        browser_page.evaluate("gatehouse.close()")

        assert self.hears(browser_page, "close")["code"] == 1005
        until(lambda: not gateway.is_online(1))


class TestInPython:
    @pytest.fixture
    async def heard(self) -> "asyncio.Queue[tuple[str, Any]]":
        return asyncio.Queue()

    @pytest.fixture
    def client(self, gatehouse, heard) -> Any:
        names: dict[str, Any] = {}
        exec(compile(printed("python", "gatehouse.py"), "gatehouse.py", "exec"), names)  # noqa: S102 (our own docs)

        async def hear(topic: str, data: Any) -> None:
            heard.put_nowait((topic, data))

        return names["Gatehouse"](gatehouse.url, "mei", hear)

    @staticmethod
    async def hears(heard: "asyncio.Queue[tuple[str, Any]]", topic: str) -> Any:
        async with asyncio.timeout(PATIENCE):
            while (found := await heard.get())[0] != topic:
                pass
        return found[1]

    async def test_asks_hears_and_connects_again(self, client, heard):
        running = asyncio.create_task(client.run())
        await self.hears(heard, "welcome")

        assert await client.ask("echo", {"a": "中"}) == {"a": "中"}
        with pytest.raises(RuntimeError, match="40002"):
            await client.ask("join", {"group": "role.boss"})
        gateway.send_user(1, "lunch", {"at": "12:00"})
        assert await self.hears(heard, "lunch") == {"at": "12:00"}

        gateway.disconnect(user_id=1, code=4000)
        await self.hears(heard, "welcome")
        assert await client.ask("echo", 2) == 2

        gateway.disconnect(user_id=1, reason="Lunch.")
        async with asyncio.timeout(PATIENCE):
            assert await running == 4503
        with pytest.raises(ConnectionError):
            await client.ask("ping")
