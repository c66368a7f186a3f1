"""Before something dangerous: has the person shown of late that it is them?

A sign-in counts; after STEP_UP_SECONDS they are asked for the password or a code, of their app or by text message, again (`POST auth/confirm`, or a page of
the back office: accounts.admin.step_up). An API token is no person and cannot be asked: it does nothing of the kind.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import errors, phone_codes, second_step, sign_in, standing
from accounts.models import LoginSession, User
from accounts.sign_in import Caller, Method


class RecentSignIn(BasePermission):
    """Only for those who have proved themselves of late: 20008 otherwise."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        ensure(request.auth)
        return True


def is_recent(session: object) -> bool:
    """Tell whether the person of `session` has proved themselves of late.

    An API token never has, nor has whoever acts as somebody else.
    """
    if not isinstance(session, LoginSession) or session.subject_id is not None:
        return False
    return timezone.now() - session.confirmed_at < timedelta(seconds=settings.STEP_UP_SECONDS)


def ensure(session: object) -> None:
    """Let through whoever has proved themselves of late.

    :raises NotConfirmed: for everybody else who is signed in.
    :raises NotForMachines: for an API token.
    :raises NotWhileActing: for whoever acts as somebody else: they prove nothing about that person.
    """
    if not isinstance(session, LoginSession):
        raise errors.NotForMachines
    if session.subject_id is not None:
        raise errors.NotWhileActing
    if not is_recent(session):
        raise errors.NotConfirmed


def confirm(
    session: LoginSession, user: User, caller: Caller, *, password: str = "", code: str = "", sms_code: str = ""
) -> None:
    """Let somebody prove themselves once more, with one of the three; guesses count like at the door.

    :param sms_code: what was sent to their own phone for this purpose.
    :raises InvalidParameters: when the password is wrong.
    :raises WrongCode: when the code is.
    :raises NoVerifiedPhone: when there is no phone it could have been sent to.
    :raises Locked: after too many failures.
    :raises NotWhileActing: for whoever acts as somebody else.
    """
    if session.subject_id is not None:
        raise errors.NotWhileActing
    if sms_code:
        purpose = phone_codes.Purpose.CONFIRM
        phone_codes.check(user, phone_codes.own_phone(user), purpose, sms_code, caller._replace(method=Method.SMS))
    elif code:
        second_step.check(user, code, caller)
    else:
        sign_in.confirm(user, password, caller, field="password")
    session.confirmed_at = timezone.now()
    LoginSession.objects.filter(pk=session.pk).update(confirmed_at=session.confirmed_at)
    standing.forget(session.sid)
