"""`make bench-peers`: install the peers, none of which the product needs.

What npm brings lies beside this file, the rest in var/benchmarks; Debian's packages are unpacked there, not installed, so
nothing here takes root, and nothing on the machine changes.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.gateway.load import HOME

HERE = Path(__file__).parent
PYTHON, DEBIAN = HOME / "python", HOME / "debian"
PYTHON_PACKAGE = "python-socketio==5.18.1"
DEBIAN_PACKAGES = ("libnginx-mod-nchan", "nats-server")


def npm() -> None:
    """ws and socket.io."""
    run(HERE, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--omit=optional")


def pip() -> None:
    """python-socketio."""
    run(HOME, sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--target", str(PYTHON), PYTHON_PACKAGE)


def apt() -> None:
    """nchan and nats-server; nginx itself comes with `make services`."""
    shutil.rmtree(DEBIAN, ignore_errors=True)
    DEBIAN.mkdir()
    run(DEBIAN, "apt-get", "-q", "download", *DEBIAN_PACKAGES)
    for package in DEBIAN.glob("*.deb"):
        run(DEBIAN, "dpkg", "-x", str(package), str(DEBIAN))


def run(folder: Path, *command: str) -> None:
    """Run a command; its words are shown."""
    subprocess.run(command, cwd=folder, check=True)


def main() -> int:
    """Install what can be installed, and say what could not."""
    HOME.mkdir(parents=True, exist_ok=True)
    steps: tuple[Callable[[], None], ...] = (npm, pip, apt)
    failed = 0
    for step in steps:
        try:
            step()
        except (OSError, subprocess.CalledProcessError) as problem:
            failed += 1
            sys.stderr.write(f"Not installed: {step.__doc__} {problem}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
