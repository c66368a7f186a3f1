"""How people change."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import alarms, impersonation, pictures, sessions, sockets, standing
from accounts.errors import AlreadyAnonymised, NotConfirmed
from accounts.models import LoginSession, Role, User, reach_of
from accounts.scope import may_act_on
from accounts.services import guards
from accounts.services import personal_data as data
from project.core import audit

Reason = LoginSession.Reason

OWN_FIELDS = frozenset({"real_name", "nickname", "email", "phone", "gender", "language", "time_zone"})
FIELDS = OWN_FIELDS | {
    "username",
    "department",
    "manager",
    "is_active",
    "is_staff",
    "is_superuser",
    "must_change_password",
}
PROOF_OF_PHONE = ("phone_claimed", "phone_verified", "phone_verified_at")


# --- making ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_user(
    *, by: User | None, username: str, password: str | None = None, roles: Iterable[Role] = (), **fields: Any
) -> User:
    """Add a person. Without a password they cannot sign in until they get one.

    :raises ValidationError: naming the fields at fault.
    :raises NoPermission: when `by` is no superuser and would make an administrator.
    :raises NotAbove: unless `by` stands above every role.

    `by` must reach the new person, and whoever the new person reaches.
    """
    guards.ensure_known(fields, FIELDS)
    guards.ensure_no_powers(by, fields)
    roles = list(roles)
    guards.ensure_may_rank(by, *(role.rank for role in roles))
    guards.ensure_place(by, {"department": None} | fields)
    user = User(username=username, **fields)
    guards.ensure_may_reach(by, reach_of(user, roles))
    data.ensure_valid(user, password, named_by_staff=by is not None)
    user.set_password(password)
    user.password_changed_at = timezone.now() if password else None
    user.must_change_password = user.must_change_password and bool(password)
    user.save()
    user.groups.set([role.group for role in roles])
    audit.record("user.created", user, actor=by, roles=[role.key for role in roles])
    return user


# --- changing -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def update_user(*, by: User | None, user: User, roles: Iterable[Role] | None = None, **changes: Any) -> User:
    """Change a person; what is not named stays.

    :raises NotFound: when they are out of the reach of `by`.
    :raises NotAbove: unless `by` stands above them.
    :raises NoPermission: when `by` is no superuser and would make or unmake an administrator, or would let somebody reach
        people whom `by` does not reach.
    :raises LastAdministrator: when nobody could administer any more.
    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(changes, FIELDS)
    if not changes.keys().isdisjoint({"is_active", "is_superuser"}):
        guards.lock_administrators()
    person = locked(user)
    guards.ensure_above(by, person)
    guards.ensure_no_powers(by, changes, person)
    _write(person, changes, by, named_by_staff=by is not None)
    if roles is not None:
        set_roles(by=by, user=person, roles=roles)
    return _fresh(user)


