"""Processes that outlive the command that started them, known by their pid files."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tests.services.debian import Trouble, program

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "var" / "services"
PATIENCE = 60


def launch(name: str, command: list[str], *, stop_by: signal.Signals = signal.SIGTERM, **variables: str) -> None:
    """Start a server that outlives us; its pid and its words go to its files."""
    with log_of(name).open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=HOME,
            env=os.environ | variables,
        )
    pid_file(name).write_text(f"{process.pid} {birth_of(process.pid)} {stop_by.value}\n")


def once(name: str, command: list[str], words: IO[str] | None = None) -> None:
    """Run a server's preparation to its end; raise with the end of its log when it fails."""
    with log_of(name).open("ab") as log:
        done = subprocess.run(command, stdin=words or subprocess.DEVNULL, stdout=log, stderr=log, cwd=HOME, check=False)
    if done.returncode:
        raise Trouble(f"{command[-1]}: {name} could not be prepared. {last_words(name)}")


def unprivileged(user: str, home: Path) -> list[str]:
    """Return what to put before a command that root runs as `user`, who gets `home` and may pass the folders above."""
    shutil.chown(home, user)
    for inside in home.iterdir():
        shutil.chown(inside, user)
    account = pwd.getpwnam(user)
    become = [program("setpriv"), f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    if subprocess.run([*become, "test", "-x", str(home)], check=False).returncode:
        become += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return become


def password_of(home: Path) -> str:
    """Return the server's password; one is made the first time."""
    file = home / "password"
    if not file.exists():
        file.write_text(secrets.token_hex(12))
        file.chmod(0o600)
    return file.read_text()


def wait(name: str, answers: Callable[[], bool]) -> None:
    """Wait until a server answers; raise with the end of its log when it does not."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and is_running(name):
        try:
            if answers():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise Trouble(f"{name} did not answer within {PATIENCE} s. {last_words(name)}")


def last_words(name: str) -> str:
    """Return the end of a server's log."""
    lines = log_of(name).read_text(errors="replace").splitlines()[-20:]
    return "\n".join([f"The end of {log_of(name)}:", *lines])


def is_running(name: str) -> bool:
    """Say whether the process we started lives; a stranger who got its number later does not count."""
    try:
        number, birth, _signal = pid_file(name).read_text().split()
        os.kill(int(number), 0)
    except (OSError, ValueError):
        return False
    return birth_of(int(number)) == birth


def birth_of(number: int) -> str:
    """Return when a process was born, as the kernel writes it; "dead" for one that only waits to be collected."""
    record = Path(f"/proc/{number}/stat")
    if not record.exists():
        return "unknown"
    fields = record.read_text().rpartition(")")[2].split()
    return "dead" if fields[0] == "Z" else fields[19]


def terminate(name: str) -> bool:
    """End a server by its pid; return whether there was one."""
    was_running = is_running(name)
    if was_running:
        number, signal_number = (int(word) for word in pid_file(name).read_text().split()[::2])
        os.kill(number, signal_number)
        deadline = time.monotonic() + PATIENCE
        while is_running(name) and time.monotonic() < deadline:
            time.sleep(0.05)
        if is_running(name):
            os.kill(number, signal.SIGKILL)
    pid_file(name).unlink(missing_ok=True)
    return was_running


def pid_file(name: str) -> Path:
    """Where the number of a server's process is kept."""
    return HOME / f"{name}.pid"


def variables_file(name: str) -> Path:
    """Where a running server's variables are kept."""
    return HOME / f"{name}.env"


def log_of(name: str) -> Path:
    """Where a server's words go."""
    return HOME / f"{name}.log"


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as asked:
        return int(asked.getsockname()[1])


def conversation(port: int, words: bytes) -> bytes:
    """Say one thing to a server and return its first answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
        line.sendall(words)
        return line.recv(4096)
