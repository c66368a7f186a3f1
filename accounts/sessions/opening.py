"""How sessions begin, and how only one of them stays."""

import hashlib
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import devices, errors, standing
from accounts.models import LoginSession, User
from accounts.sessions import ending, several

Reason = LoginSession.Reason


@transaction.atomic
def open(  # noqa: A001 (reads as sessions.open)
    *,
    user: User,
    scope: str,
    device: str = "",
    ip: str = "",
    user_agent: str = "",
    kind: str = LoginSession.Kind.JWT,
    django_key: str = "",
    instead_of: str = "",
) -> LoginSession:
    """Sign `user` in. Unless MULTI_LOGIN is on, this ends their other sessions of the same scope.

    :param instead_of: see `several.make_room`.
    :raises BadCredentials: when the account was disabled or deleted meanwhile.
    :raises TooManyDevices: when they are signed in with as many devices of the kind as they may.
    """
    person = User.objects.get_queryset().select_for_update().filter(pk=user.pk, is_active=True).first()
    if person is None:
        raise errors.BadCredentials
    origin = devices.seen_from(ip, user_agent)
    before = LoginSession.objects.unended().filter(user=person, scope=scope)
    if settings.MULTI_LOGIN:
        displaced = several.make_room(person, scope=scope, device_kind=origin["device_kind"], instead_of=instead_of)
        before.update(exclusive=False, live_key=None)
    else:
        displaced = ending.close(before, Reason.DISPLACED)
    now = timezone.now()
    absolute = now + timedelta(seconds=settings.SESSION_ABSOLUTE_EXPIRES)
    session = LoginSession.objects.create(
        user=person,
        scope=scope,
        kind=kind,
        device=device[:100],
        **origin,
        django_key_hash=key_hash(django_key) if django_key else "",
        rotated_at=now,
        renewed_at=now,
        last_seen_at=now,
        created_at=now,
        expires_at=min(now + timedelta(seconds=settings.SESSION_EXPIRES), absolute),
        absolute_expires_at=absolute,
        auth_epoch=person.auth_epoch,
        exclusive=not settings.MULTI_LOGIN,
        live_key=None if settings.MULTI_LOGIN else _live_key(person.pk, scope),
    )
    LoginSession.objects.filter(pk__in=[old.pk for old in displaced]).update(replaced_by=session)
    User.objects.filter(pk=person.pk).update(last_login=now)
    return session


def was_one_of_several(session: LoginSession) -> bool:
    """Tell whether it was opened while MULTI_LOGIN was on, and that is off now."""
    return not session.exclusive and not settings.MULTI_LOGIN


@transaction.atomic
def keep_newest(session: LoginSession) -> None:
    """Of the person's sessions of this scope, leave the newest."""
    person = User.objects.get_queryset().select_for_update().get(pk=session.user_id)
    live = LoginSession.objects.unended().filter(user=person, scope=session.scope)
    newest = live.order_by("-created_at", "-pk").first()
    if newest is None:
        return
    displaced = ending.close(live.exclude(pk=newest.pk), Reason.DISPLACED)
    LoginSession.objects.filter(pk__in=[old.pk for old in displaced]).update(replaced_by=newest)
    live.filter(pk=newest.pk).update(exclusive=True, live_key=_live_key(person.pk, session.scope))
    transaction.on_commit(partial(standing.forget, newest.sid))


def state_of(sid: str) -> standing.Standing | None:
    """Return the session with its person, and why it is over; None when there never was one.

    :raises Unreachable: when neither cache nor database can be asked.
    """
    found = standing.of(sid)
    if found is None or found.reason or not was_one_of_several(found.session):
        return found
    keep_newest(found.session)
    return standing.of(sid)


async def known(sid: str) -> standing.Standing | None:
    """`state_of` a session that goes on, for the event loop; see `standing.known`."""
    found = await standing.known(sid)
    return None if found is None or was_one_of_several(found.session) else found


def key_hash(django_key: str) -> str:
    """What is kept of a Django session's key; the key itself would let its reader in."""
    return hashlib.sha256(django_key.encode()).hexdigest()


def _live_key(user_id: int, scope: str) -> str:
    return f"{user_id}:{scope}"
