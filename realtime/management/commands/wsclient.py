"""An interactive WebSocket client: lines of standard input go out, frames come in.

    manage.py wsclient                                      # as a guest, to this machine's server
    manage.py wsclient --user admin                         # asks for the password
    manage.py wsclient wss://office.example.com --token     # asks for an access token or an API token
    printf '{"topic":"ping","id":1}\\n' | manage.py wsclient # ends when standard input ends and the answers are in

A line is a frame as JSON, or short `topic` or `topic {…}`, or a command such as `/join public.lobby`; `/help` lists them.
Secrets are typed, or are the first line of standard input: never an argument, which other people of the machine can see.

Exit codes: 0 normal, 1 refused or not reachable, 2 wrong arguments.
"""

import asyncio
import getpass
import sys
from argparse import ArgumentParser
from contextlib import nullcontext, suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from realtime.terminal import keyboard
from realtime.terminal.account import Account, CannotSignIn, Person, api_of
from realtime.terminal.conversation import CannotConnect, Conversation, Server
from realtime.terminal.screen import NobodyReads, Pipe, Terminal
from realtime.transport.handshake import MSGPACK, SUBPROTOCOL

USAGE = 2
TICKET, TOKEN = "ticket", "token"


class Command(BaseCommand):
    """Speaks to the gateway from a terminal."""

    help = _("Open a socket to the gateway: lines of standard input go out, frames come in.")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = _own_socket()
        parser.add_argument(
            "url", nargs="?", default=default, help=_("where the socket is ({url})").format(url=default)
        )
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--user", metavar="NAME", help=_("sign in first; asks for the password"))
        way.add_argument("--token", action="store_true", help=_("ask for an access token or an API token"))
        way.add_argument("--ticket", action="store_true", help=_("ask for a one-time ticket"))
        parser.add_argument("--msgpack", action="store_true", help=_("speak MessagePack instead of JSON"))
        parser.add_argument("--json", action="store_true", help=_("show frames as lines of JSON, as in a pipe"))
        parser.add_argument("--origin", default="", help=_("the Origin to send (a native client sends none)"))
        parser.add_argument(
            "--wait",
            type=float,
            default=0.5,
            help=_("seconds to listen once the input has ended and all answers are in"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        packs = options["msgpack"]
        server = Server(_socket(options["url"]), MSGPACK if packs else SUBPROTOCOL, packs, options["origin"])
        person = sys.stdin.isatty() and sys.stdout.isatty()
        screen = (
            Pipe(sys.stdout, sys.stderr)
            if options["json"] or not sys.stdout.isatty()
            else Terminal(sys.stdout, colours=not options["no_color"], prompts=person)
        )
        try:
            account = _account(server.url, options)
        except CannotSignIn as problem:
            raise CommandError(str(problem)) from None
        try:
            with keyboard.terminal() if person else nullcontext(), suppress(KeyboardInterrupt, NobodyReads):
                code = asyncio.run(_converse(server, account, screen, person=person, wait=options["wait"]))
                if code:
                    sys.exit(code)
        except CannotConnect as problem:
            raise CommandError(_("No connection to {address}: {why}").format(address=server.url, why=problem)) from None
        finally:
            account.leave()


async def _converse(server: Server, account: Account, screen: Pipe, *, person: bool, wait: float) -> int:
    lines = keyboard.follow(keyboard.typed if person else keyboard.piped)
    return await Conversation(server, account, screen, lines, wait=wait).hold()


def _account(url: str, options: dict[str, Any]) -> Account:
    if options["user"]:
        return Person(api_of(url), options["user"], _secret)
    if options[TOKEN]:
        return Account(token=_secret(_("Token: ")))
    if options[TICKET]:
        return Account(ticket=_secret(_("Ticket: ")))
    return Account()


def _secret(question: str) -> str:
    """Ask for something that nobody may see; from a pipe it is the next line.

    :raises CannotSignIn: when there is none.
    """
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        try:
            given = getpass.getpass(question)
        except (EOFError, KeyboardInterrupt):
            sys.stderr.write("\n")  # the question still stands in this line
            given = ""
    if not given:
        raise CannotSignIn(_("Nothing was typed; without it there is no connection."))
    return given


def _own_socket() -> str:
    """Return the address of this machine's server, as its settings say."""
    everywhere = {"", "0.0.0.0", "::"}  # noqa: S104 (where it listens, not where we do)
    host = "127.0.0.1" if settings.HOST in everywhere else settings.HOST
    return f"{'wss' if settings.TLS_CERT_FILE else 'ws'}://{host}:{settings.PORT}/ws/"


def _has_good_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _socket(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"ws", "wss"} or not parts.hostname or not _has_good_port(parts):
        problem = _("{url} is no address of a socket; ws://127.0.0.1:8000/ws/ is one.").format(url=url)
        raise CommandError(problem, returncode=USAGE)
    return urlunsplit((scheme, parts.netloc, parts.path if parts.path not in {"", "/"} else "/ws/", "", ""))
