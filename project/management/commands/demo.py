"""manage.py demo: an invented company in an empty installation; --remove takes it out again."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from project import demo


class Command(BaseCommand):
    """Load or remove demo data."""

    help = "Fill an empty installation with an invented company of 200 people, or take it out again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="take the demo data out, and nothing else")
        parser.add_argument("--force", action="store_true", help="load although people are there already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self._remove()
        elif settings.ENVIRONMENT == "prod":
            raise CommandError(_("There is no demo data in prod."))
        else:
            self._load(force=options["force"])

    def _load(self, *, force: bool) -> None:
        if demo.is_loaded():
            raise CommandError(_("Demo data is in already; `manage.py demo --remove` takes it out."))
        try:
            accounts = demo.load(force=force)
        except demo.NotEmpty as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(_("Demo data is in. Sign in as:"))
        for one in accounts:
            self.stdout.write(f"  {one.username:<16} {one.password:<14} {one.what}")

    def _remove(self) -> None:
        gone = {label: number for label, number in demo.remove().items() if number}
        if not gone:
            self.stdout.write(_("There was no demo data."))
        for label, number in gone.items():
            self.stdout.write(f"  {number:>6} {label}")
