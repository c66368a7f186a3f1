"""How staff end sessions: one, those of a department, everybody's."""

from collections.abc import Sequence

from accounts import scope, sessions
from accounts.models import Department, LoginSession, User, UserQuerySet
from accounts.services import guards

EVERYBODY = "everybody"
"""Whom an entry of the audit trail means by that."""


def end_session(*, by: User, session: LoginSession, reason: str = "") -> None:
    """End one session of somebody else, or one's own.

    :raises NotAbove: when it is somebody else's and `by` does not stand above them.
    :raises NotForMachines: when a token acts.
    """
    guards.ensure_person(by)
    if session.user_id != by.pk:
        guards.ensure_above(by, session.user)
    sessions.end_these([session], actor=by, reason=reason)


def end_chosen_sessions(*, by: User, chosen: Sequence[LoginSession], reason: str = "") -> sessions.Ended:
    """End those of `chosen` that are not over and whose people `by` reaches and stands above; one's own too.

    :raises NotForMachines, NotWhileActing: when it is not `by` themselves who act.
    """
    guards.ensure_person(by)
    return sessions.end_these(chosen, actor=by, reason=reason)


def end_sessions_of_departments(
    *,
    by: User,
    departments: Sequence[Department],
    sub_departments: bool = True,
    keep: LoginSession | None = None,
    reason: str = "",
) -> sessions.Ended:
    """End the sessions of all people of departments but `keep`, those of `by`'s own rank and above left alone.

    :raises NotForMachines: when a token acts.
    """
    guards.ensure_person(by)
    names = ", ".join(one.name for one in departments)
    whom = f"{names}, with sub-departments" if sub_departments else names
    people = people_of(by, departments, sub_departments=sub_departments)
    about = departments[0] if len(departments) == 1 else None
    return sessions.end_people(people, actor=by, keep=keep, reason=reason, about=about, whom=whom)


def end_everybodys_sessions(*, by: User | None, keep: LoginSession | None = None, reason: str = "") -> sessions.Ended:
    """End everybody's sessions but `keep`; None ends those of superusers too.

    :raises NotForMachines: when a token acts.
    """
    guards.ensure_person(by)
    return sessions.end_people(people_of(by), actor=by, keep=keep, reason=reason, whom=EVERYBODY)


def people_of(
    by: User | None, departments: Sequence[Department] | None = None, *, sub_departments: bool = True
) -> UserQuerySet:
    """The people whom `by` sees: all, or those of departments."""
    people = scope.people(by) if by is not None else User.objects.get_queryset()
    if departments is None:
        return people
    chosen = {one.pk for one in departments}
    if sub_departments:
        chosen |= {below.pk for one in departments for below in one.descendants()}
    return people.filter(department__in=chosen)
