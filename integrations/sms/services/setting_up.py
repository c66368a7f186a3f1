"""Providers are set up, changed, put in order, switched on and off, and deleted."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.sms import kinds
from integrations.sms.models import Provider
from project.core import audit
from project.core.errors import InvalidParameters

BETWEEN = 10
"""Positions lie so far apart, so that one more finds room by hand."""
RESERVED = frozenset({"order"})
"""Keys that would stand where something else stands in the API."""


def write_provider(provider: Provider, *, credentials: Mapping[str, str] | None = None, by: Any) -> Provider:
    """Save a provider, new or changed.

    :param credentials: those that are given anew; the others stay, "" takes one away. None: all stay.
    :raises InvalidParameters: for what it does not know, and what its kind needs.
    :raises ValidationError: for what a field does not take.
    """
    fresh = provider.pk is None
    _ensure_good(provider)
    kept = _kept(provider, credentials or {})
    provider.full_clean()
    with transaction.atomic():
        if credentials is not None or kept.keys() != provider.masked_credentials.keys():
            provider.seal(kept)
        # whoever changed something wants to know whether that helped
        provider.trouble_code = provider.trouble = ""
        provider.trouble_at = None
        provider.save()
        given = sorted(credentials or ())
        audit.record("sms_provider.created" if fresh else "sms_provider.changed", provider, actor=by, credentials=given)
    return provider


def change_provider(
    provider: Provider, *, credentials: Mapping[str, str] | None = None, by: Any, **fields: Any
) -> Provider:
    """Set up a provider with `fields`, new or changed; what it does not name stays, what another kind wanted goes.

    :raises InvalidParameters, ValidationError: as `write_provider`.
    """
    for name, value in fields.items():
        setattr(provider, name, value)
    if "options" not in fields:
        wanted = kinds.options(provider.kind)
        provider.options = {name: value for name, value in provider.options.items() if name in wanted}
    return write_provider(provider, credentials=credentials, by=by)


def order_providers(keys: Sequence[str], *, by: Any) -> list[Provider]:
    """Put all providers in the order in which they are to be asked, and return them so.

    :raises InvalidParameters: unless each stands there once.
    """
    with transaction.atomic():
        known = {one.key: one for one in Provider.objects.select_for_update()}
        if sorted(keys) != sorted(known):
            wrong = _("Name each provider once: {keys}.").format(keys=", ".join(known) or "–")
            raise InvalidParameters(fields={"keys": [wrong]})
        for place, key in enumerate(keys, start=1):
            provider = known[key]
            if provider.position != place * BETWEEN:
                provider.position = place * BETWEEN
                provider.save(update_fields=["position"])
                audit.record("sms_provider.changed", provider, actor=by, position=provider.position)
    return [known[key] for key in keys]


def switch_provider(provider: Provider, *, enabled: bool, by: Any, reason: str = "") -> Provider:
    """Let a provider carry messages, or no longer."""
    with transaction.atomic():
        Provider.objects.filter(pk=provider.pk).update(enabled=enabled)
        provider.enabled = enabled
        event = "sms_provider.switched_on" if enabled else "sms_provider.switched_off"
        audit.record(event, provider, actor=by, reason=reason)
    return provider


def delete_provider(provider: Provider, *, by: Any) -> None:
    """Delete a provider; the messages that it carried stay."""
    with transaction.atomic():
        audit.record("sms_provider.deleted", provider, actor=by)
        provider.delete()


def _kept(provider: Provider, given: Mapping[str, str]) -> dict[str, str]:
    """The credentials that it has from now on; those of another kind than it is now go."""
    names = kinds.known(provider.kind)
    strange = sorted(given.keys() - set(names))
    if strange:
        wrong = _("This provider has none of this name. It takes: {names}.").format(names=", ".join(names))
        raise InvalidParameters(fields={"credentials": {name: [wrong] for name in strange}})
    before = provider.credentials if provider.masked_credentials else {}
    whole = {name: value.strip() for name, value in (before | dict(given)).items() if name in names and value.strip()}
    missing = [name for name in kinds.needed(provider.kind) if name not in whole]
    if missing:
        raise InvalidParameters(fields={"credentials": {name: [_("This provider needs it.")] for name in missing}})
    return whole


def _ensure_good(provider: Provider) -> None:
    wrong: dict[str, Any] = {}
    if provider.key in RESERVED:
        wrong["key"] = [_("Choose another key: this one is taken by the product itself.")]
    if not all(0 < one <= kinds.HIGHEST_PREFIX for one in provider.prefixes):
        wrong["prefixes"] = [_("Give country codes as numbers with commas: +86, +852")]
    if not all(map(_is_network, provider.receipt_addresses)):
        wrong["receipt_addresses"] = [_("Give addresses or networks, a line each: 203.0.113.0/24")]
    names = kinds.options(provider.kind)
    if provider.options.keys() - set(names):
        wrong["options"] = [_("This kind of provider takes: {names}.").format(names=", ".join(names) or "–")]
    if wrong:
        raise InvalidParameters(fields=wrong)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
