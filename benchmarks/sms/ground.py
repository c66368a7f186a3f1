"""What the measurements stand on: the gateway in a process of its own, and a home with an account there."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.databases.databases import Database
from tests.fakes.alibaba import KEY_ID, KEY_SECRET

ENGINES = {"SQLite": "", "PostgreSQL": "postgres"}
PATIENCE = 900
ACCOUNT = f"""
from integrations.sms.models import Provider, Template, TemplateCode
provider = Provider(key="aliyun", name="Alibaba", kind="aliyun", sign_name="Gatehouse", endpoint={{url!r}})
provider.seal({{{{"access_key_id": {KEY_ID!r}, "access_key_secret": {KEY_SECRET!r}}}}})
provider.save()
TemplateCode.objects.create(template=Template.objects.get(key="notice"), provider=provider, code="SMS_100000002")
"""


class Gateway:
    """Alibaba's gateway as another process has it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def told(self) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.url}/-/taken", timeout=60).json()
        return answer

    def forget(self) -> None:
        requests.post(f"{self.url}/-/forget", timeout=60)

    def count(self) -> int:
        """How many messages it took, copies too."""
        return int(requests.get(f"{self.url}/-/count", timeout=60).json()["taken"])

    def wait_for(self, number: int, *, look_every: float = 0.2) -> None:
        """Wait until it took so many messages."""
        deadline = time.monotonic() + PATIENCE
        while self.count() < number:
            assert time.monotonic() < deadline, f"{number} messages: not in time"
            time.sleep(look_every)

    def wait_for_texts(self, number: int) -> dict[str, Any]:
        """Wait until it took so many different messages; return what it tells."""
        deadline = time.monotonic() + PATIENCE
        while len(texts_of(told := self.told())) < number:
            assert time.monotonic() < deadline, f"{number} different messages: not in time"
            time.sleep(0.5)
        return told


def texts_of(told: dict[str, Any]) -> set[str]:
    """Which messages there are among those it took."""
    return {one["parameters"]["text"] for one in told["taken"]}


@contextmanager
def gateway(latency: float) -> Iterator[Gateway]:
    """The gateway, until the block ends."""
    command = [sys.executable, "-m", "tests.fakes.alibaba", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Gateway(process.stdout.readline().strip())
        finally:
            process.terminate()


@contextmanager
def settings(engine: str, **more: str) -> Iterator[dict[str, str]]:
    """A home and a database, as environment variables."""
    database = Database(engine) if engine else None
    if database:
        database.create()
    with tempfile.TemporaryDirectory() as home:
        given = {"GATEHOUSE_HOME": home, "GATEHOUSE_ENV": "dev", "LOG_LEVEL": "error", "REDIS_URL": ""}
        given |= {"SECRET_KEY": secrets.token_urlsafe(60), "DATABASE_URL": database.url if database else ""}
        try:
            yield given | more
        finally:
            if database:
                database.drop()


def manage(given: dict[str, str], *arguments: str) -> str:
    """Run a management command there; return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def prepare(given: dict[str, str], url: str) -> None:
    """Make the tables, and an account at the gateway."""
    manage(given, "migrate", "--verbosity", "0")
    manage(given, "shell", "--no-imports", "-c", ACCOUNT.format(url=url))


def contestant(given: dict[str, str], module: str, *arguments: str) -> dict[str, Any]:
    """Run one of our modules in a process of its own; return what it said about itself."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@contextmanager
def open_house(given: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """The product with its worker, until the block ends; then cut."""
    command = [sys.executable, "manage.py", "up", "--port", "0", "--no-demo"]
    with subprocess.Popen(
        command, env=os.environ | given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()
