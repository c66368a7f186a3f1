"""How people change."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.auth import password_validation
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import impersonation, pictures, sessions, sockets, standing, validators
from accounts.errors import AlreadyAnonymised
from accounts.models import LoginSession, Role, User, reach_of
from accounts.scope import may_act_on
from accounts.services import guards
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
    _ensure_valid(user, password, named_by_staff=by is not None)
    user.set_password(password)
    user.password_changed_at = timezone.now() if password else None
    user.must_change_password = user.must_change_password and bool(password)
    user.save()
    user.groups.set([role.group for role in roles])
    audit.record("user.created", user, actor=by, roles=[role.key for role in roles])
    return user


def _ensure_valid(user: User, password: str | None, *, named_by_staff: bool) -> None:
    wrong: dict[str, list[str]] = {}
    try:
        # signed-in data only: the hash is made afterwards, when everything else is right
        user.full_clean(exclude=["password"])
    except ValidationError as problem:
        wrong |= problem.message_dict
    if named_by_staff:
        _collect(wrong, "username", partial(validators.username, user.username))
    if not wrong and User.objects.get_queryset().filter(username__iexact=user.username).exclude(pk=user.pk).exists():
        # also where only the case differs: nobody should pass for somebody else
        wrong["username"] = [str(User._meta.get_field("username").error_messages["unique"])]
    if password is not None:
        _collect(wrong, "password", partial(password_validation.validate_password, password, user))
    if wrong:
        raise ValidationError(wrong)


def _ensure_good_name(username: str) -> None:
    wrong: dict[str, list[str]] = {}
    _collect(wrong, "username", partial(validators.username, username))
    if wrong:
        raise ValidationError(wrong)


def _collect(wrong: dict[str, list[str]], field: str, check: Any) -> None:
    try:
        check()
    except ValidationError as problem:
        wrong.setdefault(field, []).extend(problem.messages)


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

    :param proven: they have proved of late who they are, so that a new phone number may let them in: a stolen session may
        not choose one.

    :raises ValidationError: naming the fields at fault.
    """
    guards.ensure_known(changes, OWN_FIELDS)
    person = locked(user)
    before = person.phone
    _write(person, changes, user, named_by_staff=False)
    if person.phone and person.phone != before:
        person.phone_claimed = "" if proven else person.phone
        person.save(update_fields=["phone_claimed"])
    return _fresh(user)


def _write(person: User, changes: dict[str, Any], by: User | None, *, named_by_staff: bool) -> None:
    if changes.get("phone"):
        changes = changes | {"phone": validators.phone.spelled(changes["phone"])}
    changed = {name: value for name, value in changes.items() if getattr(person, name) != value}
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
    for name, value in changed.items():
        setattr(person, name, value)
    person.full_clean(exclude=["password"])
    if named_by_staff and "username" in changed:
        _ensure_good_name(person.username)
    if reached is not None:
        guards.ensure_may_reach(by, reach_of(person), besides=reached)
    if changed.get("is_active"):
        person.left_at = None
    person.save(update_fields=[*changed, "left_at"])
    _after_change(person, changed, by, was_active=was_active)


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
