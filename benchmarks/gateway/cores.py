"""Which core does what: servers on the first, the load client and Redis on the second."""

import os
import shutil


def on_core(number: int) -> list[str]:
    """Return what to put before a command so that it runs on one core; nothing where that cannot be done."""
    if not shutil.which("taskset"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(allowed[min(number, len(allowed) - 1)])]


SERVER, CLIENT = on_core(0), on_core(1)
