"""Debian's nginx with the site of deploy/, changed no further than ports, paths and nodes ask."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from project.env import ROOT
from tests import environment
from tests.clients import until
from tests.core.redis_server import free_port

MAIN = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 2048; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/conf.d/*.conf;
}}
"""


class Nginx:
    """One nginx in front of `nodes`; `with Nginx(folder, nodes, certificate) as proxy:`.

    :param nodes: where the nodes listen, as URLs.
    :param certificate: the certificate and its key.
    :param before: for the outer one of two proxies: the address from which it asks the inner one, by https.
    """

    def __init__(self, folder: Path, nodes: Sequence[str], certificate: tuple[Path, Path], before: str = "") -> None:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            environment.missing("nginx is not installed: `make services` installs it")
        self._program, self.folder = str(program), folder
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        (folder / "conf.d").mkdir(parents=True)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        (folder / "conf.d" / "nodes.conf").write_text(nodes_from_example(nodes))
        (folder / "conf.d" / "site.conf").write_text(self._site(certificate, before))
        self._process: subprocess.Popen[bytes] | None = None

    def _site(self, certificate: tuple[Path, Path], before: str) -> str:
        site = (ROOT / "deploy" / "nginx.conf").read_text()
        site = re.sub(r".*listen \[::\].*\n", "", site)
        for shipped, here in (
            ("listen 80 ", f"listen 127.0.0.1:{self.plain_port} "),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("/etc/gatehouse/tls.crt", str(certificate[0])),
            ("/etc/gatehouse/tls.key", str(certificate[1])),
            ("/var/log/nginx/", f"{self.folder}/"),
            *((("proxy_pass http:", f"proxy_bind {before}; proxy_pass https:"),) if before else ()),
        ):
            assert shipped in site, f"deploy/nginx.conf no longer says {shipped!r}"
            site = site.replace(shipped, here)
        return site

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._program, "-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")],
            stdin=subprocess.DEVNULL,
        )
        until(self._answers, "nginx listens")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.error_log
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    @property
    def access_log(self) -> str:
        return (self.folder / "gatehouse.log").read_text()

    @property
    def error_log(self) -> str:
        return "".join(one.read_text() for one in self.folder.glob("*error.log"))


def nodes_from_example(nodes: Sequence[str]) -> str:
    """Return the shipped list of nodes with these nodes in it, each with the shipped options."""
    lines = (ROOT / "deploy" / "nginx-nodes.conf").read_text().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.lstrip().startswith("server "))
    options = lines[first].split(maxsplit=2)[2]
    kept = [line for line in lines if not line.lstrip().startswith("server ")]
    servers = [f"    server {urlsplit(node).netloc.replace('localhost', '127.0.0.1')} {options}" for node in nodes]
    return "".join([*kept[:first], *servers, *kept[first:]])
