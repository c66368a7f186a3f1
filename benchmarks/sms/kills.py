"""A hundred times the product is killed while it sends a thousand text messages (T-S-7): how many are lost, how many go out twice?

Between a kill and the next start the time passes that a lease lasts and that the gateway is not believed for.
"""

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.sms import ground
from tests.integrations.sms.test_kills import let_time_pass

MESSAGES, KILLS = 1_000, 100
LATENCY, AT_ONCE = 0.1, 4
MOST_BETWEEN_KILLS = 12


def measure() -> list[Figure]:
    """Kill and start again until all is sent."""
    chance = random.Random(7)
    with ground.gateway(LATENCY) as gateway, ground.settings("", SMS_AT_ONCE=str(AT_ONCE)) as given:
        ground.prepare(given, gateway.url)
        ground.contestant(given, "benchmarks.sms.campaign", "enqueue", str(MESSAGES))
        home, began = Path(given["GATEHOUSE_HOME"]), time.monotonic()
        for _kill in range(KILLS):
            time.sleep(2 * LATENCY)  # what the dead left at the gateway is taken, and not counted for the next
            # each is alive and sending when it is killed: it has sent something, and so much is left that it goes on
            wanted = gateway.count() + chance.randint(1, MOST_BETWEEN_KILLS)
            with ground.open_house(given):
                gateway.wait_for(wanted, look_every=0.01)
            let_time_pass(home)
        left = MESSAGES - gateway.count()
        with ground.open_house(given):
            told = gateway.wait_for_texts(MESSAGES)
            states = _settled(home)
        minutes = (time.monotonic() - began) / 60
    how = f"{MESSAGES:,} messages, {KILLS} kills (SIGKILL) while it sent, {AT_ONCE} at once, SQLite"
    return [
        Figure("messages lost", MESSAGES - len(ground.texts_of(told)), "", how),
        Figure("messages that went out twice", told["copies"], "", "by the gateway's own list"),
        Figure("messages that are not `sent` at the end", MESSAGES - states.get("sent", 0), "", f"{states}"),
        Figure("messages that waited when the last was killed", left, "", f"the whole took {minutes:.1f} min"),
    ]


def _settled(home: Path) -> dict[str, int]:
    """The states, once nothing is on its way."""
    while True:
        with closing(sqlite3.connect(home / "gatehouse.sqlite3")) as database:
            found = dict(database.execute("SELECT state, count(*) FROM sms_message GROUP BY state"))
        if not {"pending", "sending"} & set(found):
            return found
        time.sleep(0.2)
