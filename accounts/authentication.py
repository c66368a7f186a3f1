"""Who is it? For the API, for the back office, and for sockets; the answer is always a live login session."""

from collections.abc import Callable

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import (
    addresses,
    errors,
    identity,
    impersonation,
    machines,
    passwords,
    sessions,
    standing,
    tickets,
    tokens,
    verified,
)
from accounts.machines import authentication as authentication_of_machines
from accounts.models import LoginSession, User
from project.core import context
from realtime.core.codes import CloseCode, Refused
from realtime.core.connection import Identity
from realtime.transport.credentials import Credentials

log = structlog.get_logger(__name__)

SID_KEY = "login_session"
"""Where a Django session keeps the id of its login session."""

Reason = LoginSession.Reason


def session_of_token(token: str) -> LoginSession:
    """Return the live session an access token belongs to.

    :raises NotSignedIn: a bad or expired token, or a session that is over.
    :raises Displaced: a newer sign-in has taken the session's place.
    :raises Unreachable: when neither cache nor database can be asked.
    """
    try:
        claims = tokens.read_access(token)
    except tokens.BadToken as problem:
        raise errors.NotSignedIn from problem
    found = sessions.state_of(claims.sid)
    if found is None or found.reason:
        verified.forget(token)
        raise sessions.error_for(found.reason) if found else errors.NotSignedIn()
    if not _speaks_for(claims, found.user):
        raise errors.NotSignedIn
    return found.session


def _speaks_for(claims: tokens.Claims, user: User) -> bool:
    return user.pk == claims.user_id and claims.epoch <= user.auth_epoch


# --- API ------------------------------------------------------------------------------------------------------------------


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; `request.auth` is the login session."""

    def authenticate(self, request: Request) -> tuple[User, LoginSession] | None:
        """Return person and session; None without the header. The person is whom they act as, if they do.

        :raises AddressRefused: when nobody may come in from there any more.
        :raises NotSignedIn, Displaced, Unreachable: see `session_of_token`.
        :raises NotWhileActing: for what nobody does as somebody else.
        :raises PasswordDue: when they must choose a new password first.
        """
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, token = header.partition(b" ")
        if scheme.lower() != b"bearer":
            raise errors.NotSignedIn
        addresses.ensure_allowed(addresses.Place.API, context.get_ip())
        session = session_of_token(token.decode("latin-1").strip())
        user = self._who(request, session)
        impersonation.ensure_may_ask(request._request, session, user)
        passwords.ensure_not_due(session, request._request)
        return user, session

    def _who(self, request: Request, session: LoginSession) -> User:
        try:
            return _enter(session)
        except errors.ActsNoMore:
            if not impersonation.is_way_out(request._request):
                raise
            return session.user

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="gatehouse"'


class AdminSessionAuthentication(SessionAuthentication):
    """The back office's own cookie, with Django's CSRF check; `request.auth` is the login session."""

    def authenticate(self, request: Request) -> tuple[User, LoginSession] | None:
        """Return person and session; None without the cookie.

        :raises NotSignedIn, Displaced: when the browser's session is over.
        :raises PasswordDue: when they must choose a new password first.
        """
        http = request._request
        if reason := getattr(http, "signed_out_because", ""):
            raise sessions.error_for(reason)
        session: LoginSession | None = getattr(http, "login_session", None)
        if session is None:
            return None
        self.enforce_csrf(request)
        passwords.ensure_not_due(session, http)
        return http.user, session  # type: ignore[return-value]  # the middleware has set it: nobody anonymous


def _enter(session: LoginSession) -> User:
    """Begin a call of `session`; return the person it speaks for.

    :raises ActsNoMore: see `impersonation.who_acts`.
    """
    person = session.user
    sessions.seen(session)
    # language and time stay those of who reads
    if person.time_zone:
        timezone.activate(person.time_zone)
    context.set_user(identity.for_request(person, session.sid))
    user = impersonation.who_acts(session)
    if user is not person:
        context.set_user(identity.for_request(user, session.sid))
    return user


# --- back office ----------------------------------------------------------------------------------------------------------


class AdminSessionMiddleware:
    """Lets a browser in only while its login session lives, and tells people why they were signed out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._admit(request)
        try:
            return self.get_response(request)
        finally:
            # the thread serves others next
            timezone.deactivate()

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Leave the reason on the page that comes next: the messages are there only now."""
        reason = getattr(request, "signed_out_because", "")
        if reason and context.get_module() != "api" and hasattr(request, "_messages"):
            messages.warning(request, _farewell(reason))

    def _admit(self, request: HttpRequest) -> None:
        found = sessions.state_of(str(request.session.get(SID_KEY, "")))
        same_person = found is not None and str(found.session.user_id) == request.session[SESSION_KEY]
        if found is None or found.reason or not same_person:
            request.session.flush()
            request.user = AnonymousUser()
            request.signed_out_because = found.reason if found and found.reason else Reason.REVOKED  # type: ignore[attr-defined]  # ours
            return
        request.login_session = found.session  # type: ignore[attr-defined]  # ours
        try:
            request.user = _enter(found.session)
        except errors.ActsNoMore as problem:
            request.user = found.user
            request.acts_no_more = problem  # type: ignore[attr-defined]  # ours; ImpersonationMiddleware says so
        self._speak(request, found.user)

    def _speak(self, request: HttpRequest, user: User) -> None:
        """Use the person's language, unless this browser was told another."""
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()


