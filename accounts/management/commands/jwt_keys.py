"""Signing keys, for operators."""

import argparse
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import keys, services
from accounts.keys import times
from project.core.errors import GatehouseError


class Command(BaseCommand):
    """`jwt_keys list|rotate|generate|promote|retire|check`."""

    help = (
        "Keys that sign access tokens. `rotate` makes the next one, which takes over by itself as soon as every node and "
        "verifier has read its public part; the key before it retires. Step by step: `generate`, wait, `promote`."
    )
    # `check` is what tells what is wrong: it must be able to run then
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, parser_class=argparse.ArgumentParser)
        actions.add_parser("list", help="show all keys and what each is for")
        rotate = actions.add_parser("rotate", help="let the next key sign, made now if none waits, once it is known")
        rotate.add_argument("--algorithm", choices=keys.ALGORITHMS, help="default: JWT_ALGORITHM")
        rotate.add_argument("--force", action="store_true", help="at once, although verifiers may not know it yet")
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
        except (GatehouseError, ImproperlyConfigured) as problem:
            raise CommandError(str(problem)) from problem

    def do_list(self, **_options: Any) -> None:
        for key in self._load():
            since = f", retired {key.retired_at:%Y-%m-%d %H:%M}" if key.retired_at else ""
            due = f", takes over at {timezone.localtime(key.promote_at):%H:%M}" if key.promote_at else ""
            days = (timezone.now() - times.signs_since(key)).days
            age = f" for {days} days" if key.state is keys.State.CURRENT else ""
            self.stdout.write(f"{key.kid}  {key.algorithm:6} {key.state}{age}{since}{due}")

    def do_rotate(self, *, algorithm: str | None, force: bool, **_options: Any) -> None:
        key = services.rotate_keys(by=None, force=force, algorithm=algorithm or "")
        if key.promote_at:
            self.stdout.write(f"{key.kid}  takes over by itself at {timezone.localtime(key.promote_at):%H:%M}")
        else:
            self.stdout.write(f"{key.kid}  signs from now on; running servers follow within {keys.RELOAD_SECONDS} s")

    def do_generate(self, *, algorithm: str | None, promote: bool, **_options: Any) -> None:
        key = services.generate_key(by=None, algorithm=algorithm or "")
        self.stdout.write(f"{key.kid}  {key.algorithm}  made")
        if promote:
            self.do_promote(kid=key.kid)

    def do_promote(self, *, kid: str | None, **_options: Any) -> None:
        key = services.promote_key(by=None, kid=kid or "")
        self.stdout.write(f"{key.kid}  signs from now on; running servers follow within {keys.RELOAD_SECONDS} s")

    def do_retire(self, *, kid: str, stolen: bool, **_options: Any) -> None:
        successor = services.retire_key(by=None, kid=kid, stolen=stolen)
        if successor:
            self.stdout.write(f"{successor.kid}  signs instead")
        followed = f"refused from now on; running servers follow within {keys.RELOAD_SECONDS} s"
        self.stdout.write(f"{kid}  {followed if stolen else 'retired; its last tokens run out'}")

    def do_check(self, **_options: Any) -> None:
        if found := keys.problems():
            raise CommandError("\n".join(found))
        doubts = keys.doubts()
        for doubt in doubts:
            self.stdout.write(self.style.WARNING(doubt))
        if not doubts:
            self.stdout.write("The signing keys are in order.")

    def _load(self) -> list[keys.Key]:
        if found := keys.problems():
            self.stderr.write("\n".join(found))
        return keys.store().load() if not (found and settings.JWT_KEYS_DIR) else []
