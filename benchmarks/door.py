"""The door: what a sign-in costs, how long each refusal takes, and what a crowd does to the house."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import altcha
import psutil

from benchmarks import load
from benchmarks.figures import Figure, median
from tests.accounts.captchas import knock, solved
from tests.office import Office

PASSWORD = "Bench1word"
SECONDS = 8.0
CLIENTS = 2
CROWD = 100
TRIES = 30
MB = 2**20


def measure() -> list[Figure]:
    """Open an office, knock at its door in every way, and look at its process meanwhile."""
    settings = {"LOG_LEVEL": "warning", "MULTI_LOGIN": "true", "LOGIN_MAX_FAILURES": "1000"}
    with tempfile.TemporaryDirectory() as folder, Office(Path(folder) / "home", **settings) as office:
        _hire(office)
        return [_crowd(office), *_sign_ins(office), *_refusals(office), *_captcha()]


def _hire(office: Office) -> None:
    administrator = office.sign_in()
    for number in range(CLIENTS):
        administrator.post("users/", _person(f"bench{number:04}")).raise_for_status()
    answer = administrator.post("users/", _person("disabled"))
    answer.raise_for_status()
    administrator.ask("PATCH", f"users/{answer.json()['id']}", json={"is_active": False}).raise_for_status()


def _person(username: str) -> dict[str, Any]:
    return {"username": username, "password": PASSWORD, "real_name": "Bench"}


def _crowd(office: Office) -> Figure:
    house = psutil.Process(office.process.pid)
    body = {"username": "bench0000", "password": PASSWORD}
    before = house.memory_info().rss
    health: list[float] = []
    most = before

    def sign_in(_number: int) -> float:
        answer = office.visitor().post("auth/login", body, timeout=120)
        answer.raise_for_status()
        return answer.elapsed.total_seconds()

    with ThreadPoolExecutor(CROWD) as crowd:
        waiting = [crowd.submit(sign_in, number) for number in range(CROWD)]
        while not all(one.done() for one in waiting):
            health.append(office.visitor().get("/healthz").elapsed.total_seconds())
            most = max(most, house.memory_info().rss)
    times = sorted(one.result() for one in waiting)
    how = (
        f"half within {times[CROWD // 2]:.1f} s; memory grows by {(most - before) / MB:.0f} MB; `/healthz` meanwhile: "
        f"half within {median(health) * 1000:.0f} ms; {_busy()}"
    )
    return Figure(f"{CROWD} sign-ins at the same moment: the last is in after", times[-1], "s", how)


def _sign_ins(office: Office) -> list[Figure]:
    asked = [
        [load.json_request("/api/v1/auth/login", {"username": f"bench{number:04}", "password": PASSWORD})]
        for number in range(CLIENTS)
    ]
    house = psutil.Process(office.process.pid)
    before = house.cpu_times()
    seen = load.run(office.url, asked, SECONDS)
    after = house.cpu_times()
    spent = (after.user + after.system - before.user - before.system) / len(seen.times)
    how = f"half within {median(seen.times) * 1000:.0f} ms; {CLIENTS} clients beside it on the machine; {_busy()}"
    return [
        Figure("sign-ins (`auth/login`, Argon2id 19 MiB, 2 passes, 1 lane)", seen.per_second, "/s", how),
        Figure(
            "CPU of one sign-in", spent * 1000, "ms", "of the whole process: hash, session, signature, log of sign-ins"
        ),
    ]


def _refusals(office: Office) -> list[Figure]:
    """Ask for each in turn, so that whatever else happens on the machine happens to all alike."""
    bodies = {
        "unknown user": {"username": "nobody", "password": "wrong"},
        "wrong password": {"username": "bench0000", "password": "wrong"},
        "disabled, right password": {"username": "disabled", "password": PASSWORD},
        "disabled, wrong password": {"username": "disabled", "password": "wrong"},
    }
    times: dict[str, list[float]] = {name: [] for name in bodies}
    office.settings["CAPTCHA_AFTER_FAILURES"] = "-1"
    office.close()
    office.open()
    program = office.visitor()
    for _ in range(TRIES):
        for name, body in bodies.items():
            began = time.perf_counter()
            answer = knock(program.post, body)
            times[name].append(time.perf_counter() - began)
            if answer.status_code != 401:
                raise RuntimeError(answer.text)
    middle = {name: statistics.median(seen) * 1000 for name, seen in times.items()}
    whole = statistics.mean(middle.values())
    return [
        Figure(
            f"refused: {name}",
            one,
            "ms",
            f"median of {TRIES}, in turn with the others; {one / whole - 1:+.0%} of their mean",
        )
        for name, one in middle.items()
    ]


def _captcha() -> list[Figure]:
    made = _challenge(1)
    solution = solved({"captcha": made.to_dict()})
    solving = _cpu(lambda: solved({"captcha": _challenge(1).to_dict()}), 20)
    hardest = _cpu(lambda: solved({"captcha": _challenge(8).to_dict()}), 5)
    return [
        Figure("captcha: making one", _cpu(lambda: _challenge(1), 500) * 1000, "ms", "CPU"),
        Figure("captcha: checking a solution", _cpu(lambda: _check(solution), 200) * 1000, "ms", "CPU; and one row"),
        Figure("captcha: solving the easiest", solving * 1000, "ms", "CPU of a native client, mean of 20"),
        Figure("captcha: solving the hardest", hardest * 1000, "ms", "likewise, mean of 5"),
    ]


def _challenge(cost: int) -> altcha.Challenge:
    # as accounts.captcha makes them; that needs the product's settings, which this process has none of
    how: dict[str, Any] = {"memory_cost": 1024, "parallelism": 1, "key_prefix": "00", "hmac_secret": "bench"}
    return altcha.create_challenge("ARGON2ID", cost, expires_at=int(time.time()) + 180, **how)


def _check(solution: str) -> None:
    if not altcha.verify_solution(solution, "bench").verified:
        raise RuntimeError("no solution")


def _cpu(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def _busy() -> str:
    return f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
