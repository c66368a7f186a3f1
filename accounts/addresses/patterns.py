"""How people write addresses, and the span of numbers each writing means.

    203.0.113.7                     one address
    203.0.113.0/24, 2001:db8::/32   a network
    10.0.0.1-10.0.0.9               a range, both ends included; IPv6 too
    10.1.*, 10.*.*.*                all that begin with these whole numbers

`::ffff:10.0.0.1` is 10.0.0.1 on its way through IPv6, and is read as that. Numbers with leading zeros, which some
programs take for octal, are refused, and so are zone ids: they mean something on one machine only.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
MAPPED = IPv6Network("::ffff:0:0/96")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")


class Span(NamedTuple):
    """All addresses of one version from `first` to `last`."""

    version: int
    first: int
    last: int

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, IPv4Address | IPv6Address):
            return False
        return address.version == self.version and self.first <= int(address) <= self.last


class Pattern(NamedTuple):
    """A pattern as it is kept, and what it means."""

    text: str
    span: Span


def parse(text: str) -> Pattern:
    """Read a pattern.

    :raises ValidationError: saying what is wrong with it.
    """
    text = text.strip()
    if "*" in text:
        return _wildcard(text)
    if "-" in text:
        return _range(text)
    if "/" in text:
        return _network(text)
    address = parse_address(text)
    return Pattern(str(address), Span(address.version, int(address), int(address)))


def parse_address(text: str) -> Address:
    """Read one address.

    :raises ValidationError: when it is none, naming the text.
    """
    text = text.strip()
    if "%" in text:
        raise ValidationError(
            _("“%(text)s” has a zone id, which means something on one machine only: leave it out.") % {"text": text}
        )
    try:
        address = ip_address(text)
    except ValueError:
        problem = _("“%(text)s” is not an address: write 203.0.113.7 or 2001:db8::7, without leading zeros.")
        raise ValidationError(problem % {"text": text[:60]}) from None
    return unmapped(address)


def unmapped(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped one, else `address`."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _network(text: str) -> Pattern:
    base, _slash, prefix = text.partition("/")
    parse_address(base)
    address = ip_address(base)  # not unmapped: its prefix counts from the IPv6 beginning
    if not _PREFIX.fullmatch(prefix) or int(prefix) > address.max_prefixlen:
        problem = _("“/%(prefix)s” is not the length of a network's prefix: write 0 to %(most)d.")
        raise ValidationError(problem % {"prefix": prefix[:20], "most": address.max_prefixlen})
    network = ip_network(text, strict=False)
    if network.network_address != address:
        problem = _("%(text)s is an address inside a network: the network is %(network)s.")
        raise ValidationError(problem % {"text": text, "network": network})
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        first = IPv4Address(int(network.network_address) & 0xFFFF_FFFF)
        network = ip_network((first, network.prefixlen - 96))
    span = Span(network.version, int(network.network_address), int(network.broadcast_address))
    return Pattern(str(network), span)


def _range(text: str) -> Pattern:
    left, _dash, right = text.partition("-")
    first, last = parse_address(left), parse_address(right)
    if first.version != last.version or int(first) > int(last):
        problem = _("A range goes from a lower to a higher address of the same kind, not from %(first)s to %(last)s.")
        raise ValidationError(problem % {"first": first, "last": last})
    return Pattern(f"{first}-{last}", Span(first.version, int(first), int(last)))


def _wildcard(text: str) -> Pattern:
    parts = text.split(".")
    fixed = [part for part in parts if part != "*"]
    whole = all(_NUMBER.fullmatch(part) and int(part) <= 255 for part in fixed)
    if len(parts) > 4 or not fixed or parts != [*fixed, *["*"] * (len(parts) - len(fixed))] or not whole:
        problem = _(
            "“%(text)s” is not a beginning: write whole numbers and then a star, such as 10.1.*; for IPv6 a network."
        )
        raise ValidationError(problem % {"text": text[:60]})
    free = 8 * (4 - len(fixed))
    first = int(IPv4Address(".".join([*fixed, *["0"] * (4 - len(fixed))])))
    return Pattern(".".join([*fixed, "*"]), Span(4, first, first + 2**free - 1))
