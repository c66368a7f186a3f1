"""One signing key: made, read, described."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ALGORITHMS = ("RS256", "RS512", "EdDSA")
RSA_BITS = 2048
PUBLIC_MEMBERS = ("kty", "crv", "x", "n", "e")

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Public = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class State(StrEnum):
    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True)
class Key:
    """A signing key. `private` is None where it cannot be decrypted: then it only verifies."""

    kid: str
    algorithm: str
    state: State
    public: Public
    private: Private | None
    jwk: dict[str, Any]
    created_at: datetime | None = None
    promote_at: datetime | None = None
    promoted_at: datetime | None = None
    retired_at: datetime | None = None


def make(algorithm: str) -> Private:
    """Make a new private key for `algorithm`.

    One whose id starts with a dash is thrown away: at a command line it would look like an option.
    """
    while True:
        private = _generated(algorithm)
        if not describe(private.public_key(), algorithm)["kid"].startswith("-"):
            return private


def _generated(algorithm: str) -> Private:
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def to_pem(private: Private) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(pem: bytes) -> Private:
    """:raises ValueError: when it is no PEM, of another kind, or too short."""
    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError as problem:
        raise ValueError("the key is protected by a password") from problem
    if isinstance(private, rsa.RSAPrivateKey):
        if private.key_size < RSA_BITS:
            raise ValueError(f"an RSA key of {private.key_size} bits is too short, at least {RSA_BITS} are needed")
        return private
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private
    raise ValueError("only RSA and Ed25519 keys are supported")


def fits(private: Private, algorithm: str) -> bool:
    return isinstance(private, ed25519.Ed25519PrivateKey) == (algorithm == "EdDSA")


def describe(public: Public, algorithm: str) -> dict[str, Any]:
    """Return the public JWK with its thumbprint (RFC 7638) as `kid`."""
    if isinstance(public, rsa.RSAPublicKey):
        full = RSAAlgorithm.to_jwk(public, as_dict=True)
    else:
        full = OKPAlgorithm.to_jwk(public, as_dict=True)
    jwk = {name: full[name] for name in PUBLIC_MEMBERS if name in full}
    return jwk | {"kid": _thumbprint(jwk), "use": "sig", "alg": algorithm}


def read_public(jwk: dict[str, Any]) -> Public:
    if jwk["kty"] == "RSA":
        return RSAAlgorithm.from_jwk(jwk)  # type: ignore[return-value]  # a JWK without private members
    return OKPAlgorithm.from_jwk(jwk)  # type: ignore[return-value]  # likewise


def _thumbprint(jwk: dict[str, Any]) -> str:
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
