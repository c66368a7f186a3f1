"""Whose address a request really came from.

`X-Forwarded-For` is a list anybody may begin; only what our own proxies appended is true. So it is read from the right,
and only as far as settings.TRUSTED_PROXIES vouches for.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

Network = IPv4Network | IPv6Network


def client_ip(peer: str, forwarded_for: str = "") -> str:
    """Return the client's address, given the socket's peer and the `X-Forwarded-For` header."""
    address = _parsed(peer)
    if address is None:
        return ""
    for entry in reversed(forwarded_for.split(",")):
        if not trusted(str(address)):
            break
        further = _parsed(entry)
        if further is None:
            break
        address = further
    return str(address)


def trusted(peer: str) -> bool:
    """Is `peer` one of our own proxies?"""
    address = _parsed(peer)
    return address is not None and any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):  # [2001:db8::1]:443
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:  # 192.0.2.1:443
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
