"""How machines get tokens, and lose them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import machines
from accounts.addresses import patterns
from accounts.models import ApiToken, User
from accounts.services import guards
from project.core import audit
from project.core.errors import NoPermission

MAX_ADDRESSES = 50


class NewToken(NamedTuple):
    """A token that was made, and its text, which nobody will see again."""

    token: ApiToken
    text: str


@transaction.atomic
def create_api_token(
    *,
    owner: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    allowed_addresses: Iterable[str] = (),
) -> NewToken:
    """Make a token for a machine of `owner`.

    :raises NoPermission: when they may make none, or would give it more than they may themselves.
    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_person(owner)
    if not owner.has_perm("accounts.add_apitoken"):
        raise NoPermission
    parts = machines.make()
    token = ApiToken(
        key_id=parts.key_id,
        secret_hash=machines.digest(parts),
        owner=owner,
        name=name.strip(),
        scopes=_scopes(owner, scopes),
        allowed_addresses=_patterns(allowed_addresses),
        expires_at=_expiry(expires_at),
    )
    token.full_clean(exclude=["owner", "allowed_addresses"])
    token.save()
    audit.record(
        "api_token.created",
        token,
        actor=owner,
        scopes=token.scopes,
        allowed_addresses=token.allowed_addresses,
        expires_at=token.expires_at.isoformat(),
    )
    return NewToken(token, str(parts))


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: User | None, reason: str = "") -> bool:
    """End a token and its sockets, on all nodes at once; False when it was revoked already.

    :raises NoPermission: when it is another's and `by` may not revoke those.
    :raises NotAbove: when its owner does not rank below `by`.
    """
    if by is not None and (guards.is_machine(by) or by.pk != token.owner_id):
        if not by.has_perm("accounts.revoke_apitoken"):
            raise NoPermission
        guards.ensure_above(by, token.owner)
    return revoke(token, by=by, reason=reason)


def revoke(token: ApiToken, *, by: User | None, reason: str = "") -> bool:
    """End a token in the caller's transaction, whoever acts; False when it was revoked already."""
    live = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if not live.update(revoked_at=timezone.now(), revoked_by_id=by.pk if by else None):
        return False
    token.refresh_from_db(fields=["revoked_at", "revoked_by"])
    audit.record("api_token.revoked", token, actor=by, reason=reason, person=token.owner.username)
    transaction.on_commit(partial(_tell, token))
    return True


def _tell(token: ApiToken) -> None:
    machines.bury(token.key_id)
    machines.close_sockets([token])


def _scopes(owner: User, scopes: Iterable[str]) -> list[str]:
    names = sorted(set(scopes))
    if not names:
        raise ValidationError({"scopes": _("Name at least one permission: a token without any could do nothing.")})
    named = Permission.objects.annotate(full=Concat("content_type__app_label", Value("."), "codename"))
    known = set(named.filter(full__in=names).values_list("full", flat=True))
    if unknown := sorted(set(names) - known):
        problem = _("There is no permission called {name}.").format(name=", ".join(unknown[:10]))
        raise ValidationError({"scopes": problem})
    if missing := [name for name in names if not owner.has_perm(name)]:
        raise NoPermission(_("You cannot grant what you do not have: {names}").format(names=", ".join(missing)))
    return names


def _patterns(allowed: Iterable[str]) -> list[str]:
    found: list[str] = []
    for text in filter(str.strip, allowed):
        try:
            found.append(patterns.parse(text).text)
        except ValidationError as problem:
            raise ValidationError({"allowed_addresses": problem.messages}) from problem
    if len(found) > MAX_ADDRESSES:
        raise ValidationError({"allowed_addresses": _("At most %(most)d addresses.") % {"most": MAX_ADDRESSES}})
    return list(dict.fromkeys(found))


def _expiry(expires_at: datetime) -> datetime:
    most = settings.API_TOKEN_MAX_DAYS
    # a day's grace, for whoever chooses the last day in a time zone of their own
    if not timezone.now() < expires_at <= timezone.now() + timedelta(days=most + 1):
        problem = _("A token expires in the future, and within %(days)d days.")
        raise ValidationError({"expires_at": problem % {"days": most}})
    return expires_at
