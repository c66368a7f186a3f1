"""Providers of text messages, for operators at the shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.sms import services
from integrations.sms.models import Provider


class Command(BaseCommand):
    """`sms providers|enable|disable`."""

    help = "Providers of text messages: which there are and how they are, and one switched on or off."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("providers", help="show all, in the order in which they are asked")
        for name, about in (("enable", "let a provider carry messages"), ("disable", "do not send by it any more")):
            actions.add_parser(name, help=about).add_argument("key")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run one action."""
        if action == "providers":
            self._show()
        else:
            self._switch(options["key"], enabled=action == "enable")

    def _show(self) -> None:
        for one in services.health():
            state = "on" if one.is_used else "off"
            trouble = f"  {one.provider.trouble_code} {one.provider.trouble}".rstrip()
            self.stdout.write(f"{one.provider.key:20} {one.provider.kind:10} {state:4} {one.sent_today} today{trouble}")

    def _switch(self, key: str, *, enabled: bool) -> None:
        provider = Provider.objects.filter(key=key).first()
        if provider is None:
            raise CommandError(f"There is no provider {key}: see `sms providers`.")
        services.switch_provider(provider, enabled=enabled, by=None, reason="at the shell")
        self.stdout.write(f"{key} is {'on' if enabled else 'off'}.")
