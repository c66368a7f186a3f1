"""Argon2id, tuned so that many sign-ins at once neither eat the memory nor starve the server."""

import os
import threading
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

_cores = threading.BoundedSemaphore(os.cpu_count() or 1)
"""A hash saturates a core and takes its memory: more at once than cores only makes all of them late."""


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), at most one at a time per core."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> Any:
        with _cores:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> Any:
        with _cores:
            return super().verify(password, encoded)
