"""Real servers for the tests: install them (Debian), start them, stop them.

Run by `make services` and `make services-stop` with any Python 3.11, before anything is installed. To add a server:
its packages and program in PROGRAMS, a function that starts it and returns its variable, a line in SERVERS.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "var" / "services"
WRITTEN = ROOT / "var" / "services.env"
PATIENCE = 60

PROGRAMS = {
    "chromium": "chromium",
    "soffice": "libreoffice-calc-nogui",
    "msgfmt": "gettext",
    "redis-server": "redis-server",
}
"""Each program the tests look for, and Debian's package of it."""

FONT_PACKAGE, FONT_FOLDER = "fonts-noto-cjk", Path("/usr/share/fonts/opentype/noto")


class Trouble(Exception):
    """Something a person has to know, in one sentence."""


# --- the servers -----------------------------------------------------------------------------------------------------


def redis(home: Path) -> dict[str, str]:
    """Start Redis; nothing is written to disk."""
    port = free_port()
    launch(
        "redis",
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(home)]
        + ["--save", "", "--appendonly", "no", "--databases", "64"],
    )
    wait("redis", lambda: conversation(port, b"PING\r\n") == b"+PONG\r\n")
    return {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}


SERVERS: dict[str, Callable[[Path], dict[str, str]]] = {"redis": redis}

# --- programs --------------------------------------------------------------------------------------------------------


def install() -> None:
    """Install what is missing, where that can be done."""
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if Path("/etc/debian_version").exists() and not FONT_FOLDER.exists():
        missing.append(FONT_PACKAGE)
    if not missing:
        return
    by_hand = f"apt-get install {' '.join(missing)}"
    if not shutil.which("apt-get"):
        programs = ", ".join(program for program in PROGRAMS if not shutil.which(program))
        raise Trouble(f"Only Debian and Ubuntu are installed from here. Install these yourself, then again: {programs}")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and subprocess.run([*root, "true"], capture_output=True, check=False).returncode:
        raise Trouble(f"Installing takes root. Run this, then again: sudo {by_hand}")
    say(f"Installing {', '.join(missing)}")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    for command in (["update"], ["install", "--no-install-recommends", *missing]):
        if subprocess.run([*apt, *command], stdout=subprocess.DEVNULL, check=False).returncode:
            raise Trouble(f"apt-get {command[0]} failed; its words are above. By hand: {by_hand}")


# --- processes -------------------------------------------------------------------------------------------------------


def launch(name: str, command: list[str]) -> None:
    """Start a server that outlives us; its pid and its words go to its files."""
    with log_of(name).open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=HOME / name
        )
    pid_file(name).write_text(f"{process.pid} {birth_of(process.pid)}\n")


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
    last_words = "\n".join(log_of(name).read_text(errors="replace").splitlines()[-20:])
    raise Trouble(f"{name} did not answer within {PATIENCE} s. The end of {log_of(name)}:\n{last_words}")


def is_running(name: str) -> bool:
    """Say whether the process we started lives; a stranger who got its number later does not count."""
    try:
        number, birth = pid_file(name).read_text().split()
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
        number = int(pid_file(name).read_text().split()[0])
        os.kill(number, signal.SIGTERM)
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


# --- commands --------------------------------------------------------------------------------------------------------


def start() -> None:
    """Bring every server up, leave alone those that run already, and write where they are."""
    install()
    for name, bring_up in SERVERS.items():
        (HOME / name).mkdir(parents=True, exist_ok=True)
        if not (is_running(name) and variables_file(name).exists()):
            variables = bring_up(HOME / name)
            variables_file(name).write_text("".join(f"{key}={value}\n" for key, value in variables.items()))
    lines = [f"CHROMIUM_PATH={shutil.which('chromium')}\n"]
    lines += [variables_file(name).read_text() for name in SERVERS]
    WRITTEN.write_text("".join(lines))
    say(f"Running; {WRITTEN.relative_to(ROOT)} says where:\n{WRITTEN.read_text()}".rstrip())


def stop() -> None:
    """End every server that `start` began."""
    for name in SERVERS:
        if terminate(name):
            say(f"Stopped {name}")
        variables_file(name).unlink(missing_ok=True)
    WRITTEN.unlink(missing_ok=True)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Do what the command line asks."""
    commands = {"start": start, "stop": stop}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: {sys.argv[0]} start|stop")
    try:
        commands[sys.argv[1]]()
    except Trouble as trouble:
        sys.exit(str(trouble))


if __name__ == "__main__":
    main()
