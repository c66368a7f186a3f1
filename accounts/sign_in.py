"""Is it really them? The one function that checks a password, for the API and the back office alike; and what follows, in
whatever way somebody has shown who they are (accounts.sms_sign_in is another)."""

import unicodedata
from typing import Any, NamedTuple

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import addresses, alarms, captcha, devices, errors, lockout, rush, second_factor, sessions
from accounts.models import LoginEvent, LoginSession, User
from project.core import errors as core_errors

Reason, Method = LoginEvent.Reason, LoginEvent.Method
MAX_PASSWORD = 4096
"""Argon2 reads all of it: nobody needs to send a book."""


class Caller(NamedTuple):
    """Where an attempt comes from."""

    scope: str
    ip: str = ""
    user_agent: str = ""
    mark: str = ""
    """What tells this browser from others of its kind."""
    method: str = Method.PASSWORD
    """What they show first."""


def authenticate(
    *, username: str, password: str, caller: Caller, staff_only: bool = False, solution: str | None = ""
) -> User:
    """Return the person if the password is theirs; every attempt leaves a row.

    An unknown name, a wrong password and a disabled account give the same answer after the same time.

    :param solution: of a captcha; None for who is signed in: nobody asks them for any.
    :raises TooManyAtOnce: when more people knock than can be dealt with soon; nothing was looked at.
    :raises Unreachable: when nobody gets on.
    :raises AddressRefused: when nobody may come in from there.
    :raises BadCredentials: for all of these.
    :raises Locked: after too many failures.
    :raises CaptchaRequired: after some.
    """
    with rush.door.passing():
        return _authenticate(username_as_kept(username), password, caller, staff_only, solution)


def username_as_kept(username: str) -> str:
    """Return a user name as it is looked up and counted, however it was typed."""
    return unicodedata.normalize("NFKC", username)[:150]


def _authenticate(username: str, password: str, caller: Caller, staff_only: bool, solution: str | None) -> User:
    user = User.objects.get_queryset().filter(username=username).first() if "\0" not in username else None
    ensure_address(username, user, caller)
    tally = ensure_open(username, user, caller)
    if solution is not None:
        _ensure_captcha(username, user, caller, tally, solution)
    reason = _outcome(user, password[: MAX_PASSWORD + 1], staff_only=staff_only)
    if reason == Reason.OK:
        # once more: others may have failed while this password was being checked
        ensure_open(username, user, caller)
    else:
        note(username, user, caller, reason)
    if user is None or reason != Reason.OK:
        raise errors.BadCredentials
    return user


def sign_in(
    *, username: str, password: str, device: str, caller: Caller, instead_of: str = "", captcha: str = ""
) -> LoginSession:
    """Check the password and open a session.

    :raises BadCredentials, Locked, CaptchaRequired, TooManyAtOnce: see `authenticate`.
    :raises SecondFactorRequired: see `ask_for_second_factor`.
    :raises TooManyDevices: see `open_session`.
    """
    user = authenticate(username=username, password=password, caller=caller, solution=captcha)
    ask_for_second_factor(user, caller, device=device)
    session = open_session(user, caller, device=device, instead_of=instead_of)
    succeeded(user, session, caller)
    return session


def open_session(user: User, caller: Caller, **how: Any) -> LoginSession:
    """Open a session for somebody who has given all that is asked for; see `sessions.open`.

    :raises TooManyDevices: when they are signed in with as many devices of the kind as they may; leaves a row.
    """
    try:
        return sessions.open(user=user, scope=caller.scope, ip=caller.ip, user_agent=caller.user_agent, **how)
    except errors.TooManyDevices:
        note(user.username, user, caller, Reason.TOO_MANY)
        raise


def ask_for_second_factor(user: User, caller: Caller, *, device: str = "") -> None:
    """Return if what was given suffices; `accounts.second_step` goes on where it does not.

    :raises SecondFactorRequired: with the challenge, and, for somebody who must set up a factor first, its secret.
    """
    if not second_factor.is_asked_of(user):
        return
    made = second_factor.begin_challenge(
        user, scope=caller.scope, device=device, user_agent=caller.user_agent, method=caller.method
    )
    note(user.username, user, caller, Reason.CODE_ASKED)
    raise errors.SecondFactorRequired(extra=made.as_json())


