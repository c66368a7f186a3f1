"""How often this process opened a line to the Redis between nodes.

redis-py mends a torn line without a word, and what others published meanwhile is gone: who must know of that looks
whether there is another line than before.
"""

from typing import Any


class Lines:
    """The lines of one pool, as its `redis_connect_func` sees them."""

    def __init__(self) -> None:
        self.opened = 0

    async def open(self, connection: Any) -> None:
        """Greet Redis through a fresh connection, and count it."""
        await connection.on_connect()
        self.opened += 1


between_nodes = Lines()
