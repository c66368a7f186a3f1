"""`manage.py up`: run the whole product, or one part of a node."""

import os
import signal
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from project import boot, server
from project.core import logs
from project.worker import Background

log = structlog.get_logger(__name__)
PARTS = ("web", "worker", "beat")


class Command(BaseCommand):
    help = (
        "Runs Gatehouse: pages, API, WebSockets, worker and scheduler in one process. "
        "--only and --workers run the parts of a node, where broker and channel layer are real servers."
    )
    requires_system_checks: Any = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help=f"address to listen on ({settings.HOST})")
        parser.add_argument("--port", type=_port, default=settings.PORT, help=f"port; 0: a free one ({settings.PORT})")
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=None,
            help="load demo data into an empty database (default: outside prod and test)",
        )
        parser.add_argument("--only", choices=PARTS, help="run one part of a node")
        parser.add_argument("--workers", type=_count, default=1, help="web processes on one port")
        parser.add_argument("--child", action="store_true", help="internal: one of several --workers")

    def handle(self, **options: Any) -> None:
        only, workers = options["only"], options["workers"]
        self._refuse_what_cannot_work(options)
        try:
            if options["child"]:
                self._serve(options, Background(worker=False, scheduler=False), announce=lambda: None)
            elif only in {"worker", "beat"}:
                self._prepare(options)
                self._work(Background(worker=only == "worker", scheduler=only == "beat"), only)
            elif workers > 1:
                self._supervise(options)
            else:
                self._everything(options)
        except (server.PortTaken, boot.NoDatabase) as problem:
            raise CommandError(str(problem)) from problem
        logs.flush()
        # a thread that outlived its deadline must not keep the process: its work is a row, and will be taken again
        os._exit(0)

    def _refuse_what_cannot_work(self, options: dict[str, Any]) -> None:
        demo = options["demo"]
        if demo and settings.ENVIRONMENT == "prod":
            raise CommandError("Demo data is never loaded in prod.")
        if (options["only"] or options["workers"] > 1) and settings.EMBEDDED_BROKER:
            raise CommandError(
                "Parts of a node find each other through a broker: set REDIS_URL (or CELERY_BROKER_URL and"
                " CHANNEL_LAYER_URL), or run everything in one process without --only and --workers."
            )
        if options["workers"] > 1 and options["only"] in {"worker", "beat"}:
            raise CommandError("--workers counts web processes; it goes with --only web or alone.")

    # --- one process ---------------------------------------------------------------------------------------------

    def _everything(self, options: dict[str, Any]) -> None:
        background = options["only"] is None
        listener = server.bind(options["host"], options["port"])
        ready = self._prepare(options)
        self._serve(
            options,
            Background(worker=background, scheduler=background),
            announce=lambda: self._announce(listener.getsockname(), ready),
            listener=listener,
        )

    def _serve(self, options: dict[str, Any], background: Background, *, announce: Any, listener: Any = None) -> None:
        listener = listener or server.bind(options["host"], options["port"], shared=True)

        def started() -> None:
            background.start()
            announce()

        server.run(listener, started=started, stopping=background.stop)
        background.join(settings.SHUTDOWN_SECONDS)

    def _work(self, background: Background, name: str) -> None:
        stop = threading.Event()
        for one in server.SIGNALS:
            signal.signal(one, lambda *_: stop.set())
        background.start()
        self._say(f"{name} ready")
        stop.wait()
        background.stop()
        background.join(settings.SHUTDOWN_SECONDS)

    # --- several web processes on one port --------------------------------------------------------------------------

    def _supervise(self, options: dict[str, Any]) -> None:
        stop = threading.Event()
        for one in server.SIGNALS:
            signal.signal(one, lambda *_: stop.set())
        # bound but never listening: it keeps the port ours while children come and go
        anchor = server.bind(options["host"], options["port"], shared=True)
        host, port = anchor.getsockname()[:2]
        ready = self._prepare(options)
        background = Background() if options["only"] is None else Background(worker=False, scheduler=False)
        background.start()
        children = [self._child(host, port) for _ in range(options["workers"])]
        announced = False
        while not stop.wait(0.1):
            if not announced and (announced := server.answers(host, port)):
                self._announce(anchor.getsockname(), ready)
            for index, child in enumerate(children):
                if child.poll() is not None:
                    log.error("web_process_ended", pid=child.pid, code=child.returncode)
                    time.sleep(1)  # one that dies at once must not spin
                    children[index] = self._child(host, port)
        background.stop()
        for child in children:
            child.terminate()
        for child in children:
            self._reap(child)
        background.join(settings.SHUTDOWN_SECONDS)
        anchor.close()

    def _child(self, host: str, port: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, sys.argv[0], "up", "--only", "web", "--child", "--host", host, "--port", str(port)]
        return subprocess.Popen(command)  # noqa: S603 (our own command, no shell)

    def _reap(self, child: "subprocess.Popen[bytes]") -> None:
        try:
            child.wait(settings.SHUTDOWN_SECONDS + 3)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    # --- words for the operator -------------------------------------------------------------------------------------

    def _prepare(self, options: dict[str, Any]) -> boot.Ready:
        demo = options["demo"]
        with_demo = settings.ENVIRONMENT in {"debug", "dev"} if demo is None else demo
        return boot.prepare(with_demo=with_demo, say=self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()

    def _announce(self, address: tuple[Any, ...], ready: boot.Ready) -> None:
        host, port = address[:2]
        name = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.TLS_CERT_FILE else "http"
        password = ready.password or "the password you set"
        shown_once = "  (shown only now; lost it? manage.py rescue password)" if ready.password else ""
        lines = [
            "",
            f"  {self.style.SUCCESS('Gatehouse is ready')}",
            f"  Open      {scheme}://{name}:{port}",
            f"  Sign in   {ready.administrator} / {password}{shown_once}",
            *(f"  Demo      {one.username} / {one.password}  ({one.what})" for one in ready.demo_people),
            f"  Data      {settings.HOME}",
            "  Stop      Ctrl-C",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _port(given: str) -> int:
    if not given.isascii() or not given.isdigit() or int(given) > 65_535:
        raise ArgumentTypeError(f"{given!r} is not a port: a whole number from 0 to 65535, for example 8000")
    return int(given)


def _count(given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 64:
        raise ArgumentTypeError(f"{given!r} is not a number of processes: from 1 to 64, for example 2")
    return int(given)
