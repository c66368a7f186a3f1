"""Signing keys, for operators."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import keys
from accounts.errors import KeyProblem
from project.core import audit


class Command(BaseCommand):
    """`jwt_keys list|generate|promote|retire|check`."""

    help = (
        "Keys that sign access tokens. To rotate: `generate`, wait ten minutes so that every node and verifier has "
        "read the new public part, then `promote` it; the key before it retires by itself."
    )
    # `check` is what tells what is wrong: it must be able to run then
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, parser_class=argparse.ArgumentParser)
        actions.add_parser("list", help="show all keys and what each is for")
        generate = actions.add_parser("generate", help="make a key that waits for its promotion")
        generate.add_argument("--algorithm", choices=keys.ALGORITHMS, help="default: JWT_ALGORITHM")
        generate.add_argument("--promote", action="store_true", help="let it sign at once")
        promote = actions.add_parser("promote", help="let a key sign from now on; the one before it retires")
        promote.add_argument("kid", nargs="?", help="default: the newest key that waits")
        retire = actions.add_parser("retire", help="stop using a key; its last tokens run out")
        retire.add_argument("kid")
        retire.add_argument("--stolen", action="store_true", help="refuse its tokens from now on")
        actions.add_parser("check", help="say what is wrong and what to do; exit code 1 if anything is")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one action."""
        try:
            getattr(self, f"do_{action}")(**options)
        except KeyProblem as problem:
            raise CommandError(str(problem)) from problem

    def do_list(self, **_options: Any) -> None:
        for key in self._load():
            since = f", retired {key.retired_at:%Y-%m-%d %H:%M}" if key.retired_at else ""
            self.stdout.write(f"{key.kid}  {key.algorithm:6} {key.state}{since}")

    def do_generate(self, *, algorithm: str | None, promote: bool, **_options: Any) -> None:
        key = keys.store().add(algorithm or settings.JWT_ALGORITHM)
        audit.record("signing_key.generated", kid=key.kid, algorithm=key.algorithm)
        self.stdout.write(f"{key.kid}  {key.algorithm}  made")
        if promote:
            self.do_promote(kid=key.kid)

    def do_promote(self, *, kid: str | None, **_options: Any) -> None:
        kid = kid or self._newest_waiting()
        keys.store().promote(kid)
        audit.record("signing_key.promoted", kid=kid)
        self.stdout.write(f"{kid}  signs from now on; running servers follow within {keys.RELOAD_SECONDS} s")

    def do_retire(self, *, kid: str, stolen: bool, **_options: Any) -> None:
        if stolen:
            keys.store().distrust(kid)
            said = f"refused from now on; running servers follow within {keys.RELOAD_SECONDS} s"
        else:
            keys.store().retire(kid)
            said = "retired; its last tokens run out"
        audit.record("signing_key.retired", kid=kid, stolen=stolen)
        self.stdout.write(f"{kid}  {said}")

    def do_check(self, **_options: Any) -> None:
        if found := keys.problems():
            raise CommandError("\n".join(found))
        self.stdout.write("The signing keys are in order.")

    def _newest_waiting(self) -> str:
        waiting = [key.kid for key in self._load() if key.state is keys.State.NEXT]
        if not waiting:
            raise CommandError("No key waits: make one with `jwt_keys generate`.")
        return waiting[-1]

    def _load(self) -> list[keys.Key]:
        if found := keys.problems():
            self.stderr.write("\n".join(found))
        return keys.store().load() if not (found and settings.JWT_KEYS_DIR) else []
