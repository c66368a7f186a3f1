"""When nobody can get in any more: for an operator at the shell."""

import argparse
import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import errors, services, sessions
from accounts.models import LoginSession, User
from project.core import audit

Reason = LoginSession.Reason


class Command(BaseCommand):
    """`rescue password|unlock|second-factor|sessions|addresses`."""

    help = (
        "First password lost, administrator locked out, phone with the codes lost, every session to be ended, "
        "locked out by an address rule. Everything is audited."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, parser_class=argparse.ArgumentParser)
        password = actions.add_parser("password", help="set a new password, asked for or read from standard input")
        password.add_argument("user")
        unlock = actions.add_parser("unlock", help="forget failed sign-ins; also makes a disabled account active again")
        unlock.add_argument("user")
        factor = actions.add_parser("second-factor", help="remove a second factor, with its recovery codes")
        factor.add_argument("user")
        ending = actions.add_parser("sessions", help="end all sessions of a person, or of everybody")
        who = ending.add_mutually_exclusive_group(required=True)
        who.add_argument("user", nargs="?")
        who.add_argument("--all", action="store_true", dest="everybody")
        actions.add_parser("addresses", help="switch all address rules off; none is deleted")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one action."""
        getattr(self, f"do_{action.replace('-', '_')}")(**options)

    def do_password(self, *, user: str, **_options: Any) -> None:
        person = self._find(user)
        try:
            ended = services.set_password(user=person, password=self._ask())
        except ValidationError as problem:
            raise CommandError("\n".join(problem.messages)) from problem
        audit.record("rescue.password", person)
        self.stdout.write(f"{person.username} has a new password; {ended} session(s) ended.")

    def do_unlock(self, *, user: str, **_options: Any) -> None:
        person = self._find(user)
        services.unlock_user(user=person, by=None)
        was_disabled = not person.is_active
        if was_disabled:
            services.activate_user(user=person, by=None)
        audit.record("rescue.unlock", person, was_disabled=was_disabled)
        self.stdout.write(f"{person.username} may sign in again{' and is active' if was_disabled else ''}.")

    def do_second_factor(self, *, user: str, **_options: Any) -> None:
        person = self._find(user)
        try:
            services.remove_second_factor(user=person, by=None)
        except errors.NoSecondFactor as problem:
            raise CommandError(f"{person.username} has no second factor.") from problem
        audit.record("rescue.second_factor", person)
        self.stdout.write(f"The second factor of {person.username} is removed: the password alone lets them in.")

    def do_sessions(self, *, user: str | None, everybody: bool, **_options: Any) -> None:
        if everybody:
            done = services.end_everybodys_sessions(by=None, reason="rescue")
            ended, people = done.sessions, done.people
        else:
            person = self._find(user or "")
            ended, people = sessions.end_all(person, reason=Reason.REVOKED), 1
        audit.record("rescue.sessions", None if everybody else person, everybody=everybody, ended=ended)
        self.stdout.write(f"{ended} session(s) of {people} person(s) ended.")

    def do_addresses(self, **_options: Any) -> None:
        number = services.switch_off_address_rules()
        audit.record("rescue.addresses", switched_off=number)
        self.stdout.write(f"{number} address rule(s) switched off: everybody may sign in from everywhere.")

    def _find(self, username: str) -> User:
        person = User.objects.filter(username=username).first()
        if person is None:
            administrators = User.objects.filter(is_superuser=True).values_list("username", flat=True)[:10]
            raise CommandError(f"There is no user {username!r}. Administrators: {', '.join(administrators) or 'none'}.")
        return person

    def _ask(self) -> str:
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("New password: ")
        if password != getpass.getpass("Once more: "):
            raise CommandError("The two are not the same: nothing was changed.")
        return password
