"""The people and clients every part of the tests may ask for."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.db import connection
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts import addresses
from accounts.addresses.copy import Copy
from accounts.keys.folder import Folder
from project.core import breaker, messenger
from tests import environment
from tests.clients import until
from tests.office import Office

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


expect.set_options(timeout=60_000)  # on a busy machine a page takes its time
PRODUCT_HASHERS = list(project_settings.PASSWORD_HASHERS)
project_settings.PASSWORD_HASHERS[0] = "tests.shortcuts.RememberingHasher"
project_settings.MIDDLEWARE = [
    "tests.shortcuts.StaticFiles" if name == "project.handler.StaticFilesMiddleware" else name
    for name in project_settings.MIDDLEWARE
]


def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each core: half of the tests wait for servers they started."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, one for each process, so that none works alone at the end."""
    longest = [item for item in items if item.get_closest_marker("longest")]
    share = len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = [item for item in items if item not in longest]
    for number, item in enumerate(longest):
        items.insert(number * (share + 1), item)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Keep the tables as migrations leave them: offices begin with a copy instead of migrating an empty file each."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            connection.cursor().execute("VACUUM INTO %s", [str(environment.migrated)])


@pytest.fixture
def product_hashers(settings: Any) -> None:
    """Passwords are hashed and compared as in the product, each time anew: for tests of that itself."""
    settings.PASSWORD_HASHERS = PRODUCT_HASHERS


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Start every test in English: a request of the test before may have left another language behind."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _all_services_well() -> None:
    """Start every test with closed breakers: they belong to the process, and the test before may have opened one.

    Its messages are on their way first: one that fails late counts, and is logged, in whatever test runs then.
    """
    messenger.later(bool).result()
    for service in filter(None, map(breaker.find, ("redis-cache", "redis-state", "broker", "mail"))):
        service.reset()


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signing key that outlives the tests' databases: making one each takes time, and a process remembers it."""
    folder = Folder(tmp_path_factory.mktemp("keys"))
    folder.promote(folder.add("RS256").kid)
    return folder.path


@pytest.fixture(autouse=True)
def signing_key(key_folder: Path, settings: Any) -> None:
    """Everything in the tests' own process signs with it."""
    settings.JWT_KEYS_DIR = key_folder


@pytest.fixture(autouse=True)
def _address_rules(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's first look at the address rules is its only one, but for changes of its own: they belong to the process.

    The copy is a new one: while a thread looks again, others go on with what is known, which were the rules of the test before.
    """
    settings.ADDRESS_RULES_LOOK_SECONDS = settings.ADDRESS_RULES_FLUSH_SECONDS = 3600
    monkeypatch.setattr(addresses, "_copy", Copy())


@pytest.fixture(scope="session")
def office(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A Gatehouse that is open all through the tests of this process; tests share it, so they bring their own people."""
    with Office(tmp_path_factory.mktemp("office") / "home") as opened:
        yield opened


@pytest.fixture
def new_office(django_db_setup: None, tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Open further offices, each on a fresh home: `new_office(MULTI_LOGIN="true")`."""
    opened: list[Office] = []

    def open_one(*arguments: str, **settings: str) -> Office:
        one = Office(tmp_path / f"home-{len(opened)}", *arguments, **settings)
        opened.append(one)
        return one.open()

    yield open_one
    for one in opened:
        one.__exit__()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, or a reason to skip."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = environment.services.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), "")
    if not found:
        environment.missing("CHROMIUM_PATH is not set and no Chromium is on the PATH: `make services` installs one")
    return found


@pytest.fixture(scope="session")
def chromium_address(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Chromium listens that stays open all through the tests of this process."""
    folder = tmp_path_factory.mktemp("chromium")
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"executablePath": chromium, "args": CHROMIUM_FLAGS, "headless": True}))
    command = ["-m", "playwright", "launch-server", "--browser", "chromium", "--config", str(settings)]
    with (folder / "address").open("w+") as said:
        running = subprocess.Popen([sys.executable, *command], stdout=said, stderr=said, start_new_session=True)
        try:
            until(lambda: (folder / "address").read_text().startswith("ws://"), "Chromium listens")
            yield (folder / "address").read_text().split()[0]
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait()


@pytest.fixture
def browser(chromium_address: str) -> Iterator[Browser]:
    """A Chromium that knows nothing of other tests.

    Playwright keeps an event loop running in this thread meanwhile, so a test with a browser leaves the ORM alone.
    """
    with sync_playwright() as playwright:
        yield playwright.chromium.connect(chromium_address)


@pytest.fixture
def tab(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window that speaks English and fails the test when a page asks for anything off our own host."""
    window = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    window.set_default_timeout(60_000)
    strangers: list[str] = []
    window.on("request", lambda request: None if is_ours(request.url) else strangers.append(request.url))
    yield window
    window.close()
    assert not strangers, f"pages asked other hosts: {strangers}"


@pytest.fixture
def page(tab: BrowserContext) -> Page:
    """An empty page."""
    return tab.new_page()


def is_ours(address: str) -> bool:
    """Say whether an address lies on this machine."""
    return address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"))


@pytest.fixture
def redis_url() -> str:
    """A real Redis."""
    return environment.need("REDIS_URL")


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice's program, or a reason to skip."""
    found = shutil.which("soffice")
    if not found:
        environment.missing("soffice (LibreOffice) is not on the PATH: `make services` installs it")
    return str(found)
