"""Who of several nodes does something: whoever holds a key in Redis that ends by itself."""

import asyncio
from typing import Any

SECONDS = 5.0
TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Lease:
    """A key of which at most one holder knows that it is theirs."""

    def __init__(self, redis: Any, key: str, holder: str) -> None:
        self.key, self.holder = key, holder
        self._take, self._give_back = redis.register_script(TAKE), redis.register_script(GIVE_BACK)

    async def take(self) -> bool:
        """Take it, or keep it for longer; return whether it is ours."""
        return bool(await self._take(keys=[self.key], args=[self.holder, round(SECONDS * 1000)]))

    async def keep(self) -> None:
        """Keep it; returns when somebody else has it."""
        while await self.take():  # noqa: ASYNC110 (no event tells: it is another process that takes it)
            await asyncio.sleep(SECONDS / 5)

    async def give_back(self) -> None:
        await self._give_back(keys=[self.key], args=[self.holder])
