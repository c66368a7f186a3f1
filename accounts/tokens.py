"""The two tokens of a session.

The access token is a JWT that names its session and key; it says nothing about rights, those are looked up.
The refresh token is `<sid>.<generation>.<proof>`. The proof is computed from the row and from a key that is in no
database, so nothing that could be replayed is stored, and the answer to a lost reply can be computed once more.
"""

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken, TokenError
from rest_framework_simplejwt.tokens import Token

from accounts import keys, verified
from accounts.errors import KeyProblem
from accounts.models import LoginSession

ISSUER = "gatehouse"
AUDIENCE = "gatehouse-api"
TYPE = "at+jwt"
MAX_LENGTH = 4096
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "ep", "jti", "iat", "exp"]

_REFRESH = re.compile(r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")
_SUBJECT = re.compile(r"[1-9][0-9]{0,17}")
_SID = re.compile(r"[0-9a-f]{32}")


class BadToken(Exception):
    """Not a token of ours, altered, or expired."""


class KeyBackend(TokenBackend):
    """simplejwt's crypto with our ring of keys: the key is found by `kid`, and the key decides the algorithm."""

    def __init__(self) -> None:
        super().__init__("RS256", audience=AUDIENCE, issuer=ISSUER)

    def encode(self, payload: dict[str, Any], kid: str = "") -> str:
        key = keys.signer(kid)
        if key.private is None:
            raise KeyProblem(str(keys.problems()[0]))
        claims = payload | {"aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid, "typ": TYPE})

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        try:
            key = self._key_of(token)
            return jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=keys.leeway_seconds(),
                options={"require": REQUIRED_CLAIMS, "verify_signature": True},
            )
        except jwt.ExpiredSignatureError as problem:
            raise TokenBackendExpiredToken("expired") from problem
        # int("1e999") and its kin inside claims
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError) as problem:
            raise TokenBackendError("invalid") from problem

    def _key_of(self, token: Any) -> keys.Key:
        if not isinstance(token, str) or len(token) > MAX_LENGTH:
            raise TokenBackendError("invalid")
        header = jwt.get_unverified_header(token)
        key = keys.find(header.get("kid"))
        # `crit` names extensions that a verifier must understand; we know none
        if key is None or header.get("typ") != TYPE or "crit" in header:
            raise TokenBackendError("invalid")
        return key


class AccessToken(Token):
    """simplejwt's token, signed with our keys; the header's `typ` says what it is."""

    token_type = "access"  # noqa: S105 (a kind, not a password)
    _token_backend = KeyBackend()
    signed_by = ""

    def __str__(self) -> str:
        return self._token_backend.encode(self.payload, self.signed_by)

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]  # simplejwt fixes it at import, we read the setting
        return timedelta(seconds=settings.ACCESS_TOKEN_EXPIRES)

    @classmethod
    def of(cls, session: LoginSession) -> "AccessToken":
        """The access token of the session's present generation: the same one however often it is asked for."""
        token = cls()
        token.signed_by = session.signed_by
        token.payload = {
            "sub": str(session.user_id),
            "sid": session.sid,
            "ep": session.auth_epoch,
            "jti": _proof(session, session.gen, "access")[:22],
            "iat": int(session.rotated_at.timestamp()),
            "exp": int(access_expires_at(session).timestamp()),
        }
        return token

    def verify(self) -> None:
        """The backend has checked signature, times, audience and issuer; here is what only we know."""
        claims = self.payload
        fine = (
            isinstance(claims["sub"], str)
            and _SUBJECT.fullmatch(claims["sub"])
            and isinstance(claims["sid"], str)
            and _SID.fullmatch(claims["sid"])
            and isinstance(claims["ep"], int)
            and isinstance(claims["jti"], str)
        )
        if not fine:
            raise TokenError("invalid")


class Claims(NamedTuple):
    """What a good access token says."""

    user_id: int
    sid: str
    epoch: int


class RefreshClaims(NamedTuple):
    """What a refresh token says; worth nothing until `proves` has agreed."""

    sid: str
    gen: int
    proof: str

    def proves(self, session: LoginSession) -> bool:
        """Tell whether we made this token for `session`."""
        secrets: tuple[str, ...] = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
        expected = [_proof(session, self.gen, "refresh", secret) for secret in secrets]
        return any(hmac.compare_digest(self.proof, one) for one in expected)


def access(session: LoginSession) -> str:
    return str(AccessToken.of(session))


def access_expires_at(session: LoginSession) -> datetime:
    """The access token's end: never after the session's."""
    return min(session.rotated_at + timedelta(seconds=settings.ACCESS_TOKEN_EXPIRES), session.runs_out_at)


def read_access(token: object) -> Claims:
    """Verify an access token.

    :raises BadToken: whatever is wrong with it.
    """
    if not isinstance(token, str) or len(token) > MAX_LENGTH:
        raise BadToken
    claims = verified.claims_of(token)
    if claims is None:
        try:
            claims = AccessToken(cast("Token", token)).payload
        except TokenError as problem:
            raise BadToken from problem
        verified.keep(token, claims, str(jwt.get_unverified_header(token)["kid"]))
    return _said(claims)


def known_access(token: str) -> Claims | None:
    """What an access token says that this process has verified before: for the event loop.

    None says nothing at all: then `read_access` must be asked, in a thread.
    """
    try:
        claims = verified.claims_of(token)
    except SynchronousOnlyOperation:  # it is time to read the keys again
        return None
    return _said(claims) if claims else None


def _said(claims: dict[str, Any]) -> Claims:
    return Claims(user_id=int(claims["sub"]), sid=claims["sid"], epoch=claims["ep"])


def refresh(session: LoginSession) -> str:
    """The refresh token of the session's present generation."""
    return f"{session.sid}.{session.gen}.{_proof(session, session.gen, 'refresh')}"


def read_refresh(token: object) -> RefreshClaims:
    """Take a refresh token apart.

    :raises BadToken: when it is none.
    """
    found = _REFRESH.fullmatch(token) if isinstance(token, str) else None
    if found is None:
        raise BadToken
    return RefreshClaims(sid=found[1], gen=int(found[2]), proof=found[3])


def seconds_given(session: LoginSession, until: datetime) -> int:
    """How long something that ends at `until` lived when it was made: a repeated refresh gets the same answer."""
    return max(0, round((until - session.rotated_at).total_seconds()))


def _proof(session: LoginSession, gen: int, purpose: str, secret: str = "") -> str:
    key = _server_key(secret or settings.SECRET_KEY) + bytes(session.family_secret)
    digest = hmac.new(key, f"{purpose}|{session.sid}|{gen}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@lru_cache(maxsize=8)
def _server_key(secret: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatehouse.accounts.refresh-tokens")
    return hkdf.derive(secret.encode())
