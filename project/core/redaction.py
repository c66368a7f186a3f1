"""Secrets never reach a log: names that hold them, shapes that betray them, and the ones this installation knows.

It errs on the side of hiding. What it cannot know is a secret in a sentence without any of that; so nobody logs one.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

HIDDEN = "***"
SHORTEST_KNOWN = 6
DEEPEST = 6
PLAIN = (bool, int, float, type(None))

_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|ticket|authorization|cookie|credential|api[_-]?key|private[_-]?key|"
    r"secret[_-]?key|signing[_-]?key|access[_-]?key|session[_-]?key|sessionid|csrf(?:token|middlewaretoken)?|"
    r"recovery[_-]?codes?|verification[_-]?code|sms[_-]?code|otp|totp|jwt|challenge"
)
SECRET_NAME = re.compile(rf"(?:^|[_\-.\s])(?:\w*[_-])?(?:{_WORDS})s?(?:$|[_\-.\s])|^(?:access|refresh)$", re.IGNORECASE)
INNOCENT_NAMES = frozenset({"token_type", "password_changed", "access_expires_in", "refresh_expires_in"})
SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # a JSON Web Token, whole or without its signature
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"), HIDDEN),
    # an API token of ours
    (re.compile(r"\bght_[0-9A-Za-z]{12,}"), HIDDEN),
    # scheme://user:password@host
    (re.compile(r"(?<=://)[^/\s'\"]{1,512}@"), f"{HIDDEN}@"),
    # password=…, "ticket": "…", Cookie: …
    (
        re.compile(r"(?i)((?:set-)?cookie|authorization)(\\?['\"]?\s*[:=]\s*)([^\r\n]+)"),
        rf"\1\2{HIDDEN}",
    ),
    (
        re.compile(
            rf"(?i)(?<![A-Za-z])((?:\w{{0,40}}[_-])?(?:{_WORDS})s?|(?<=[?&\"'])(?:access|refresh))"
            r"(\\?['\"]?\s*[=:]\s*)(?:(\\?[\"'])(?:(?!\3).)*(?:\3|$)|[^\s,;&'\"})\]\\]+)"
        ),
        rf"\1\2\3{HIDDEN}\3",
    ),
)


def redacted(value: Any, depth: int = 0) -> Any:
    """Return `value` with secrets hidden, however deep they sit."""
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, bytes | bytearray):
        return redacted_text(bytes(value).decode("utf-8", "replace"))
    if depth >= DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if isinstance(name, str) and names_a_secret(name) and inner else redacted(inner, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner, depth + 1) for inner in value]
    return value if isinstance(value, PLAIN) else redacted_text(str(value))


def redacted_text(text: str) -> str:
    """Return `text` with everything hidden that looks like a secret or is a known one."""
    for known in _known_secrets(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if known in text:
            text = text.replace(known, HIDDEN)
    for shape, instead in SHAPES:
        text = shape.sub(instead, text)
    return text


@lru_cache(maxsize=2_000)
def names_a_secret(name: str) -> bool:
    """Does something called `name` hold a secret?"""
    return name.lower() not in INNOCENT_NAMES and SECRET_NAME.search(name) is not None


@lru_cache(maxsize=1)
def _known_secrets(*keys: str) -> tuple[str, ...]:
    urls = (settings.CACHE_URL, settings.CHANNEL_LAYER_URL, settings.CELERY_BROKER_URL)
    known = [
        *keys,
        settings.FIRST_ADMINISTRATOR["password"],
        getattr(settings, "EMAIL_HOST_PASSWORD", ""),
    ]
    known += [database.get("PASSWORD", "") for database in settings.DATABASES.values()]
    known += _passwords(urls)
    # the longest first, lest a shorter one inside it leaves its rest
    return tuple(sorted({text for text in known if text and len(text) >= SHORTEST_KNOWN}, key=len, reverse=True))


def _passwords(urls: Iterable[str]) -> list[str]:
    found = [urlsplit(url).password or "" for url in urls if "://" in url]
    return found + [unquote(password) for password in found]
