"""How the text of an environment variable becomes a value.

Each reader's docstring says what it expects; it is what an operator is shown. A bad text raises ValueError.
"""

import os
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url

DAY = 86_400
UNITS = {"": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def text(given: str) -> str:
    """Any text."""
    if "\0" in given:
        raise ValueError(given)
    return given


def boolean(given: str) -> bool:
    """True or false."""
    if given.lower() in TRUE | FALSE:
        return given.lower() in TRUE
    raise ValueError(given)


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `low` to `high`."""

    def read(given: str) -> int:
        value = int(given)
        if not low <= value <= high:
            raise ValueError(given)
        return value

    read.__doc__ = f"a whole number from {low} to {high}"
    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a reader of numbers from `low` to `high`."""

    def read(given: str) -> float:
        value = float(given)
        if not low <= value <= high:
            raise ValueError(given)
        return value

    read.__doc__ = f"a number from {low} to {high}"
    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a reader that takes one of `choices`."""

    def read(given: str) -> str:
        if given.lower() in {choice.lower() for choice in choices}:
            return next(choice for choice in choices if choice.lower() == given.lower())
        raise ValueError(given)

    read.__doc__ = "one of " + ", ".join(choice for choice in choices if choice)
    return read


def size(given: str) -> int:
    """A number of bytes, or one with KB, MB or GB."""
    match = re.fullmatch(r"(\d+)\s*(KB|MB|GB|)", given.upper())
    if not match or not int(match[1]):
        raise ValueError(given)
    return int(match[1]) * UNITS[match[2]]


def rate(given: str) -> tuple[int, int]:
    """A number per second, with a burst behind a colon if it is not twice that."""
    match = re.fullmatch(r"(\d{1,6})(?::(\d{1,6}))?", given)
    if not match or not int(match[1]) or (match[2] and int(match[2]) < int(match[1])):
        raise ValueError(given)
    return int(match[1]), int(match[2] or 2 * int(match[1]))


def optional_rate(given: str) -> tuple[int, int] | None:
    """A number per second, with a burst behind a colon if it is not twice that; 0: no limit."""
    return None if given == "0" else rate(given)


def words(given: str) -> list[str]:
    """A list, separated by commas."""
    return [word.strip() for word in given.split(",") if word.strip()]


def hosts(given: str) -> list[str]:
    """A list of host names, without scheme or port; .example.com covers what is below."""
    found = words(given)
    for host in found:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]", host):
            raise ValueError(host)
    return found


def user_name(given: str) -> str:
    """Letters, digits and @ . + - _ only."""
    if not re.fullmatch(r"[\w.@+-]{1,150}", given):
        raise ValueError(given)
    return given


def origins(given: str) -> list[str]:
    """A list of origins such as https://app.example.com, without a path."""
    found = words(given)
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or "*" in origin:
            raise ValueError(origin)
    return found


def origin(given: str) -> str:
    """An origin such as https://office.example.com, without a path."""
    if given and origins(given) != [given]:
        raise ValueError(given)
    return given


def networks(given: str) -> list[str]:
    """A list of addresses or CIDR networks."""
    return [str(ip_network(word, strict=False)) for word in words(given)]


def address_patterns(given: str) -> list[str]:
    """A list of CIDR networks, or addresses that may end in *."""
    found = words(given)
    for pattern in found:
        if re.fullmatch(r"(\d{1,3}\.){1,3}\*", pattern) and all(int(byte) < 256 for byte in pattern[:-2].split(".")):
            continue
        ip_network(pattern, strict=False)
    return found


def folder(given: str) -> Path:
    """A folder to write to; it is made when it is missing."""
    path = Path(given).expanduser().resolve()
    if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise ValueError(given)
    return path


def existing_folder(given: str) -> Path | None:
    """A folder that exists."""
    if not given:
        return None
    if not Path(given).is_dir():
        raise ValueError(given)
    return Path(given).resolve()


def file(given: str) -> Path | None:
    """A file in a folder that exists."""
    if not given:
        return None
    path = Path(given).expanduser().resolve()
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(given)
    return path


def existing_file(given: str) -> Path | None:
    """A file that exists."""
    if not given:
        return None
    if not Path(given).is_file():
        raise ValueError(given)
    return Path(given).absolute()  # a link stays one: certbot renews by turning it to another file


def time_zone(given: str) -> str:
    """A time zone's name such as Asia/Shanghai."""
    try:
        return ZoneInfo(given).key
    except (ZoneInfoNotFoundError, OSError) as unknown:
        raise ValueError(given) from unknown


def url(*schemes: str) -> Callable[[str], str]:
    """Return a reader of URLs of these schemes."""

    def read(given: str) -> str:
        if not given:
            return ""
        parts = urlsplit(given)
        _ = parts.port  # raises on a port that is not a number
        needs_host = parts.scheme not in {"memory", "file", "unix"}
        if parts.scheme not in schemes or (needs_host and not parts.hostname):
            raise ValueError(given)
        if parts.scheme in {"file", "unix"} and not parts.path:
            raise ValueError(given)
        return given

    read.__doc__ = "a URL of the form " + ", ".join(f"{scheme}://…" for scheme in schemes)
    return read


def database_url(given: str) -> str:
    """A URL of the form postgres://…, mysql://… or sqlite:///path."""
    if not given:
        return ""
    if urlsplit(given).scheme not in {"postgres", "postgresql", "mysql", "sqlite"}:
        raise ValueError(given)
    _ = urlsplit(given).port
    dj_database_url.parse(given)
    return given


def email(given: str) -> str:
    """A mail address."""
    if given and not re.fullmatch(r"[^@\s]+@[^@\s]+", given):
        raise ValueError(given)
    return given


def prefix(given: str) -> str:
    """Letters, digits, _ and -."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", given):
        raise ValueError(given)
    return given
