"""One process of the refresh storm; it knows nothing of the tests, whose home is not the storm's."""

import importlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PATIENCE = 120


def accounts() -> Any:
    """Django's apps, and what of them is needed here; only in the processes that have the storm's environment."""
    importlib.import_module("django").setup()
    return importlib.import_module("accounts.sessions"), importlib.import_module("accounts.tokens")


def opened() -> tuple[str, str]:
    """Sign somebody in on an empty database; return session and refresh token."""
    sessions, tokens = accounts()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    services = importlib.import_module("accounts.services")
    user = services.create_user(by=None, username="storm", password="Bench1word")
    session = sessions.open(user=user, scope="api")
    return session.sid, tokens.refresh(session)


def generation(sid: str) -> int:
    """How often the session was refreshed, says its row."""
    accounts()
    model = importlib.import_module("accounts.models").LoginSession
    return int(model.objects.get(sid=sid).gen)


def process(start: Any, last: Any, answers: Any, token: str, crowd: int, seconds: float) -> None:
    """Refresh with `crowd` threads, each round together with all others, and tell what became of it."""
    sessions, tokens = accounts()
    connection = importlib.import_module("django.db").connection

    def client(_number: int) -> tuple[int, int, str]:
        mine, rounds, wrong = token, 0, 0
        deadline = time.time() + seconds
        while rounds < last.value:
            if start.wait(PATIENCE) == 0 and time.time() > deadline:
                # a round that nobody has come to yet, so that all end with the same
                last.value = min(last.value, rounds + 3)
            try:
                mine = tokens.refresh(sessions.refresh(mine))
            except Exception:  # noqa: BLE001 (whatever it is, it must not be)
                wrong += 1
            rounds += 1
        connection.close()
        return rounds, wrong, mine

    with ThreadPoolExecutor(crowd) as threads:
        seen = list(threads.map(client, range(crowd)))
    times = os.times()
    told = {"rounds": seen[0][0], "wrong": sum(one[1] for one in seen), "last": [one[2] for one in seen]}
    answers.put(told | {"cpu": times.user + times.system})
