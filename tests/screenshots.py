"""`make screenshots`: take the pictures of docs/screenshots from the demo data, so that they never lie.

With `--all FOLDER`: every page of the sidebar, in light, dark, Chinese, English and phone width, for looking at.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from project.env import ROOT
from tests.clients import until
from tests.environment import services
from tests.fakes.jenkins import Simulator
from tests.integrations.makers import book
from tests.office import Office

SHOTS = ROOT / "docs" / "screenshots"
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    language: str = "en"
    dark: bool = False
    phone: bool = False

    def __str__(self) -> str:
        return "-".join([self.language, "dark" if self.dark else "light", *(["phone"] if self.phone else [])])


LIGHT, DARK, CHINESE, POCKET = Look(), Look(dark=True), Look("zh-hans"), Look("zh-hans", phone=True)
LOOKS = [LIGHT, DARK, CHINESE, Look("zh-hans", dark=True), POCKET, Look(phone=True)]

README = [
    ("sign-in", "/admin/login/", LIGHT),
    ("dashboard", "/admin/", LIGHT),
    ("dashboard-dark", "/admin/", DARK),
    ("dashboard-zh", "/admin/", CHINESE),
    ("people", "/admin/accounts/user/", LIGHT),
    ("people-zh", "/admin/accounts/user/", CHINESE),
    ("imports", "/admin/sheets/importjob/", LIGHT),
    ("console", "/console/", DARK),
    ("phone-zh", "/admin/", POCKET),
]
PREVIEWS = [("import-preview", LIGHT), ("import-preview-zh", CHINESE)]
CAMPAIGNS = [("sms-campaign", LIGHT), ("sms-campaign-zh", CHINESE)]
MESSAGES = [("sms-messages", LIGHT), ("sms-messages-zh", CHINESE)]
JOBS = [("jenkins-jobs", LIGHT), ("jenkins-jobs-zh", CHINESE)]
LOG = "jenkins-log"


class Photographer:
    """Looks at an open office through one browser."""

    def __init__(self, office: Office, browser: Browser) -> None:
        self.office, self.browser = office, browser
        self._windows: dict[tuple[Look, bool], BrowserContext] = {}

    def page(self, path: str, look: Look) -> Page:
        """Open a page, signed in unless it is the sign-in page, and wait until it has settled."""
        window = self._window(look, signed_in=not path.startswith("/admin/login"))
        page = window.new_page()
        page.goto(self.office.url + path)
        page.wait_for_load_state("load")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(700)  # charts draw themselves in
        return page

    def take(self, path: str, look: Look, to: Path, *, full: bool = False) -> None:
        """Save a picture of a page."""
        to.parent.mkdir(parents=True, exist_ok=True)
        page = self.page(path, look)
        page.screenshot(path=to, full_page=full)
        page.close()
        sys.stdout.write(f"{to}\n")
        sys.stdout.flush()

    def pages(self) -> list[str]:
        """Return every page the sidebar leads to."""
        page = self.page("/admin/", LIGHT)
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => new URL(one.href).pathname)")
        page.close()
        wanted = {one for one in links if one.startswith(("/admin/", "/console/")) and "logout" not in one}
        return sorted(wanted)

    def _window(self, look: Look, *, signed_in: bool) -> BrowserContext:
        if (look, signed_in) not in self._windows:
            window = self.browser.new_context(
                viewport=PHONE if look.phone else DESK,
                device_scale_factor=2 if look.phone else 1,
                color_scheme="dark" if look.dark else "light",
                locale="zh-CN" if look.language.startswith("zh") else "en-US",
                reduced_motion="reduce",
            )
            window.add_cookies([{"name": "django_language", "value": look.language, "url": self.office.url}])
            if signed_in:
                self._sign_in(window)
            self._windows[look, signed_in] = window
        return self._windows[look, signed_in]

    def _sign_in(self, window: BrowserContext) -> None:
        username, password = self.office.administrator
        page = window.new_page()
        page.goto(f"{self.office.url}/admin/login/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{self.office.url}/admin/")
        page.close()


def waiting_import(office: Office) -> str:
    """Upload a workbook that changes people, adds some and has two bad rows; return the path of its preview."""
    caller = office.sign_in()
    people = caller.get("users/", params={"page_size": 9}).json()["results"]
    moved = [[one["username"], one["real_name"], f"1390000{n:04}", one["email"]] for n, one in enumerate(people, 1)]
    added = [[f"newcomer{n:02}", "陈晓", f"1380000{n:04}", f"newcomer{n:02}@example.com"] for n in range(1, 19)]
    bad = [["newcomer19", "周敏", "1380000", ""], ["newcomer20", "吴磊", "", "wu.example.com"]]
    content = book(["用户名", "姓名", "手机号", "邮箱"], *moved, *added, *bad, title="员工")
    sent = caller.ask(
        "POST", "imports/", files={"file": ("新员工.xlsx", content)}, data={"resource": "users", "mode": "valid"}
    )
    job = sent.json()["id"]
    until(lambda: caller.get(f"imports/{job}/").json()["state"] == "ready", "the workbook is checked")
    return f"/admin/sheets/importjob/{job}/change/?show=changed"


def waiting_campaign(office: Office) -> str:
    """Upload a sheet of parcels, three of its rows bad, for a provider with a price; return the path of its preview."""
    caller = office.sign_in()
    carrier = {
        "key": "carrier",
        "name": "Carrier",
        "kind": "memory",
        "sign_name": "Gatehouse",
        "cost_per_segment": "0.045",
    }
    assert caller.ask("POST", "sms/providers/", json=carrier).status_code == 201
    assert caller.ask("PATCH", "sms/providers/console/", json={"enabled": False}).status_code in {200, 404}
    people = [one for one in caller.get("users/", params={"page_size": 60}).json()["results"] if one["phone"]]
    rows = [[one["phone"], one["real_name"], f"P{n:04}"] for n, one in enumerate(people, start=301)]
    bad = [["138000", "陈晓", "P0990"], ["none", "周敏", "P0991"], [rows[3][0], rows[3][1], "P0992"]]
    parcels = book(["phone", "name", "number"], *rows, *bad, title="parcels")
    said = {"template": "demo-parcel", "name": "包裹 11 月"}
    sent = caller.ask("POST", "sms/campaigns/upload/", files={"file": ("parcels.xlsx", parcels)}, data=said)
    campaign = f"sms/campaigns/{sent.json()['id']}/"
    until(lambda: caller.get(campaign).json()["state"] == "ready", "the campaign is counted")
    return f"/admin/sms/campaign/{sent.json()['id']}/change/"


def running_build(office: Office, jenkins: Simulator) -> str:
    """Let the demo's server be this one, and have something built there; return the path of the build's page."""
    caller = office.sign_in()
    server = f"jenkins/servers/{caller.get('jenkins/servers/').json()['results'][0]['id']}"
    there = {"name": "CI", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token, "enabled": True}
    assert caller.ask("PATCH", f"{server}/", json=there).status_code == 200
    until(lambda: caller.post(f"{server}/refresh", {}).json()["health"] == "ok", "the simulator told its jobs")
    job = caller.get("jenkins/jobs/", params={"search": "build-shop"}).json()["results"][0]["id"]
    build = caller.post(f"jenkins/jobs/{job}/build", {"parameters": {}, "reason": "release 1.2"}).json()["id"]
    until(lambda: caller.get(f"jenkins/builds/{build}").json()["state"] == "running", "the build runs")
    jenkins.skip(12)  # so that there is something to read
    caller.post(f"{server}/refresh", {})
    return f"/admin/jenkins/build/{build}/change/"


def main() -> None:
    """Take the pictures."""
    chromium = services.get("CHROMIUM_PATH") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        Office(Path(folder) / "home", "--port", "0", "--demo", MULTI_LOGIN="true") as office,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        photographer = Photographer(office, browser)
        if sys.argv[1:2] == ["--all"]:
            for path in photographer.pages():
                name = path.strip("/").replace("/", "-")
                for look in LOOKS:
                    photographer.take(path, look, Path(sys.argv[2]) / f"{name}-{look}.png", full=True)
        else:
            for name, path, look in README:
                photographer.take(path, look, SHOTS / f"{name}.png")
            preview = waiting_import(office)
            for name, look in PREVIEWS:
                photographer.take(preview, look, SHOTS / f"{name}.png")
            for name, look in MESSAGES:
                photographer.take("/admin/sms/message/", look, SHOTS / f"{name}.png")
            campaign = waiting_campaign(office)
            for name, look in CAMPAIGNS:
                photographer.take(campaign, look, SHOTS / f"{name}.png")
            with Simulator(demo_content=True, quiet_period=0) as jenkins:
                build = running_build(office, jenkins)
                photographer.take(build, DARK, SHOTS / f"{LOG}.png")
                for name, look in JOBS:
                    photographer.take("/admin/jenkins/job/", look, SHOTS / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
