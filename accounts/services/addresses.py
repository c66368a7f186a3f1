"""How address rules change; nobody locks themselves out without saying that they know."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import pgettext

from accounts import addresses
from accounts.addresses import Place, patterns
from accounts.errors import LocksYouOut
from accounts.models import AddressRule, User
from accounts.services import guards
from project.core import audit, context

FIELDS = frozenset({"effect", "pattern", "for_admin", "for_api", "for_gateway", "comment", "is_active", "expires_at"})


@transaction.atomic
def create_address_rule(*, by: User | None, i_know: bool = False, **fields: Any) -> AddressRule:
    """Add a rule; it counts on all nodes within two seconds.

    :raises LocksYouOut: when `by` could not come in any more from where they are, and did not say `i_know`.
    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(fields, FIELDS)
    with _nobody_locked_out(by, i_know):
        rule = _filled(AddressRule(created_by=by), fields)
        rule.save()
    audit.record("address_rule.created", rule, actor=by, **_told(rule))
    _apply()
    return rule


@transaction.atomic
def update_address_rule(*, by: User | None, rule: AddressRule, i_know: bool = False, **changes: Any) -> AddressRule:
    """Change a rule.

    :raises LocksYouOut, ValidationError: see `create_address_rule`.
    """
    guards.ensure_known(changes, FIELDS)
    rule = AddressRule.objects.select_for_update().get(pk=rule.pk)
    before = _told(rule)
    with _nobody_locked_out(by, i_know):
        _filled(rule, changes).save()
    audit.record("address_rule.changed", rule, actor=by, before=before, after=_told(rule))
    _apply()
    return rule


@transaction.atomic
def delete_address_rule(*, by: User | None, rule: AddressRule, i_know: bool = False) -> None:
    """Delete a rule.

    :raises LocksYouOut: see `create_address_rule`.
    """
    audit.record("address_rule.deleted", rule, actor=by, **_told(rule))
    with _nobody_locked_out(by, i_know):
        rule.delete()
    _apply()


@transaction.atomic
def switch_off_address_rules() -> int:
    """For the operator at the shell: switch every rule off; return how many were on."""
    number = AddressRule.objects.filter(is_active=True).update(is_active=False, changed_at=timezone.now())
    _apply()
    return number


def _filled(rule: AddressRule, fields: dict[str, Any]) -> AddressRule:
    for name, value in fields.items():
        setattr(rule, name, value)
    rule.full_clean(exclude=["created_by"])
    rule.pattern = patterns.parse(rule.pattern).text
    return rule


@contextmanager
def _nobody_locked_out(by: User | None, i_know: bool) -> Iterator[None]:
    """Compare where `by` could come in before the change with where they can after it."""
    address = context.get_ip()
    if by is None or i_know or not address:
        yield
        return
    open_before = [place for place in Place if addresses.decide(place, address).passes]
    yield
    after = addresses.tables_now()
    lost = [str(place.label) for place in open_before if not addresses.decide(place, address, after).passes]
    if lost:
        raise LocksYouOut(address=address, places=pgettext("between the items of a list", ", ").join(lost))


def _apply() -> None:
    addresses.forget()
    transaction.on_commit(addresses.announce)


def _told(rule: AddressRule) -> dict[str, Any]:
    """The rule as the audit trail keeps it."""
    return {
        "rule": str(rule),
        "places": rule.places,
        "active": rule.is_active,
        "expires_at": rule.expires_at.isoformat() if rule.expires_at else None,
        "comment": rule.comment,
    }
