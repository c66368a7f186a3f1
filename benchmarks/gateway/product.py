"""The product as it serves, with one topic more: `bench.publish` broadcasts what it is given.

    python -m benchmarks.gateway.product PORT

Each line of its input, `NUMBER FILE`, asks for so many tickets, for everybody's sessions in turn, written into a file.
"""

import importlib
import os
import sys
import threading
from itertools import cycle, islice
from pathlib import Path
from typing import Any


def main(port: int) -> None:
    """Serve until a signal comes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    importlib.import_module("project.asgi")  # sets Django up
    add_topic()
    threading.Thread(target=hand_out_tickets, daemon=True).start()
    server = importlib.import_module("project.server")
    server.run(server.bind("127.0.0.1", port), started=lambda: None)
    os._exit(0)


def add_topic() -> None:
    """Let clients broadcast through the door."""
    gateway = importlib.import_module("realtime.gateway")
    topics = importlib.import_module("realtime.topics")

    async def publish(connection: Any, data: dict[str, str]) -> None:
        await gateway.abroadcast("bench", data["data"])

    topics.topic("bench.publish", prompt=True)(publish)


def hand_out_tickets() -> None:
    """Issue tickets as `POST auth/ticket` does: who asks for one was looked up a moment ago."""
    sessions, tickets = importlib.import_module("accounts.sessions"), importlib.import_module("accounts.tickets")
    rows = importlib.import_module("accounts.models").LoginSession.objects
    connection = importlib.import_module("django.db").connection
    for line in sys.stdin:
        number, _, path = line.strip().partition(" ")
        everybody = list(rows.filter(user__username__startswith="bench").order_by("pk"))
        for one in everybody:
            sessions.state_of(one.sid)
        issued = [tickets.issue(one) for one in islice(cycle(everybody), int(number))]
        draft = Path(f"{path}.draft")
        draft.write_text("".join(f"{one}\n" for one in issued))
        draft.rename(path)
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
