"""The real product as tests meet it: `manage.py up` in a process of its own, on a home of its own."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from project import env
from tests import environment, launcher
from tests.clients import Caller

START_SECONDS = 180
STOP_SECONDS = 60


class NotOpened(Exception):
    """The product ended, or said nothing, instead of serving."""


class Office:
    """One running Gatehouse. `with Office(folder) as office:` opens it and closes it again.

    :param home: its GATEHOUSE_HOME; a home used before is opened as it was left.
    :param settings: environment variables on top of the defaults.
    """

    def __init__(self, home: Path, *arguments: str, **settings: str) -> None:
        self.home = home
        self.arguments = arguments or ("--port", "0", "--no-demo")
        self.settings = {name: "" for name, _ in env.about()}
        self.settings |= {"GATEHOUSE_HOME": str(home), "GATEHOUSE_ENV": "dev", "LOG_FORMAT": "console"} | settings
        self.url = ""
        self.administrator = ("", "")
        self._process: launcher.Program | subprocess.Popen[bytes] | None = None
        self._read_from = 0

    # --- opening and closing ---------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self.close()

    def open(self) -> Self:
        """Start it and wait until it is ready."""
        self.start()
        return self.ready()

    def ready(self) -> Self:
        """Wait until it announces its address, or, a worker or scheduler, that it is at work."""
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(r"Open\s+(http\S+)|(?:worker|beat) ready", self.output)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise NotOpened(f"exit code {self.process.poll()}\n{self.log}")
            time.sleep(0.02)
        self.url = found[1] or ""
        if (said := re.search(r"Sign in\s+(\S+) / (\S+)  \(shown", self.output)) is not None:
            self.administrator = (said[1], said[2])
        return self

    def start(self) -> None:
        """Start it without waiting."""
        self.home.parent.mkdir(parents=True, exist_ok=True)
        self.furnish()
        self._read_from = len(self.log)
        command = ["manage.py", "up", *self.arguments]
        with self._log_file.open("ab") as log:
            self._process = launcher.start(
                command, cwd=env.ROOT, env=os.environ | self.settings, stdout=log, stderr=log
            )

    def furnish(self) -> None:
        """Put migrated tables where it would make them, but for demo data, which wants an empty database."""
        url = self.settings["DATABASE_URL"] or f"sqlite:///{self.home / 'gatehouse.sqlite3'}"
        scheme, _, path = url.partition(":///")
        file = Path(path)
        if scheme == "sqlite" and "--no-demo" in self.arguments and environment.migrated.exists() and not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(environment.migrated, file)

    def close(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(by)
        return self.wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end and return its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as problem:
            self.process.send_signal(signal.SIGUSR2)
            time.sleep(2)  # it says where it is
            self.process.kill()
            self.process.wait()
            problem.add_note(self.log[-20_000:])
            raise

    @property
    def process(self) -> "launcher.Program | subprocess.Popen[bytes]":
        assert self._process, "the office was never opened"
        return self._process

    # --- what it says ------------------------------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """Everything it ever wrote, to either stream, over all its runs."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    @property
    def output(self) -> str:
        """What it wrote since it was last started."""
        return self.log[self._read_from :]

    @property
    def _log_file(self) -> Path:
        return self.home.with_name(f"{self.home.name}.log")

    # --- who comes in -------------------------------------------------------------------------------------------------

    def visitor(self) -> Caller:
        """Somebody who has not signed in."""
        return Caller(self.url)

    def sign_in(self, username: str = "", password: str = "", device: str = "") -> Caller:
        """Somebody who signed in over the API; the administrator when nobody is named."""
        caller = self.visitor()
        if not username:
            username, password = self.administrator
        caller.sign_in(username, password, device)
        return caller

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a management command on this office's home."""
        given = os.environ | self.settings
        return launcher.run(["manage.py", *arguments], cwd=env.ROOT, env=given, timeout=START_SECONDS)


class BareOffice(Office):
    """One that makes its tables itself, as at a first start."""

    def furnish(self) -> None:
        """Put nothing there."""
