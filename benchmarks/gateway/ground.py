"""What the contestants stand on: databases with people, a Redis, folders."""

import atexit
import os
import resource
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import ROOT
from benchmarks.gateway.cores import CLIENT
from benchmarks.servers import redis_server

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000"))
"""Each has one session; with more sockets than people, people have several."""


@dataclass(frozen=True)
class Ground:
    """Where a contestant is started."""

    folder: Path
    redis: str

    @property
    def product_settings(self) -> dict[str, str]:
        """The environment of the product; no limit is off, but nobody is cut for being as busy as asked."""
        return {
            "GATEHOUSE_HOME": str(self.folder / "product"),
            "GATEHOUSE_ENV": "dev",
            "SECRET_KEY": "b" * 64,
            "DATABASE_URL": f"sqlite:///{self.folder}/product.sqlite3",
            "REDIS_URL": "",
            "LOG_LEVEL": "warning",
            "GATEWAY_RATE": "999999:999999",
            "GATEWAY_USER_RATE": "999999:999999",
            "GATEWAY_IDLE_SECONDS": "0",
            "DJANGO_SETTINGS_MODULE": "project.settings",
        }

    @property
    def keeper(self) -> Path:
        """What a superuser shows: an access token, and a session key of the back office, a line each."""
        return self.folder / "keeper"

    @property
    def stock_database(self) -> str:
        return str(self.folder / "stock.sqlite3")

    @property
    def stock_sessions(self) -> Path:
        """The session keys of stock Channels' people, a line each."""
        return self.folder / "stock-sessions"


@cache
def ground() -> Ground:
    """Make the databases and start Redis, once; they go when this process ends."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # what is started from here inherits it
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(TemporaryDirectory()))
    made = Ground(folder, stack.enter_context(redis_server(folder, *CLIENT)))
    _run("people", str(PEOPLE), str(made.keeper), **made.product_settings)
    _run("peers.stock", "prepare", made.stock_database, str(PEOPLE), str(made.stock_sessions))
    return made


def _run(module: str, *arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.gateway.{module}", *arguments]
    subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=True)
