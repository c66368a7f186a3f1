"""Drives the load client, `load.c`: one order, one answer."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.figures import ROOT
from benchmarks.gateway.cores import CLIENT

SOURCE = Path(__file__).with_name("load.c")
HOME = ROOT / "var" / "benchmarks"
Answer = dict[str, Any]


class Missing(Exception):
    """Something is not installed; says what."""


class Failed(Exception):
    """The server did not do what was asked of it; says what."""


@dataclass(frozen=True)
class Speech:
    """How clients talk to a server. `%s` stands for the payload: 200 bytes of JSON, the same for all.

    :param header: of the opening request; `%s` stands for the connection's credential.
    :param ready: what a client hears when it is let in; empty: the handshake is enough.
    :param post: a path to publish to by HTTP, instead of a frame.
    """

    path: str = "/ws/"
    header: str = ""
    hello: str = ""
    ready: str = ""
    publish: str = "%s"
    post: str = ""
    echo_path: str = "/ws/"
    ask: str = "%s"
    binary: bool = False


class Load:
    """A running load client. `with client(speech, ports, processes) as load:`."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process, self._folder = process, folder

    def tell(self, *words: object) -> Answer:
        """Give one order.

        :raises Failed: when it could not be carried out.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer: Answer = json.loads(self._process.stdout.readline() or '{"failed": "the load client ended"}')
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def cpu(self, *words: object) -> tuple[Answer, float]:
        """Give an order; return its answer, and the server's CPU seconds, which are counted in hundredths."""
        answer = self.tell(*words)
        return answer, max(answer["cpu"], 0.01)

    def configure(self, speech: Speech, ports: Sequence[int], processes: Sequence[int]) -> None:
        """Tell it where the server is and how to talk to it."""
        self.tell("ports", *ports)
        self.tell("processes", *processes)
        self.tell("publish", speech.publish)
        self.tell("ask", speech.ask)
        for name in ("hello", "ready", "post"):
            if text := getattr(speech, name):
                self.tell(name, text)
        if speech.binary:
            self.tell("binary")

    def knock(self, path: str, header: str, port: int) -> None:
        """Set the opening request."""
        request = self._folder / "request"
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: http://127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *([header] if header else []),
        ]
        request.write_bytes("\r\n".join([*lines, "", ""]).encode())
        self.tell("head", request)


@contextmanager
def client() -> Iterator[Load]:
    """Run a load client."""
    with TemporaryDirectory() as folder:
        command = [*CLIENT, str(_program())]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Load(process, Path(folder))
            finally:
                process.kill()


@cache
def _program() -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Missing("a C compiler, for the load client: in Python it would be slower than what it measures")
    program = HOME / "load"
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE)], check=True)
    return program


def family(pid: int) -> list[int]:
    """Return a process and its children, and theirs."""
    return [pid, *(one.pid for one in psutil.Process(pid).children(recursive=True))]
