"""The kill switch: how the sessions of many people end at once.

In batches, each a short transaction of its own: lock its people, end their sessions by one UPDATE, void what is half done,
write one entry of the audit trail; after the commit one pipeline to the cache and one message to the nodes.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Model, Q

from accounts import scope
from accounts.models import LoginSession, User, UserQuerySet
from accounts.sessions import ending
from project.core import audit

Reason = LoginSession.Reason
T = TypeVar("T")

TRIES = 3
NAMED_AT_MOST = 500


class Ended(NamedTuple):
    """How many sessions, of how many people; and how many people who are signed in were left alone for their rank."""

    sessions: int = 0
    people: int = 0
    left_alone: int = 0

    def plus(self, sessions: int, people: int) -> Self:
        return self._replace(sessions=self.sessions + sessions, people=self.people + people)


def reach(actor: User | None, people: UserQuerySet) -> UserQuerySet:
    """Those of `people` whose sessions `actor` may end: who ranks below, and themselves. None may end everybody's."""
    if actor is None:
        return people
    return people.filter(Q(pk__in=scope.below(actor, people).values("pk")) | Q(pk=actor.pk))


def preview(actor: User | None, people: UserQuerySet, *, keep: LoginSession | None = None) -> Ended:
    """Say what `end_people` would end at this moment."""
    everything = LoginSession.objects.live()
    live = everything.exclude(pk=keep.pk) if keep else everything
    found = live.filter(user__in=reach(actor, people).values("pk"))
    counted = found.aggregate(sessions=Count("pk"), people=Count("user", distinct=True))
    return Ended(**counted, left_alone=_left_alone(actor, people))


def end_people(
    people: UserQuerySet,
    *,
    actor: User | None,
    keep: LoginSession | None = None,
    reason: str = "",
    about: Model | None = None,
    whom: str = "",
) -> Ended:
    """End every session but `keep` of those of `people` that `actor` may end, whoever signs in meanwhile.

    :param reason: what the actor says, for the audit trail.
    :param about: what the audit entry hangs on, such as a department; `whom` says who was meant.
    """
    mine = reach(actor, people)
    total = Ended(left_alone=_left_alone(actor, people))
    # all of them, not only who is signed in: somebody may be signing in at this moment
    ids = list(mine.order_by("pk").values_list("pk", flat=True).distinct())
    for some in _batches(ids):

        def end(some: Sequence[int] = some) -> tuple[int, int]:
            ending.lock({*some} | ending.pk_of(actor))
            # ranks as they are now that nobody can change them any more
            still = set(mine.filter(pk__in=some).values_list("pk", flat=True))
            rows = LoginSession.objects.unended().filter(user__in=still)
            rows = rows.exclude(pk=keep.pk) if keep else rows
            ended = ending.close(rows, Reason.REVOKED, actor, each_noted=False)
            ending.void(still, keep)
            return _noted(ended, actor, about, reason=reason, whom=whom)

        total = total.plus(*_tried(end))
    if not total.sessions:
        _note([], actor, about, reason=reason, whom=whom)
    return total


def end_these(sessions: Sequence[LoginSession], *, actor: User | None, reason: str = "") -> Ended:
    """End those of `sessions` that are not over and whose people `actor` may reach; others of these people stay."""
    chosen = User.objects.get_queryset().filter(pk__in={one.user_id for one in sessions})
    mine = reach(actor, chosen)
    total = Ended(left_alone=chosen.count() - mine.count())
    for some in _batches([one.pk for one in sessions]):

        def end(some: Sequence[int] = some) -> tuple[int, int]:
            rows = LoginSession.objects.unended().filter(pk__in=some)
            ending.lock({*rows.values_list("user", flat=True)} | ending.pk_of(actor))
            reached = rows.filter(user__in=mine.values("pk"))
            ended = ending.close(reached, Reason.REVOKED, actor, each_noted=False)
            return _noted(ended, actor, None, reason=reason)

        total = total.plus(*_tried(end))
    return total


def _noted(
    ended: Sequence[LoginSession], actor: User | None, about: Model | None, *, reason: str, whom: str = ""
) -> tuple[int, int]:
    if ended:
        _note(ended, actor, about, reason=reason, whom=whom)
    return len(ended), len({one.user_id for one in ended})


def _note(
    ended: Sequence[LoginSession], actor: User | None, about: Model | None, *, reason: str, whom: str = ""
) -> None:
    people = sorted({one.user.username for one in ended})
    details = {"whom": whom} if whom else {}
    audit.record(
        "sessions.ended", about, actor=actor, reason=reason, number=len(ended), people=people[:NAMED_AT_MOST], **details
    )


def _left_alone(actor: User | None, people: UserQuerySet) -> int:
    signed_in = LoginSession.objects.live().filter(user__in=people.exclude(pk__in=reach(actor, people).values("pk")))
    return signed_in.values("user").distinct().count()


def _batches(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + ending.BATCH] for start in range(0, len(ids), ending.BATCH)]


def _tried(act: Callable[[], T]) -> T:
    """Do a batch; once more when the database chose it to give way to somebody else."""
    for _try in range(TRIES - 1):
        try:
            with transaction.atomic():
                return act()
        except OperationalError:
            if connection.in_atomic_block:
                raise
    with transaction.atomic():
        return act()
