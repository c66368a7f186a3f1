"""Which pages and which addresses may open a socket. Decided from the handshake alone, before anything is looked up."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.module_loading import import_string

LOCAL_HOSTS = [".localhost", "127.0.0.1", "[::1]"]
PORTS = {"http": 80, "https": 443}


def is_own(origin: str, host: str) -> bool:
    """Whether a page of `origin` comes from this very host, under a name that is ours."""
    page = _parsed(origin)
    domain, _ = split_domain_port(host)
    if page is None or not domain or not validate_host(domain, settings.ALLOWED_HOSTS or LOCAL_HOSTS):
        return False
    own = _parsed(f"{page.scheme}://{host}")
    return own is not None and _place(own) == _place(page)


def is_allowed(origin: str, host: str) -> bool:
    """Whether a page of `origin` may open a socket: the own host's, or one of GATEWAY_ALLOWED_ORIGINS."""
    page = _parsed(origin)
    if page is None:
        return False
    allowed = (one for text in settings.GATEWAY_ALLOWED_ORIGINS if (one := _parsed(text)))
    return is_own(origin, host) or any(_place(page) == _place(one) and page.scheme == one.scheme for one in allowed)


def address_is_allowed(address: str) -> bool:
    """Whether a client at `address` may open a socket (GATEWAY_ALLOWED_IPS; empty: everybody)."""
    if not settings.GATEWAY_ALLOWED_IPS:
        return True
    try:
        client = ip_address(address)
    except ValueError:
        return False
    return any(client in network for network in _networks(tuple(settings.GATEWAY_ALLOWED_IPS)))


async def refused(addresses: list[str], *, opening: bool) -> set[str]:
    """Return those of `addresses` that may have no socket, as GATEWAY_ADDRESS_CHECK says; it may ask the database.

    :param opening: is somebody coming in? Else those who are in are looked at again.
    """
    if not settings.GATEWAY_ADDRESS_CHECK:
        return set()
    found: set[str] = await import_string(settings.GATEWAY_ADDRESS_CHECK)(addresses, opening)
    return found


@lru_cache(maxsize=8)
def _networks(patterns: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(_as_cidr(one), strict=False) for one in patterns)


def _as_cidr(pattern: str) -> str:
    """`10.1.*` is 10.1.0.0/16: whole numbers from the start, never a piece of text found somewhere."""
    if not pattern.endswith(".*"):
        return pattern
    parts = pattern.split(".")
    fixed = parts[: parts.index("*")]
    return ".".join([*fixed, *["0"] * (4 - len(fixed))]) + f"/{8 * len(fixed)}"


@lru_cache(maxsize=256)
def _parsed(origin: str) -> SplitResult | None:
    try:
        parts = urlsplit(origin)
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or parts.path or parts.query or parts.username is not None:
        return None
    return parts


def _place(parts: SplitResult) -> tuple[str | None, int]:
    return parts.hostname, parts.port or PORTS[parts.scheme]