@transaction.atomic
def succeeded(user: User, session: LoginSession, caller: Caller) -> None:
    """Note that `user` has signed in, and tell them when it was on a device they had never used."""
    # the person first, as whoever opens a session does: MariaDB's foreign keys share that row's lock, and two who came by
    # the device first would wait for each other
    User.objects.get_queryset().select_for_update().filter(pk=user.pk).first()
    event = _event(user.username, user, caller, Reason.OK, session)
    event.is_new_device = devices.meet(user, event, mark=f"{caller.scope}:{caller.mark or session.device}")
    event.save()
    if event.is_new_device:
        alarms.new_device(event)


def confirm(user: User, password: str, caller: Caller, *, field: str = "old_password") -> None:
    """Ask somebody who is signed in for their password again; guesses count like at the door.

    :raises InvalidParameters: when it is wrong.
    :raises Locked: after too many failures.
    """
    try:
        authenticate(username=user.username, password=password, caller=caller, solution=None)
    except errors.BadCredentials as problem:
        raise core_errors.InvalidParameters(fields={field: [_("This is not your password.")]}) from problem


def unlock(username: str, user: User | None = None) -> None:
    """Forget the failures of a name so far: whoever has it may try again at once, from everywhere but a locked address."""
    note(username, user, Caller(scope=LoginSession.Scope.API), Reason.UNLOCKED)


def unlock_address(ip: str) -> None:
    """Forget the failures from an address so far; names that are locked stay so."""
    note("", None, Caller(scope=LoginSession.Scope.API, ip=ip), Reason.UNLOCKED)


def note(username: str, user: User | None, caller: Caller, reason: str, session: LoginSession | None = None) -> None:
    """Write down an attempt and how it went."""
    _event(username, user, caller, reason, session).save()


def _event(username: str, user: User | None, caller: Caller, reason: str, session: LoginSession | None) -> LoginEvent:
    return LoginEvent(
        user=user,
        username=username.replace("\0", ""),
        succeeded=reason == Reason.OK,
        reason=reason,
        scope=caller.scope,
        method=caller.method,
        session=session,
        **devices.seen_from(caller.ip, caller.user_agent),
    )


def ensure_address(username: str, user: User | None, caller: Caller) -> None:
    """The first question of every sign-in: may anybody come in from there?

    :raises AddressRefused: when not.
    """
    try:
        addresses.ensure_allowed(caller.scope, caller.ip)
    except errors.AddressRefused:
        note(username, user, caller, Reason.ADDRESS)
        raise


def ensure_open(username: str, user: User | None, caller: Caller) -> lockout.Tally:
    """The second question: were there too many failures?

    :raises Locked: when there were; leaves a row.
    """
    try:
        return lockout.ensure_open(username, caller.ip or None)
    except errors.Locked:
        note(username, user, caller, Reason.LOCKED)
        raise


def _ensure_captcha(username: str, user: User | None, caller: Caller, tally: lockout.Tally, solution: str) -> None:
    level = tally.captcha_level
    if level is None:
        return
    try:
        captcha.ensure(captcha.Purpose.LOGIN, username, solution, level=level)
    except errors.CaptchaRequired:
        note(username, user, caller, Reason.CAPTCHA)
        raise


def _outcome(user: User | None, password: str, *, staff_only: bool) -> str:
    if len(password) > MAX_PASSWORD:
        return Reason.WRONG_PASSWORD if user else Reason.UNKNOWN_USER
    if user is None:
        make_password(password)  # takes as long as a check
        return Reason.UNKNOWN_USER
    if not user.check_password(password):
        return Reason.WRONG_PASSWORD
    if not user.is_active:
        return Reason.INACTIVE
    return Reason.NOT_STAFF if staff_only and not user.is_staff else Reason.OK
