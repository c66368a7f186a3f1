"""What a job of many rows does without, so that it takes little memory however many they are."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

CACHE_KIB = 500


@contextmanager
def frugal() -> Iterator[None]:
    """Have SQLite map no file and keep few pages meanwhile: a job touches each page once or twice, and then no more."""
    if connection.vendor != "sqlite":
        yield
        return
    before = [(name, _ask(name)) for name in ("mmap_size", "cache_size")]
    _tell("mmap_size", 0)
    _tell("cache_size", -CACHE_KIB)
    try:
        yield
    finally:
        # a connection that broke meanwhile has been opened anew, as all are
        for name, value in before:
            _tell(name, value)


def _ask(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _tell(name: str, value: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}={value}")
