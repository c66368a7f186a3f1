"""The programs the tests use, from Debian's packages."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = {
    "chromium": "chromium",
    "soffice": "libreoffice-calc-nogui",
    "msgfmt": "gettext",
    "redis-server": "redis-server",
    "initdb": "postgresql",
    "mariadbd": "mariadb-server",
    "rabbitmq-server": "rabbitmq-server",
    "nginx": "nginx",
    "systemd-analyze": "systemd",
}
"""Each program the tests look for, and Debian's package of it."""

FONT_PACKAGE, FONT_FOLDER = "fonts-noto-cjk", Path("/usr/share/fonts/opentype/noto")
POLICY = Path("/usr/sbin/policy-rc.d")
ELSEWHERE = """\
Only Debian and Ubuntu are installed from here. Missing: {missing}.
On other systems install them yourself, then again; or let Docker bring the servers:
    docker compose -f tests/services/compose.yaml up -d --wait
and set the variables its first lines name."""


class Trouble(Exception):
    """Something a person has to know, in one sentence."""


def find(name: str) -> str | None:
    """Return the path of a program, if it is installed; Debian keeps some off the PATH."""
    versions = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin", *versions]))


def program(name: str) -> str:
    """Return the path of a program that `install` brought."""
    found = find(name)
    if found is None:
        raise Trouble(f"{name} is not installed, or not where Debian puts it")
    return found


@contextmanager
def nothing_started() -> Iterator[None]:
    """Keep Debian from starting the servers it installs, each on its usual port: ours are started here."""
    if os.geteuid() != 0 or POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def install() -> None:
    """Install what is missing, where that can be done."""
    absent = [name for name in PROGRAMS if not find(name)]
    missing = sorted({PROGRAMS[name] for name in absent})
    if Path("/etc/debian_version").exists() and not FONT_FOLDER.exists():
        missing.append(FONT_PACKAGE)
    if not missing:
        return
    by_hand = f"apt-get install {' '.join(missing)}"
    if not shutil.which("apt-get"):
        raise Trouble(ELSEWHERE.format(missing=", ".join(absent)))
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and subprocess.run([*root, "true"], capture_output=True, check=False).returncode:
        raise Trouble(f"Installing takes root. Run this, then again: sudo {by_hand}")
    say(f"Installing {', '.join(missing)}")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    with nothing_started():
        for command in (["update"], ["install", "--no-install-recommends", *missing]):
            if subprocess.run([*apt, *command], stdout=subprocess.DEVNULL, check=False).returncode:
                raise Trouble(f"apt-get {command[0]} failed; its words are above. By hand: {by_hand}")


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
