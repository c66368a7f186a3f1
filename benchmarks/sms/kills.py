"""A hundred times the product is killed while it sends a thousand text messages (T-S-7): how many are lost, how many go out twice?

Between a kill and the next start the time passes that a lease lasts and that the gateway is not believed for.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.sms import ground
from tests.integrations.sms.test_kills import let_time_pass

MESSAGES, KILLS, LATENCY = 1_000, 100, 0.05


def measure() -> list[Figure]:
    """Kill and start again until all is sent."""
    with ground.gateway(LATENCY) as gateway, ground.settings("", SMS_AT_ONCE="8") as given:
        ground.prepare(given, gateway.url)
        ground.contestant(given, "benchmarks.sms.campaign", "enqueue", str(MESSAGES))
        home = Path(given["GATEHOUSE_HOME"])
        for number in range(1, KILLS + 1):
            with ground.open_house(given):
                gateway.wait_for(number * MESSAGES // (KILLS + 1))
            let_time_pass(home)
        with ground.open_house(given):
            told = gateway.wait_for_texts(MESSAGES)
            states = _settled(home)
    how = f"{MESSAGES:,} messages, {KILLS} kills (SIGKILL), 8 at once, SQLite"
    return [
        Figure("messages lost", MESSAGES - len(ground.texts_of(told)), "", how),
        Figure("messages that went out twice", told["copies"], "", "by the gateway's own list"),
        Figure("messages that are not `sent` at the end", MESSAGES - states.get("sent", 0), "", f"{states}"),
    ]


def _settled(home: Path) -> dict[str, int]:
    """The states, once nothing is on its way."""
    while True:
        with closing(sqlite3.connect(home / "gatehouse.sqlite3")) as database:
            found = dict(database.execute("SELECT state, count(*) FROM sms_message GROUP BY state"))
        if not {"pending", "sending"} & set(found):
            return found
        time.sleep(0.2)
