"""Starts Python programs sooner: as copies of one process that has imported the libraries of all of them.

Half of a start's time goes into imports that are the same each time. The process that is copied knows nothing of the
project or its settings; from its first line on, a copy is a process like any other, with its own environment, working
directory, standard streams, process group, signals and exit code.

Under coverage, programs start as they always do: it wants to be there from their first line.
"""

import asyncio
import atexit
import faulthandler
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

LIBRARIES = [
    "altcha",
    "babel",
    "celery.app.amqp",
    "celery.beat",
    "celery.fixups.django",
    "celery.worker.request",
    "channels_redis.core",
    "cron_descriptor",
    "django.contrib.postgres.fields",
    "django.contrib.sessions.middleware",
    "django.core.management",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.middleware.locale",
    "django.middleware.security",
    "django.test",
    "jwt",
    "msgpack",
    "PIL.ImageOps",
    "prometheus_client",
    "psutil",
    "requests",
    "rustpy_xlsxwriter",
    "segno",
    "servestatic.middleware",
    "structlog",
    "tablib.formats._xlsx",
    "uvicorn",
]
"""What the product imports and what needs no settings for it."""

Stream = int | IO[Any]
LONGEST_ORDER = 1 << 17


class Program:
    """A started program; knows of `subprocess.Popen` what tests ask for."""

    def __init__(self, arguments: Sequence[str], pid: int, ending: int) -> None:
        self.args, self.pid = arguments, pid
        self.returncode: int | None = None
        self._ending = ending

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._ending], [], [], 0)[0]:
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._ending], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._end()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        told = os.read(self._ending, 4)
        assert told, "the launcher ended before its programs"
        self.returncode = int.from_bytes(told, signed=True)
        os.close(self._ending)


def start(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.DEVNULL,
    stderr: Stream = subprocess.DEVNULL,
) -> "Program | subprocess.Popen[bytes]":
    """Start `python ARGUMENTS`: a file, `-m MODULE` or `-c CODE` first. It leads a session, and signals to its group are its own."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        streams: Any = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        return subprocess.Popen([sys.executable, *arguments], cwd=cwd, env=env, start_new_session=True, **streams)
    return _launcher(os.getpid()).start(arguments, cwd, env, (stdin, stdout, stderr))


def run(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], said: str = "", timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Run `python ARGUMENTS` to its end, with `said` on its standard input."""
    with tempfile.TemporaryFile("w+") as into, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        into.write(said)
        into.seek(0)
        program = start(arguments, cwd=cwd, env=env, stdin=into, stdout=out, stderr=err)
        try:
            code = program.wait(timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


class _Launcher:
    """This side of the process that is copied."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._one_at_a_time = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.launcher", str(theirs.fileno())],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C is for the tests
            )
        atexit.register(self.close)

    def close(self) -> None:
        """Start nothing more; what runs goes on."""
        self._line.close()
        self._process.wait()

    def start(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: tuple[Stream, ...]
    ) -> Program:
        ending, told = os.pipe()
        order = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        assert len(order) < LONGEST_ORDER
        with open(os.devnull, "r+b", buffering=0) as nothing, self._one_at_a_time:
            files = [nothing if stream == subprocess.DEVNULL else stream for stream in streams]
            handles = [each if isinstance(each, int) else each.fileno() for each in files]
            socket.send_fds(self._line, [order], [*handles, told])
            os.close(told)
            pid = int(self._line.recv(32))
        return Program(arguments, pid, ending)


@cache
def _launcher(_pid: int) -> _Launcher:
    return _Launcher()


class _Order(NamedTuple):
    """What a copy is to become."""

    arguments: list[str]
    cwd: str
    env: dict[str, str]

    def follow(self, handles: Sequence[int]) -> None:
        """Become it, and return when it is over."""
        for standard, handle in enumerate(handles[:3]):
            os.dup2(handle, standard)
        os.closerange(3, 1 << 16)
        os.setsid()
        signal.signal(signal.SIGUSR2, _say_where)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which `nohup` and shells' background jobs ignore
        os.chdir(self.cwd)
        os.environ.clear()
        os.environ.update(self.env)
        _open_standard_streams(unbuffered=bool(self.env.get("PYTHONUNBUFFERED")))
        sys.path[1:1] = filter(None, self.env.get("PYTHONPATH", "").split(os.pathsep))
        match self.arguments:
            case ["-m", module, *_]:
                sys.argv = self.arguments[1:]
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            case ["-c", code, *_]:
                sys.argv = ["-c", *self.arguments[2:]]
                exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 (it is what -c says)
            case [file, *_]:
                sys.argv = self.arguments
                runpy.run_path(file, run_name="__main__")


def _open_standard_streams(*, unbuffered: bool) -> None:
    """Do what the interpreter does at its start."""
    at = sys.stdout.encoding
    sys.stdin = open(0, encoding=at, closefd=False)  # noqa: SIM115 (they stay open)
    for number, name, errors in ((1, "stdout", "strict"), (2, "stderr", "backslashreplace")):
        raw = open(number, "wb", buffering=0, closefd=False)  # noqa: SIM115 (likewise)
        by_line = number == 2 or os.isatty(number)
        buffer = raw if unbuffered else io.BufferedWriter(raw)
        stream = io.TextIOWrapper(buffer, at, errors, line_buffering=by_line, write_through=unbuffered)
        setattr(sys, name, stream)


def _say_where(_number: int, _frame: Any) -> None:
    """Tell where each thread and each task is: for a program that does not end as it should."""
    faulthandler.dump_traceback()
    for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]  # of all loops, whichever runs
        task.print_stack(file=sys.stderr)


def serve(line: int) -> tuple[_Order, list[int]] | None:
    """Make a copy for each order that comes; return in each copy what it is to do, and None when nobody is left to order."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    running: dict[int, tuple[int, int]] = {}  # by a handle that tells of the end: the process, and where to tell it
    while True:
        for ready, _event in poll.poll():
            if ready in running:
                poll.unregister(ready)
                os.close(ready)
                _tell_end(*running.pop(ready))
                continue
            content, handles = _receive(line)
            if not content:
                return None
            order = _Order(**json.loads(content))
            if not (pid := os.fork()):
                return order, handles
            *streams, told = handles
            for handle in streams:
                os.close(handle)
            ending = os.pidfd_open(pid)
            running[ending] = pid, told
            poll.register(ending, select.POLLIN)
            os.write(line, str(pid).encode())


def _tell_end(pid: int, told: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(told, code.to_bytes(4, signed=True))
    os.close(told)


def _receive(line: int) -> tuple[bytes, list[int]]:
    """`socket.recv_fds` for a handle: a socket object would close it once more in each copy."""
    end = socket.socket(fileno=line)
    try:
        content, handles, _flags, _address = socket.recv_fds(end, LONGEST_ORDER, 4)
        return content, handles
    finally:
        end.detach()


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    if wanted := serve(int(sys.argv[1])):
        order, handles = wanted
        order.follow(handles)
