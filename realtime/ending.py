"""The end of background tasks."""

import asyncio

AGAIN_SECONDS = 5.0


async def end(*tasks: "asyncio.Task[None] | None") -> None:
    """Cancel tasks and wait until they have ended.

    Asked for until they do: `asyncio.wait_for` of Python 3.11, which redis-py sends with, forgets that it was cancelled when its
    work ends in the same moment.
    """
    running = {one for one in tasks if one}
    while running:
        for one in running:
            one.cancel()
        _ended, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