@transaction.atomic
def update_own_profile(*, user: User, proven: bool = False, **changes: Any) -> User:
    """Let a person change what is theirs to change.

    :param proven: they have proved of late who they are. A stolen session must not open a door of its own: without it a new
        phone number lets nobody in, and a new mail address, where links go that choose a password, is refused.
    :raises NotConfirmed: for that.
    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(changes, OWN_FIELDS)
    person = locked(user)
    if not proven and data.spelled(changes).get("email", person.email) != person.email:
        raise NotConfirmed
    before = person.phone
    _write(person, changes, user, named_by_staff=False)
    if person.phone and person.phone != before and not proven:
        person.phone_claimed = person.phone
        person.save(update_fields=["phone_claimed"])
    return _fresh(user)


def _write(person: User, changes: dict[str, Any], by: User | None, *, named_by_staff: bool) -> None:
    changed = {name: value for name, value in data.spelled(changes).items() if getattr(person, name) != value}
    if not changed:
        return
    if person.anonymised_at is not None and not changed.keys() <= {"department", "manager"}:
        raise AlreadyAnonymised
    if person.is_superuser and (changed.get("is_active") is False or changed.get("is_superuser") is False):
        guards.ensure_not_last_administrator(person)
    was_active = person.is_active
    if named_by_staff:
        guards.ensure_place(by, changed)
    reached = reach_of(person) if by is not None and "department" in changed else None
    had = person.email
    for name, value in changed.items():
        setattr(person, name, value)
    person.full_clean(exclude=["password"])
    if "username" in changed:
        data.ensure_good_name(person, named_by_staff=named_by_staff)
    if reached is not None:
        guards.ensure_may_reach(by, reach_of(person), besides=reached)
    if changed.get("is_active"):
        person.left_at = None
    if "phone" in changed:
        # also a number they had before is theirs again only by a new proof
        person.phone_claimed, person.phone_verified, person.phone_verified_at = "", "", None
    person.save(update_fields=[*changed, "left_at", *PROOF_OF_PHONE])
    _after_change(person, changed, by, was_active=was_active)
    _tell_of_ways_in(person, changed, had)


def _tell_of_ways_in(person: User, changed: dict[str, Any], address: str) -> None:
    """Codes and links let in who gets them: whoever changed where to, the person reads it at the `address` they had."""
    if "phone" in changed:
        alarms.phone_changed(person, address=address)
    if "email" in changed and address:
        alarms.mail_address_changed(person, address=address)


def _after_change(person: User, changed: dict[str, Any], by: User | None, *, was_active: bool) -> None:
    if was_active and not person.is_active:
        sessions.end_all(person, reason=Reason.DISABLED, actor=by)
        audit.record("user.deactivated", person, actor=by)
    elif person.is_active and not was_active:
        audit.record("user.activated", person, actor=by)
    transaction.on_commit(partial(standing.forget_people, [person.pk]))
    if changed.get("must_change_password"):
        audit.record("user.password_change_required", person, actor=by)
        transaction.on_commit(partial(sockets.close_until_password_changed, person.pk))
    if "department" in changed:
        transaction.on_commit(partial(sockets.regroup, [person.pk]))


@transaction.atomic
def set_roles(*, by: User | None, user: User, roles: Iterable[Role]) -> None:
    """Give a person exactly these roles; what they may do changes with their next call.

    :raises NotAbove: unless `by` stands above the person, and above every role added or taken.
    :raises NoPermission: when the roles would let them reach people whom `by` does not reach.
    """
    person = locked(user)
    guards.ensure_above(by, person)
    if person.anonymised_at is not None:
        raise AlreadyAnonymised
    wanted = {role.pk: role for role in roles}
    present = {role.pk: role for role in person.roles}
    touched = [role for pk, role in (wanted | present).items() if (pk in wanted) != (pk in present)]
    if not touched:
        return
    guards.ensure_may_rank(by, *(role.rank for role in touched))
    guards.ensure_may_reach(by, reach_of(person, wanted.values()), besides=reach_of(person))
    # groups that are nobody's role are Django's own business and stay
    others = Group.objects.filter(user=person, role=None)
    person.groups.set([*others, *(role.group for role in wanted.values())])
    User.objects.filter(pk=person.pk).update(perm_epoch=F("perm_epoch") + 1)
    audit.record(
        "user.roles_changed",
        person,
        actor=by,
        roles=sorted(role.key for role in wanted.values()),
        added=sorted(role.key for role in touched if role.pk in wanted),
        taken=sorted(role.key for role in touched if role.pk in present),
    )
    transaction.on_commit(partial(standing.forget_people, [person.pk]))
    transaction.on_commit(partial(sockets.regroup, [person.pk]))


def set_avatar(*, user: User, file: UploadedFile[Any] | None) -> User:
    """Replace a person's picture; None takes it away.

    :raises ValidationError: when the file is no picture, or too large.
    """
    picture = pictures.clean(file) if file is not None else None
    with transaction.atomic():
        person = locked(user)
        if person.anonymised_at is not None:
            raise AlreadyAnonymised
        old = person.avatar.name if person.avatar else ""
        person.avatar = picture
        person.save(update_fields=["avatar"])
        if old:
            transaction.on_commit(partial(person.avatar.storage.delete, old))
        transaction.on_commit(partial(standing.forget_people, [person.pk]))
    return _fresh(user)


# --- sessions and accounts ---------------------------------------------------------------------------------------------


def end_sessions(*, user: User, by: User | None, keep: LoginSession | None = None, reason: str = "") -> int:
    """End all sessions of a person but `keep`; return how many there were. The audit trail keeps the reason.

    :raises NotAbove: when `by` is somebody else and does not stand above the person.
    :raises NotForMachines: when a token acts.
    """
    guards.ensure_person(by)
    if by is not None and by.pk != user.pk:
        guards.ensure_above(by, user)
    own = by is not None and by.pk == user.pk
    with transaction.atomic():
        ended = sessions.end_all(user, reason=Reason.LOGOUT if own else Reason.REVOKED, actor=by, keep=keep)
        if reason:
            audit.record("sessions.ended", user, actor=by, reason=reason, number=ended, people=[user.username])
    return ended


def deactivate_user(*, user: User, by: User | None) -> User:
    """Lock a person out at once, everywhere; their data stay."""
    return update_user(by=by, user=user, is_active=False)


def activate_user(*, user: User, by: User | None) -> User:
    """Let a person sign in again."""
    return update_user(by=by, user=user, is_active=True)


@transaction.atomic
def delete_user(*, user: User, by: User | None) -> None:
    """Delete a person for good; the audit trail keeps what they did.

    :raises NotAbove: unless `by` stands above them.
    :raises LastAdministrator: when nobody could administer any more.
    """
    guards.lock_administrators()
    person = locked(user)
    guards.ensure_above(by, person)
    if person.is_superuser:
        guards.ensure_not_last_administrator(person)
    sessions.end_all(person, reason=Reason.DISABLED, actor=by)
    impersonation.end_all_of(person)
    audit.record("user.deleted", person, actor=by, username=person.username)
    if person.avatar:
        transaction.on_commit(partial(person.avatar.storage.delete, str(person.avatar.name)))
    person.delete()


def may_touch(by: User, people: Iterable[User]) -> list[User]:
    """Return those of `people` that `by` reaches and stands above."""
    return [person for person in people if may_act_on(by, person)]


# --- inside ---------------------------------------------------------------------------------------------------------------


def locked(user: User) -> User:
    """Return the person's row as it is now, locked until the caller's transaction ends."""
    return User.objects.get_queryset().select_for_update().get(pk=user.pk)


def _fresh(user: User) -> User:
    return User.objects.get_queryset().select_related("department", "manager").get(pk=user.pk)
