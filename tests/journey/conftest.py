"""The staff and the people of the journey."""

import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients import Caller, until
from tests.office import Office

_numbers = itertools.count(1)


class Member:
    """Somebody of the office, known by user name and password."""

    def __init__(self, office: Office, username: str, password: str, pk: int) -> None:
        self.office, self.username, self.password, self.pk = office, username, password, pk

    def sign_in(self, device: str = "") -> Caller:
        """Sign in over the API."""
        return self.office.sign_in(self.username, self.password, device)


@pytest.fixture
def administrator(office: Office) -> Caller:
    """The first administrator's program. Signing in displaces the one of another test, which is over."""
    return office.sign_in()


@pytest.fixture
def hire(office: Office, administrator: Caller) -> Callable[[], Member]:
    """Make accounts of people nobody else uses."""

    def hire_one() -> Member:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        username, password = f"member{worker}x{next(_numbers):03}", "Secret1word"
        answer = administrator.post("users/", {"username": username, "password": password, "real_name": "小明"})
        assert answer.status_code == 201, answer.text
        return Member(office, username, password, answer.json()["id"])

    return hire_one


@pytest.fixture
def mei(hire: Callable[[], Member]) -> Member:
    """Mei, who works here."""
    return hire()


@pytest.fixture
def import_people(administrator: Caller) -> Callable[..., dict[str, Any]]:
    """Upload a workbook as the administrator, confirm, and return the finished import."""

    def run(path: object, mode: str = "all") -> dict[str, Any]:
        job = upload(administrator, path, mode)
        job = follow(administrator, job["id"], {"ready", "failed"})
        assert job["state"] == "ready", job
        answer = administrator.post(f"imports/{job['id']}/confirm", {})
        assert answer.status_code == 202, answer.text
        return follow(administrator, job["id"], {"done", "failed"})

    return run


def upload(caller: Caller, path: object, mode: str = "all") -> dict[str, Any]:
    """Upload a workbook of users."""
    with open(str(path), "rb") as file:
        answer = caller.ask("POST", "imports/", data={"resource": "users", "mode": mode}, files={"file": file})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def follow(caller: Caller, job: object, states: set[str]) -> dict[str, Any]:
    """Ask for an import again and again until it is in one of `states`."""

    def look() -> dict[str, Any]:
        answer = caller.get(f"imports/{job}")
        assert answer.status_code == 200, answer.text
        found = dict(answer.json())
        return found if found["state"] in states else {}

    return until(look, f"import {job} in {states}", 180)
