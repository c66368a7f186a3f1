"""How the threads of one process share the database.

SQLite has one writer at a time; who waits for it looks again and again, ever more seldom, and sixteen threads would sleep most
of the time: they stand in line instead. Servers need no line, but have fewer connections than there are threads.
"""

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection

_line = threading.Lock()


def give_way() -> None:
    """Lend one's connection to others while one waits for the network: a server's pool has fewer than there are threads."""
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close()


def turn() -> AbstractContextManager[Any]:
    """Wait for one's turn to write; the block is one short transaction and nothing else."""
    return _line if connection.vendor == "sqlite" else nullcontext()
