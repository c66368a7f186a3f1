"""How many connections a process has, what happens when they are all in use, and when the server goes (T-F-1)."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.clients import Caller, until
from tests.databases.conftest import POOL, Branch

CROWD = 40
"""Many more than the pool has connections."""

pytestmark = [pytest.mark.services, pytest.mark.attack("T-F-1"), pytest.mark.timeout(300)]


def hire(branch: Branch, username: str) -> tuple[str, str]:
    person = {"username": username, "password": "correct horse battery"}
    answer = branch.office.sign_in().post("users/", person)
    assert answer.status_code == 201, answer.text
    return person["username"], person["password"]


def is_well(branch: Branch) -> bool:
    return branch.office.visitor().get("/readyz").status_code == 200


class TestPool:
    def test_bounds_what_many_requests_hold(self, branch):
        administrator = branch.office.sign_in()
        seen: list[int] = []
        over = Event()

        def watch() -> None:
            while not over.wait(0.02):
                seen.append(len(branch.database.sessions()))

        def call(_number: int) -> int:
            caller = Caller(branch.office.url)
            caller.tokens = administrator.tokens
            return caller.get("users/").status_code

        with ThreadPoolExecutor(21) as threads:
            watching = threads.submit(watch)
            answers = list(threads.map(call, range(100)))
            over.set()
            watching.result()

        assert set(answers) <= {200, 503}  # a machine that is very busy may keep somebody waiting for too long
        assert answers.count(200) > 50
        # the server may still count one that has just ended; without a pool there would be twenty
        assert 1 <= max(seen) <= POOL + 2

    def test_has_room_for_the_jobs_of_the_worker_in_the_same_process(self, branch):
        administrator = branch.office.sign_in()

        started = [administrator.post("exports/", {"resource": "users", "format": "csv"}) for _ in range(5)]

        assert [answer.status_code for answer in started] == [202] * 5
        for answer in started:
            path = f"exports/{answer.json()['id']}"
            until(lambda: administrator.get(path).json()["state"] == "done", "the export is written")  # noqa: B023 (called at once)

    @pytest.mark.attack("T-F-10")
    def test_serves_a_crowd_at_the_door_without_turning_anybody_away(self, branch):
        username, password = hire(branch, "atnineoclock")
        knocking = {"username": username, "password": password}

        with ThreadPoolExecutor(CROWD) as crowd:
            answers = list(
                crowd.map(lambda _: branch.office.visitor().post("auth/login", knocking, timeout=110), range(CROWD))
            )

        assert [one.status_code for one in answers] == [200] * CROWD

    def test_that_is_in_use_is_answered_503_in_time_and_nobody_gets_in(self, branch):
        username, password = hire(branch, "waitingfor")
        administrator = branch.office.sign_in()

        with (
            ThreadPoolExecutor(POOL) as threads,
            branch.database.row_held("accounts_user", username),
        ):
            waiting = [
                threads.submit(
                    branch.office.visitor().post, "auth/login", {"username": username, "password": password}, timeout=60
                )
                for _ in range(POOL)
            ]
            refused = until(lambda: _refusal(administrator), "the pool is used up")
            again = administrator.get("users/", timeout=60)  # while the row is held: who waited for it would get none
            alive = branch.office.visitor().get("/healthz")

        assert refused is not None
        assert (refused["code"], refused["level"]) == ("10004", "1")
        assert again.status_code in {200, 503}
        assert alive.status_code == 200
        assert {one.result().status_code for one in waiting} <= {200, 503}
        until(lambda: is_well(branch), "the office is well again")
        assert administrator.get("auth/me").status_code == 200


class TestServer:
    def test_that_cuts_every_connection_costs_at_most_the_requests_under_way(self, branch):
        administrator = branch.office.sign_in()
        username, password = hire(branch, "cutwhilewaiting")

        with ThreadPoolExecutor(1) as threads, branch.database.row_held("accounts_user", username):
            waiting = threads.submit(
                branch.office.visitor().post, "auth/login", {"username": username, "password": password}, timeout=60
            )
            until(lambda: _waits(branch), "the sign-in waits for the row")
            assert branch.database.cut() >= 1
            cut = waiting.result(60)

        assert cut.status_code == 503
        assert cut.json()["error"]["code"] == "10004"
        assert [administrator.get("users/").status_code for _ in range(2 * POOL)] == [200] * 2 * POOL

    def test_that_is_away_is_a_503_signs_nobody_out_and_is_found_again(self, branch):
        administrator = branch.office.sign_in()
        username, password = branch.office.administrator

        sign_in = {"username": username, "password": password}
        asked = [
            lambda: administrator.get("auth/me", timeout=60),
            lambda: branch.office.visitor().post("auth/login", sign_in, timeout=60),
            lambda: branch.office.visitor().post("auth/refresh", {"refresh": administrator.tokens["refresh"]}),
            lambda: branch.office.visitor().get("/readyz"),
        ]

        branch.way.block()
        try:
            with ThreadPoolExecutor(len(asked)) as threads:
                *answers, ready = threads.map(lambda ask: ask(), asked)
        finally:
            branch.way.clear()

        assert [(one.status_code, one.json()["error"]["code"]) for one in answers] == [(503, "10004")] * 3
        assert (ready.status_code, ready.json()["checks"]["database"]["status"]) == (503, "failing")
        until(lambda: is_well(branch), "the database is found again")
        assert administrator.get("auth/me").status_code == 200
        assert administrator.refresh().status_code == 200


def _refusal(caller: Caller) -> dict[str, str] | None:
    answer = caller.get("users/", timeout=60)
    return answer.json()["error"] if answer.status_code == 503 else None


def _waits(branch: Branch) -> bool:
    sql = {
        "postgres": "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
        "mysql": "SELECT count(*) FROM information_schema.processlist p JOIN information_schema.innodb_trx t"
        " ON t.trx_mysql_thread_id = p.id WHERE p.db = %s AND t.trx_state = 'LOCK WAIT'",
    }[branch.database.engine]
    time.sleep(0.2)  # InnoDB renews what it tells of transactions only when nobody has asked for a tenth of a second
    return bool(branch.database.ask(sql, branch.database.name, inside=False)[0][0])
