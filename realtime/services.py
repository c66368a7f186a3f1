"""What staff send, and to whom; what they see of people; and messages that could not be delivered."""

import uuid
from collections.abc import Iterable
from typing import Any, TypedDict

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.errors import Conflict, InvalidParameters, NotFound
from realtime import gateway, letters, storage
from realtime.core.connection import ConnectionInfo
from realtime.letters import Audience, Letter
from realtime.models import DeadLetter
from realtime.queue import seen


def people_seen(by: Any, user_ids: Iterable[int]) -> set[int]:
    """Return those of `user_ids` (0: guests) that `by` may see, as GATEWAY_PEOPLE_SEEN says."""
    if not settings.GATEWAY_PEOPLE_SEEN:
        return set(user_ids)
    seen: set[int] = import_string(settings.GATEWAY_PEOPLE_SEEN)(by, set(user_ids))
    return seen


def connections(*, by: Any, user: int | None = None, group: str | None = None) -> list[ConnectionInfo]:
    """The open sockets, on all nodes, of people whom `by` may see.

    :raises GatewayUnreachable: when this process cannot reach the nodes.
    """
    found = gateway.connections(user, group)
    seen = people_seen(by, (one["user_id"] for one in found))
    return [one for one in found if one["user_id"] in seen]


class Sent(TypedDict, total=False):
    """What became of a message. All but the id only where there is something to say."""

    id: str
    duplicate: bool
    delivered: int
    nodes: dict[str, int]
    silent: list[str]


def send(*, letter: Letter, by: Any, receipt: bool = False) -> Sent:
    """Push a message and return its id, which the audit trail knows.

    :param receipt: wait for the nodes to tell how many connections got it.
    :raises InvalidParameters: when it is for others than the people whom `by` may see, or has run out.
    :raises TooLarge: when no connection could hold it.
    :raises GatewayUnreachable: when this process cannot reach the browsers.
    """
    if letter.has_run_out:
        raise InvalidParameters(fields={"expires_at": [letters.RUN_OUT]})
    ensure_in_sight(letter.to, by)
    letter.ensure_it_fits()
    message_id = letter.id or uuid.uuid4().hex
    known = {f"{by.pk}/{letter.id}"} if letter.id else set()  # nobody uses up an id that another may send
    if seen.among(known):
        return {"id": message_id, "duplicate": True}
    got = letters.deliver(letter, receipt=receipt)
    seen.note(known)
    audit.record("realtime.message_sent", actor=by, message_id=message_id, to=dict(letter.to), topic=letter.topic)
    if not receipt:
        return {"id": message_id}
    return {"id": message_id, "delivered": got.delivered, "nodes": got.nodes, "silent": got.silent}


EVERYBODY = 0
"""Among people: guests, and whoever may be in a group. Only who sees all people sees them."""


def ensure_in_sight(to: Audience, by: Any) -> None:
    """Pass silently when `by` may see all whom a message is for.

    :raises InvalidParameters: when not.
    """
    match to:
        case {"user": int(user)}:
            meant = {user}
        case {"users": list(users)}:
            meant = set(users)
        case {"connection": str(connection)}:
            if EVERYBODY in people_seen(by, [EVERYBODY]) or any(one["id"] == connection for one in connections(by=by)):
                return
            raise InvalidParameters(fields={"to": [_("There is no such connection of people you reach.")]})
        case _:
            meant = {EVERYBODY}
    if meant - people_seen(by, meant):
        text = _("You reach some people only: send to them, by “user”, “users” or “connection”.")
        raise InvalidParameters(fields={"to": [text]})


def kept_settings(*, user_id: int, by: Any) -> dict[str, str]:
    """What the next connection of a user begins with; nothing where nothing is kept.

    :raises NotFound: when `by` may not see the user.
    """
    _ensure_seen(user_id, by)
    kept = storage.of_the_house()
    return dict(async_to_sync(kept.query)(user_id)) if kept else {}


def forget_settings(*, user_id: int, by: Any) -> None:
    """Forget what is kept for a user's next connection; open ones keep what they have.

    :raises NotFound: when `by` may not see the user.
    """
    _ensure_seen(user_id, by)
    if kept := storage.of_the_house():
        async_to_sync(kept.delete)(user_id)
        user = get_user_model()._default_manager.filter(pk=user_id).first()
        audit.record("realtime.settings_forgotten", user, actor=by, user_id=user_id)


def _ensure_seen(user_id: int, by: Any) -> None:
    if user_id not in people_seen(by, [user_id]):
        raise NotFound


def dead_letters(*, by: Any) -> QuerySet[DeadLetter]:
    """The messages that could not be delivered: for who sees everybody, as nobody knows whom they are about."""
    everything: QuerySet[DeadLetter] = DeadLetter.objects.select_related("settled_by")
    return everything if EVERYBODY in people_seen(by, [EVERYBODY]) else everything.none()


def deliver_again(*, letter: DeadLetter, by: Any) -> int:
    """Deliver a dead letter now, also one that had run out; return how many connections got it.

    :raises Conflict: when somebody has dealt with it, or only its beginning was kept.
    :raises InvalidParameters, TooLarge: when it still cannot be delivered.
    :raises GatewayUnreachable: when this process cannot reach the browsers.
    """
    if letter.is_cut:
        raise Conflict(_("Only the beginning of this message was kept, as it was too large."))
    content = letters.opened(letter.body.encode())
    ensure_in_sight(content.to, by)
    _settle(letter, DeadLetter.State.DELIVERED, by)
    try:
        receipt = letters.deliver(content, receipt=True)
    except Exception:
        _reopen(letter)
        raise
    about: dict[str, Any] = {"message_id": letter.message_id, "to": dict(content.to), "topic": content.topic}
    audit.record("dead_letter.delivered", letter, actor=by, delivered=receipt.delivered, **about)
    return int(receipt.delivered)


def discard(*, letter: DeadLetter, by: Any, reason: str = "") -> None:
    """Decide that a dead letter is not wanted; its row stays until it is purged.

    :raises Conflict: when somebody has dealt with it.
    """
    _settle(letter, DeadLetter.State.DISCARDED, by)
    audit.record("dead_letter.discarded", letter, actor=by, reason=reason, message_id=letter.message_id)


def _settle(letter: DeadLetter, state: DeadLetter.State, by: Any) -> None:
    """One of two who decide at once decides."""
    now = timezone.now()
    waiting = DeadLetter.objects.filter(pk=letter.pk, state=DeadLetter.State.WAITING)
    if not waiting.update(state=state, settled_at=now, settled_by_id=by.pk):
        raise Conflict(_("Somebody has dealt with this message already."))
    letter.refresh_from_db()


def _reopen(letter: DeadLetter) -> None:
    DeadLetter.objects.filter(pk=letter.pk).update(state=DeadLetter.State.WAITING, settled_at=None, settled_by=None)
