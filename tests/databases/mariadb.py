"""A MariaDB as Debian installs it: nobody has loaded the world's time zones."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import environment
from tests.clients import until
from tests.core.redis_server import free_port
from tests.services.debian import find
from tests.services.processes import conversation


@contextmanager
def bare_server(folder: Path) -> Iterator[str]:
    """Start one on a free port; give the address of an empty database on it."""
    install, server = find("mariadb-install-db"), find("mariadbd")
    if not install or not server:
        environment.missing("mariadbd is not installed: `make services` installs it")
    as_user = ["--user=root"] if os.geteuid() == 0 else []
    data, words, port = folder / "data", folder / "words.sql", free_port()
    subprocess.run(
        [str(install), "--no-defaults", f"--datadir={data}", "--skip-test-db", *as_user],
        check=True,
        capture_output=True,
    )
    words.write_text(
        "CREATE DATABASE bare;\nCREATE USER g@'127.0.0.1' IDENTIFIED BY 'g';\nGRANT ALL ON *.* TO g@'127.0.0.1';\n"
    )
    running = subprocess.Popen(
        [str(server), "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", *as_user]
        + [f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--init-file={words}", "--skip-name-resolve"]
        + ["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=OFF"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port), "MariaDB answers")
        yield f"mysql://g:g@127.0.0.1:{port}/bare"
    finally:
        running.terminate()
        running.wait(60)


def _answers(port: int) -> bool:
    try:
        return b"MariaDB" in conversation(port, b"")
    except OSError:
        return False
