"""How people come to a password: staff set it, they change it, or they follow a link."""

from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import alarms, errors, passwords, sessions
from accounts.models import LoginSession, PasswordLink, User
from accounts.passwords import inviting, links
from accounts.services import guards
from accounts.sessions.ending import lock, pk_of
from integrations.sms import phones
from project.core import audit
from project.core.errors import NotFound

FIELD = "new_password"
OWN, STAFF, LINK, OPERATOR = "own", "staff", "link", "operator"
"""In what way a password was set, as its person is told."""


def set_password(
    *,
    user: User,
    password: str,
    by: User | None = None,
    keep: LoginSession | None = None,
    must_change: bool = False,
) -> int:
    """Set a password and end every session of the person but `keep`; return how many ended. The person is told.

    :param must_change: they choose another one at the next sign-in, before anything else.
    :raises ValidationError: when the password is too weak, or the one they have.
    :raises NotAbove: when `by` is somebody else and does not stand above the person.
    :raises NotForMachines: when a token acts.
    """
    guards.ensure_person(by)
    if by is not None and by.pk != user.pk:
        guards.ensure_above(by, user)
    how = OPERATOR if by is None else OWN if by.pk == user.pk else STAFF
    return _write(user, _hashed(user, password, how), how=how, by=by, keep=keep, must_change=must_change)


def choose_password(*, token: str, password: str) -> User:
    """Let whoever followed a link choose their password; return who it was. All their sessions end, and all their links.

    It proves that they read their mails and no more: a second factor is still asked for, and failed sign-ins still count,
    for those may have been somebody else's.

    :raises LinkOver: when the link is wrong, used or too old.
    :raises ValidationError: when the password is too weak; the link stays good.
    """
    link = links.open_link(token)
    if link is None:
        raise errors.LinkOver
    hashed = _hashed(link.user, password, LINK)
    with transaction.atomic():
        link = links.taken(token)
        if link is None:
            raise errors.LinkOver
        _write(link.user, hashed, how=LINK, by=link.user)
    return link.user


@transaction.atomic
def invite(*, user: User, by: User | None, reason: str = "") -> PasswordLink:
    """Send somebody a link with which they choose their password, for new people and for those who lost theirs.

    By mail; to who has no address by text message, where there is somebody to carry it and `by` may send such.

    :raises NotAbove: unless `by` stands above them.
    :raises NotForMachines: when a token acts.
    :raises CannotBeInvited: when there is no way to them, or they are not active.
    :raises BudgetSpent: when it would be a text message, and the day's money for these is spent.
    """
    guards.ensure_person(by)
    guards.ensure_above(by, user)
    person = _locked(user, by)
    link = inviting.send(person, by) if person.is_active else None
    if link is None:
        raise errors.CannotBeInvited(name=str(person))
    address = link.address or phones.masked(link.phone)
    audit.record("user.invited", person, actor=by, reason=reason, address=address)
    return link


# --- inside ---------------------------------------------------------------------------------------------------------------


def _hashed(user: User, password: str, how: str) -> str:
    """Return the hash of a good password: slow on purpose, so nobody's row may be locked meanwhile."""
    try:
        password_validation.validate_password(password, user)
        if how != OPERATOR:  # who repairs something may set again what was there
            passwords.ensure_new(user, password)
    except ValidationError as problem:
        raise ValidationError({FIELD: problem.messages}) from problem
    return make_password(password)


def _write(
    user: User, hashed: str, *, how: str, by: User | None, keep: LoginSession | None = None, must_change: bool = False
) -> int:
    with transaction.atomic():
        person = _locked(user, by)
        if person.anonymised_at is not None:
            raise errors.AlreadyAnonymised
        person.password, person.password_changed_at = hashed, timezone.now()
        person.must_change_password = must_change and how == STAFF
        person.save(update_fields=["password", "password_changed_at", "must_change_password"])
        links.void(person)
        ended = sessions.end_all(person, reason=LoginSession.Reason.PASSWORD, actor=by, keep=keep)
        event = "user.password_reset" if how == LINK else "user.password_set"
        audit.record(event, person, actor=by, sessions_ended=ended)
        _tell(person, how, by)
    for name in ("password", "password_changed_at", "must_change_password", "auth_epoch"):
        setattr(user, name, getattr(person, name))
    return ended


def _locked(user: User, by: User | None) -> User:
    """Lock whom this is about and who does it, in everybody's order: rows that name both are written."""
    rows = {one.pk: one for one in lock({user.pk} | pk_of(by))}
    if user.pk not in rows:
        raise NotFound  # deleted meanwhile
    return rows[user.pk]


def _tell(person: User, how: str, by: User | None) -> None:
    staff = by.get_full_name() if how == STAFF and by is not None else ""
    values = {"how": how, "by": staff, "must_change": person.must_change_password, "happened_at": timezone.now()}
    with translation.override(person.language or settings.LANGUAGE_CODE):
        text = _("{name} set a new password for you.").format(name=staff) if staff else _("Your password was changed.")
    alarms.tell(person, "password_changed", values, {"kind": "password_changed", "text": text})
