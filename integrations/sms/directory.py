"""What sending asks of providers and templates: read once for several messages, and not kept for longer than these take."""

import time
from functools import cached_property

from integrations.sms import breakers, routing
from integrations.sms.models import Message, Provider, Template, TemplateCode
from integrations.sms.providers import Client, client_of

FRESH_SECONDS = 1.0


class Directory:
    """Providers, templates and their ids there, as they are now."""

    def __init__(self, before: "Directory | None" = None) -> None:
        """`before`: an earlier one, of which the templates are taken over while they are fresh."""
        self._fresh_until = time.monotonic() + FRESH_SECONDS
        self._templates: dict[int, Template] = {}
        if before is not None and time.monotonic() < before._fresh_until:
            self._fresh_until, self._templates = before._fresh_until, before._templates
        self._clients: dict[int, Client] = {}
        self._used_up: dict[int, bool] = {}

    @cached_property
    def _providers(self) -> list[Provider]:
        return routing.providers()

    def carriers_of(self, message: Message) -> list[Provider]:
        """Those that may carry it, the first to be asked first: the one it is pinned to, or whoever carries to its country
        and has some left of today's quota."""
        if message.pinned:
            return [message.provider] if message.provider and not routing.is_plaything(message.provider) else []
        return [one for one in self._providers if one.carries(message.prefix) and not self._is_used_up(one)]

    def spent_for(self, message: Message) -> list[Provider]:
        """Those that carry to its country and have nothing left of today's quota."""
        return [one for one in self._providers if one.carries(message.prefix) and self._is_used_up(one)]

    def is_there_anybody(self) -> bool:
        """Is there a provider that is not left alone just now?"""
        return any(breakers.is_worth_a_look(one) for one in self._providers)

    def client_of(self, provider: Provider) -> Client:
        """Return what talks to this provider.

        :raises NotSent: as `providers.client_of`.
        """
        if provider.pk not in self._clients:
            self._clients[provider.pk] = client_of(provider)
        return self._clients[provider.pk]

    def template_of(self, message: Message) -> Template:
        """Return the message's template, with its texts and ids."""
        key = message.template_id
        if key not in self._templates:
            self._templates[key] = Template.objects.prefetch_related("texts", "codes").get(pk=key)
        return self._templates[key]

    def code_of(self, message: Message, provider: Provider) -> TemplateCode | None:
        """Return what the provider calls the message's template in its language."""
        codes = [one for one in self.template_of(message).codes.all() if one.provider_id == provider.pk]
        known = {one.language: one for one in codes}
        return known.get(message.language) or known.get("")

    def _is_used_up(self, provider: Provider) -> bool:
        if provider.daily_quota is None:
            return False
        if provider.pk not in self._used_up:
            self._used_up[provider.pk] = routing.is_used_up(provider)
        return self._used_up[provider.pk]
