"""Keys in the database: shared by all nodes, the private part encrypted with a key that is not in the database."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import KeyProblem
from accounts.keys import times
from accounts.keys.key import Key, Private, Public, State, describe, from_pem, make, read_public, to_pem
from accounts.models import SigningKey
from project.core import sealed

CURRENT_SLOT = "current"
PURPOSE = "accounts.signing-keys"


class Rows:
    """The table of signing keys."""

    def load(self) -> list[Key]:
        return [self._read(row) for row in SigningKey.objects.order_by("created_at")]

    def locked(self) -> list[Key]:
        """Like `load`; nobody else changes them until the caller's transaction is over."""
        rows = SigningKey.objects.select_for_update().order_by("pk")
        return sorted((self._read(row) for row in rows), key=lambda key: key.created_at or timezone.now())

    def add_first(self, algorithm: str) -> None:
        """Make the first key, once, however many nodes start together: the unique slot is the lock."""
        try:
            with transaction.atomic():
                self._insert(algorithm, State.CURRENT)
        except IntegrityError:
            return  # another node was faster: its key counts

    def add(self, algorithm: str) -> Key:
        """Make a key that waits for its promotion."""
        return self._read(self._insert(algorithm, State.NEXT))

    def schedule(self, kid: str, at: datetime) -> None:
        """Let the waiting key `kid` take over at a time."""
        SigningKey.objects.filter(kid=kid, state=State.NEXT).update(promote_at=at)

    @transaction.atomic
    def promote(self, kid: str) -> None:
        """Let `kid` sign from now on; the key that did is retired.

        :raises KeyProblem: when there is no such key or its private part cannot be used.
        """
        # all, always in one order: of two who promote at once the second sees what the first did
        rows = {row.kid: row for row in SigningKey.objects.select_for_update().order_by("pk")}
        row = rows.get(kid)
        if row is None:
            raise KeyProblem(f"There is no key {kid}.")
        if _opened(row) is None:
            raise KeyProblem(f"{kid} was encrypted with another SECRET_KEY and cannot sign.")
        now = timezone.now()
        others = SigningKey.objects.filter(state=State.CURRENT).exclude(pk=row.pk)
        others.update(state=State.RETIRED, current_slot=None, retired_at=now)
        SigningKey.objects.filter(pk=row.pk).update(
            state=State.CURRENT, current_slot=CURRENT_SLOT, promoted_at=now, promote_at=None, retired_at=None
        )

    def retire(self, kid: str) -> None:
        """Stop using `kid`; its last tokens run out.

        :raises KeyProblem: when it is the current one or unknown.
        """
        changed = (
            SigningKey.objects.filter(kid=kid)
            .exclude(state=State.CURRENT)
            .update(state=State.RETIRED, promote_at=None, retired_at=timezone.now())
        )
        if not changed:
            raise KeyProblem(f"{kid} is unknown or signs at present: promote another key first.")

    def distrust(self, kid: str) -> None:
        """Forget `kid`: what it signed is refused from now on.

        :raises KeyProblem: when it is the current one or unknown.
        """
        gone, _ = SigningKey.objects.filter(kid=kid).exclude(state=State.CURRENT).delete()
        if not gone:
            raise KeyProblem(f"{kid} is unknown or signs at present: promote another key first.")

    def problems(self) -> list[str]:
        current = [key for key in self.load() if key.state is State.CURRENT]
        if not current:
            return ["There is no current signing key yet; the first start makes one."]
        if current[0].private is None:
            return [_foreign(current[0].kid)]
        return []

    def _insert(self, algorithm: str, state: State) -> SigningKey:
        private = make(algorithm)
        jwk = describe(private.public_key(), algorithm)
        is_current = state is State.CURRENT
        return SigningKey.objects.create(
            kid=jwk["kid"],
            algorithm=algorithm,
            state=state,
            current_slot=CURRENT_SLOT if is_current else None,
            promoted_at=timezone.now() if is_current else None,
            private=sealed.box(PURPOSE).encrypt(to_pem(private)).decode(),
            public=jwk,
        )

    def _read(self, row: SigningKey) -> Key:
        return Key(
            kid=row.kid,
            algorithm=row.algorithm,
            state=State(row.state),
            public=_public(row.kid, tuple(row.public.items())),
            # a retired key signs nothing new
            private=_opened(row) if row.state != State.RETIRED or times.signs_again(row.retired_at) else None,
            jwk=row.public,
            created_at=row.created_at,
            promote_at=row.promote_at,
            promoted_at=row.promoted_at,
            retired_at=row.retired_at,
        )


def _foreign(kid: str) -> str:
    return (
        f"The current signing key {kid} was encrypted with another SECRET_KEY. All nodes need the same one: give it to "
        "this node too. If it is lost, make a new key with `manage.py jwt_keys generate --promote`; over the API people sign in again."
    )


@lru_cache(maxsize=32)
def _public(_kid: str, jwk: tuple[tuple[str, Any], ...]) -> Public:
    return read_public(dict(jwk))


def _opened(row: SigningKey) -> Private | None:
    return _decrypted(row.private, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=8)
def _decrypted(private: str, *_secrets: str) -> Private | None:
    """Every process reads the keys twice a minute; opening one takes as long as ten requests."""
    try:
        return from_pem(sealed.box(PURPOSE).decrypt(private.encode()))
    except InvalidToken:
        return None