def _farewell(reason: str) -> str:
    return {
        Reason.DISPLACED: _("You were signed out: your account was signed in elsewhere."),
        Reason.EXPIRED: _("You were signed out: your session had expired."),
        Reason.PASSWORD: _("You were signed out: your password was changed."),
        Reason.DISABLED: _("You were signed out: your account is disabled."),
    }.get(Reason(reason), _("You were signed out: your session was ended."))


# --- sockets --------------------------------------------------------------------------------------------------------------


async def TicketCredential(credentials: Credentials) -> Identity | None:  # noqa: N802 (named in settings like a class)
    """A one-time ticket from `POST auth/ticket`.

    :raises Refused: when it is unknown, used or too old, or its session is over.
    """
    if not credentials.ticket:
        return None
    sid = _known_ticket(await tickets.redeem(credentials.ticket))
    if found := await sessions.known(sid):
        return _for_socket(found.session)
    return await _identified(_by_sid, sid)


async def BearerCredential(credentials: Credentials) -> Identity | None:  # noqa: N802 (likewise)
    """An access token, or an API token, in the header or in an `auth` frame.

    :raises Refused: when it is not good, or its session is over.
    """
    token = credentials.bearer or credentials.frame.get("access")
    if not token:
        return None
    if not isinstance(token, str):
        raise Refused(CloseCode.NOT_AUTHENTICATED)
    if token.startswith(machines.PREFIX):
        return await authentication_of_machines.identified(token, credentials.ip)
    claims = tokens.known_access(token)
    if claims and (found := await sessions.known(claims.sid)) and _speaks_for(claims, found.user):
        return _for_socket(found.session)
    return await _identified(_by_token, token)


async def CookieCredential(credentials: Credentials) -> Identity | None:  # noqa: N802 (likewise)
    """The back office's own session cookie; one that is not signed in makes a guest.

    :raises Refused: when its session is over.
    """
    if not credentials.cookie_session_key:
        return None
    return await _identified(_by_cookie, credentials.cookie_session_key)


async def ended_sessions(session_ids: list[str]) -> dict[str, int]:
    """Return those of `session_ids` that are over, each with the code its sockets are closed with."""
    ended: dict[str, int] = await database_sync_to_async(_ended, thread_sensitive=False)(session_ids)
    return ended


async def _identified(find: Callable[[str], Identity | None], credential: str) -> Identity | None:
    # not thread-sensitive: that would be one thread for all sockets of the process
    found: Identity | None = await database_sync_to_async(find, thread_sensitive=False)(credential)
    return found


def _known_ticket(sid: str | None) -> str:
    if sid is None:
        raise Refused(CloseCode.NOT_AUTHENTICATED, _("The ticket is unknown, used or too old."))
    return sid


def _by_token(token: str) -> Identity:
    try:
        session = session_of_token(token)
        return _for_socket(session)
    except errors.Displaced as problem:
        raise Refused(CloseCode.DISPLACED) from problem
    except errors.NotSignedIn as problem:
        raise Refused(CloseCode.NOT_AUTHENTICATED) from problem


def _by_sid(sid: str) -> Identity:
    found = sessions.state_of(sid)
    if found is None or found.reason:
        raise Refused(sessions.close_code(found.reason) if found else CloseCode.NOT_AUTHENTICATED)
    return _for_socket(found.session)


def _for_socket(session: LoginSession) -> Identity:
    if session.subject_id is not None:
        raise Refused(CloseCode.NOT_AUTHENTICATED, impersonation.NO_SOCKETS)
    if passwords.is_due(session):
        raise Refused(CloseCode.NOT_AUTHENTICATED, errors.PasswordDue.message)
    return identity.for_socket(session.user, session.sid)


def _by_cookie(session_key: str) -> Identity | None:
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key=session_key)
    sid = store.get(SID_KEY) if SESSION_KEY in store else None
    return _by_sid(sid) if isinstance(sid, str) else None


def _ended(session_ids: list[str]) -> dict[str, int]:
    of_machines = [one for one in session_ids if one.startswith(machines.SOCKETS)]
    session_ids = [one for one in session_ids if one not in of_machines]
    rows = {row.sid: row for row in LoginSession.objects.filter(sid__in=session_ids).select_related("user")}
    reasons = {sid: standing.judge(rows[sid]) if sid in rows else Reason.REVOKED for sid in session_ids}
    ended = {sid: int(sessions.close_code(reason)) for sid, reason in reasons.items() if reason}
    kept_out = [sid for sid, row in rows.items() if row.subject_id is not None or passwords.is_due(row)]
    ended = dict.fromkeys(kept_out, int(CloseCode.NOT_AUTHENTICATED)) | ended
    return ended | dict.fromkeys(authentication_of_machines.ended(of_machines), int(CloseCode.SESSION_ENDED))
