"""Argon2id, tuned so that many sign-ins at once neither eat the memory nor starve the server."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher


def _one_thread_per_core() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hash")


_cores = _one_thread_per_core()
"""A hash saturates a core and takes its memory: more at once than cores only makes all of them late.

Threads of their own, because the allocator keeps the memory of each thread that ever hashed for the next time: a hundred
people who signed in once, each in a thread of their request, would leave half a gigabyte behind.
"""


def _begin_anew() -> None:
    global _cores  # a forked process has the pool, but none of its threads
    _cores = _one_thread_per_core()


os.register_at_fork(after_in_child=_begin_anew)


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with OWASP's parameters (19 MiB, 2 passes, 1 lane), at most one at a time per core."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1

    def encode(self, password: str, salt: str) -> Any:
        return _cores.submit(super().encode, password, salt).result()

    def verify(self, password: str, encoded: str) -> Any:
        return _cores.submit(super().verify, password, encoded).result()
