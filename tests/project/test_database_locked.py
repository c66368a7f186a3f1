"""Somebody else holds the database for long: people are told so, nothing opens by mistake, and it passes (T-F-1)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.clients import until
from tests.office import Office

pytestmark = [pytest.mark.attack("T-F-1"), pytest.mark.timeout(300)]


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the database's write lock."""
    with closing(sqlite3.connect(home / "gatehouse.sqlite3", isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        yield
        stranger.execute("ROLLBACK")


class TestLockedDatabase:
    def test_answers_503_in_time_lets_nobody_in_and_recovers(self, new_office):
        office: Office = new_office()
        administrator = office.sign_in()
        username, password = office.administrator

        with held(office.home):
            # while the lock is held: who waited for it would get no answer
            answer = office.visitor().post("auth/login", {"username": username, "password": password})
            forged = office.visitor().get("auth/me", headers={"Authorization": "Bearer nonsense"})
            known = administrator.get("auth/me")
            alive = office.visitor().get("/healthz")

        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "10004"
        assert int(answer.headers["Retry-After"]) > 0
        assert forged.status_code == 401
        assert known.status_code in {200, 503}
        assert alive.status_code == 200
        until(lambda: office.sign_in().get("auth/me").status_code == 200, "signing in works again")
        assert "Traceback" not in answer.text
