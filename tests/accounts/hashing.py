"""A hasher that counts its work."""

from typing import Any, ClassVar

from accounts.hashers import Argon2Hasher


class CountingHasher(Argon2Hasher):
    """The product's own, counted."""

    work: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> Any:
        self.work.append("encode")
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> Any:
        self.work.append("verify")
        return super().verify(password, encoded)
