"""`manage.py up`: run the whole product, or one part of a node."""

import os
import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.addresses import hits
from project import boot, checks, server
from project.core import logs
from project.env import EX_CONFIG, BadEnvironment
from project.siblings import Siblings
from project.worker import Background, Crew

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
                self._be_a_sibling(options)
            elif only == "worker":
                self._work(self._prepare(options))
            elif only == "beat":
                self._schedule(self._prepare(options))
            elif workers > 1:
                self._supervise(options)
            else:
                self._everything(options)
        except (server.PortTaken, boot.NoDatabase) as problem:
            raise CommandError(str(problem)) from problem
        except (boot.UnusableKeys, boot.NotForProduction) as problem:
            raise CommandError(str(problem), returncode=EX_CONFIG) from problem
        hits.finish()
        logs.flush()
        # a thread that outlived its deadline must not keep the process: its work is a row, and will be taken again
        os._exit(0)

    def _refuse_what_cannot_work(self, options: dict[str, Any]) -> None:
        demo = options["demo"]
        if demo and settings.ENVIRONMENT == "prod":
            raise CommandError("Demo data is never loaded in prod.")
        if options["workers"] > 1 and options["only"] in {"worker", "beat"}:
            raise CommandError("--workers counts web processes; it goes with --only web or alone.")
        try:
            if options["only"] or options["workers"] > 1:
                checks.ensure_shared()
            if not options["child"]:
                checks.ensure_can_start()
        except BadEnvironment as problem:
            raise CommandError(str(problem), returncode=EX_CONFIG) from problem

    # --- one process ---------------------------------------------------------------------------------------------

    def _everything(self, options: dict[str, Any]) -> None:
        listener = server.bind(options["host"], options["port"])
        if settings.PUBLIC_URL_IS_GUESSED:
            # links in mails lead to where this process is, whatever port it was given
            settings.PUBLIC_URL = settings.PUBLIC_URL.rpartition(":")[0] + f":{listener.getsockname()[1]}"
        ready = self._prepare(options)
        alone = options["only"] is None
        background = Background(worker=alone, scheduler=alone)

        def started() -> None:
            background.start()
            self._announce(listener.getsockname(), ready)

        server.run(listener, started=started, stopping=background.stop)
        background.join(settings.SHUTDOWN_SECONDS)

    def _work(self, ready: boot.Ready) -> None:
        crew = Crew(ready=lambda: self._announce_part("worker", ready))
        for one in server.SIGNALS:
            signal.signal(one, lambda *_: crew.stop())
        if not crew.run():
            raise CommandError("The worker ended though nobody told it to; the log says why.")

    def _schedule(self, ready: boot.Ready) -> None:
        stop = _on_signal()
        background = Background(worker=False)
        background.start()
        self._announce_part("beat", ready)
        stop.wait()
        background.stop()
        background.join(settings.SHUTDOWN_SECONDS)

    # --- several web processes on one port --------------------------------------------------------------------------

    def _supervise(self, options: dict[str, Any]) -> None:
        stop = _on_signal()
        logs.tell_processes_apart()
        # sharing is for our own processes: nobody else may listen there, not even another of these
        server.bind(options["host"], options["port"]).close()
        # bound but never listening: it keeps the port ours while processes come and go
        anchor = server.bind(options["host"], options["port"], shared=True)
        host, port = anchor.getsockname()[:2]
        ready = self._prepare(options)
        background = Background() if options["only"] is None else Background(worker=False, scheduler=False)
        background.start()
        with Siblings(host, port, options["workers"]) as siblings:
            announced = False
            while not stop.wait(0.1):
                if not announced and (announced := server.answers(host, port)):
                    self._announce(anchor.getsockname(), ready)
                if siblings.replace_the_dead():
                    stop.wait(1)  # those that die at once must not spin
            background.stop()
        background.join(settings.SHUTDOWN_SECONDS)
        anchor.close()

    def _be_a_sibling(self, options: dict[str, Any]) -> None:
        logs.tell_processes_apart()
        listener = server.bind(options["host"], options["port"], shared=True)
        server.run(listener, started=lambda: None, lifeline=sys.stdin.fileno())

    # --- words for the operator -------------------------------------------------------------------------------------

    def _prepare(self, options: dict[str, Any]) -> boot.Ready:
        demo = options["demo"]
        with_demo = settings.ENVIRONMENT in {"debug", "dev"} if demo is None else demo
        return boot.prepare(with_demo=with_demo, say=self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()

    def _announce_part(self, name: str, ready: boot.Ready) -> None:
        if ready.password:
            self._say(_sign_in(ready))
        self._say(f"{name} ready")

    def _announce(self, address: tuple[Any, ...], ready: boot.Ready) -> None:
        host, port = address[:2]
        name = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.TLS_CERT_FILE else "http"
        lines = [
            "",
            f"  {self.style.SUCCESS('Gatehouse is ready')}",
            f"  Open      {scheme}://{name}:{port}",
            f"  {_sign_in(ready)}",
            *(f"  Demo      {one.username} / {one.password}  ({one.what})" for one in ready.demo_people),
            f"  Data      {settings.HOME}",
            "  Stop      Ctrl-C",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _sign_in(ready: boot.Ready) -> str:
    if not ready.password:
        return f"Sign in   {ready.administrator} / the password you set, or were shown at the first start"
    return f"Sign in   {ready.administrator} / {ready.password}  (shown only now; lost it? manage.py rescue password)"


def _on_signal() -> threading.Event:
    stop = threading.Event()
    for one in server.SIGNALS:
        signal.signal(one, lambda *_: stop.set())
    return stop


def _port(given: str) -> int:
    if not given.isascii() or not given.isdigit() or int(given) > 65_535:
        raise ArgumentTypeError(f"{given!r} is not a port: a whole number from 0 to 65535, for example 8000")
    return int(given)


def _count(given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 64:
        raise ArgumentTypeError(f"{given!r} is not a number of processes: from 1 to 64, for example 2")
    return int(given)
