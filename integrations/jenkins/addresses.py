"""Where Jenkins servers may be: the operator's list, and the server's own.

Names are looked up when a connection is made, and the connection goes to an address that was checked: a name that leads
elsewhere a moment later leads nowhere.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from integrations.jenkins.errors import AddressNotAllowed

PORTS = {"http": 80, "https": 443}
TRANSLATED = ip_network("64:ff9b::/96")
"""What NAT64 leads to IPv4 with."""
Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Place:
    """An address of a server, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The address, spelled in one way; ends with a slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"


def placed(url: str) -> Place:
    """Take a server's address apart.

    :raises AddressNotAllowed: when it is none of http or https with a plain host name, or not on the operator's list.
    """
    place = _parsed(url)
    address = literal(place.host)
    if address is not None:
        ensure_allowed(place.host, address)
    elif not _is_listed(place.host) and not _networks():
        raise _refused(_("{host} is not in JENKINS_ALLOWED_SERVERS.").format(host=place.host))
    return place


def found(host: str, port: int, ensure: Callable[[str, Address], None]) -> list[tuple[int, str]]:
    """Look a host up; return family and address of each.

    :param ensure: raises where a host of this name may not be at an address. What it raises comes out when one of them may not:
        such a name is not to be trusted at all.
    :raises OSError: when it cannot be looked up.
    """
    each = _looked_up(host, port)
    for _family, text in each:
        ensure(host, unwrapped(ip_address(text.partition("%")[0])))
    return each


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else None
    return address.ipv4_mapped or address.sixtofour or translated or address


def ensure_allowed(host: str, address: Address, networks: Iterable[str] = ()) -> None:
    """Pass silently when a server called `host` may be at `address`.

    :raises AddressNotAllowed: when not.
    """
    plain = unwrapped(address)
    in_network = any(plain in ip_network(one) for one in _networks())
    if not in_network and not (_is_listed(host) and not _is_special(plain)):
        raise _refused(_("{address} is not in JENKINS_ALLOWED_SERVERS.").format(address=plain))
    own = [ip_network(one, strict=False) for one in networks]
    if own and not any(plain in one for one in own):
        raise _refused(_("{address} is not in the server's own list.").format(address=plain))


def _parsed(url: str) -> Place:
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise _refused(_("it is no address.")) from problem
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS:
        raise _refused(_("it must begin with http:// or https://."))
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused(_("user and token have fields of their own."))
    if parts.query or parts.fragment or any(one in url for one in "\\\r\n\t\0 "):
        raise _refused(_("it must be a plain address, without “?” and “#”."))
    if not host or not is_plain_host(host):
        raise _refused(_("the host name must be of plain letters, digits, dots and dashes."))
    if any(step in {".", ".."} for step in parts.path.lower().replace("%2e", ".").split("/")):
        raise _refused(_("it must be a plain address, without “..”."))
    return Place(parts.scheme, host.lower(), port or PORTS[parts.scheme], parts.path.rstrip("/") + "/")


def is_plain_host(host: str) -> bool:
    """Whether it is an address, or a name that nobody takes for one."""
    if literal(host) is not None:
        return True
    last = host.rpartition(".")[2]
    # 127.1, 0x7f.1 and 2130706433 are addresses to some resolvers
    looks_like_a_number = last.isdigit() or last.lower().startswith("0x")
    return host.isascii() and not looks_like_a_number and all(one.isalnum() or one in ".-_" for one in host)


def literal(host: str) -> Address | None:
    """The address that a host is written as, if it is."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_listed(host: str) -> bool:
    for entry in settings.JENKINS_ALLOWED_SERVERS:
        name = entry.lower()
        if host == name or (name.startswith(".") and host.endswith(name)):
            return True
    return False


def _networks() -> list[str]:
    return [one for one in settings.JENKINS_ALLOWED_SERVERS if _is_network(one)]


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True


def _is_special(address: Address) -> bool:
    """Of this machine, this line or nobody: a name is no reason to go there, only a network that says so is."""
    return bool(
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or address == IPv4Address("100.100.100.200")  # metadata of a cloud
        or address == IPv6Address("fd00:ec2::254")
    )


def _looked_up(host: str, port: int) -> list[tuple[int, str]]:
    """As the system's resolver does, but not for longer than a connection may take."""
    answer: list[list[tuple[int, str]] | OSError] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append([(int(family), str(where[0])) for family, _type, _protocol, _name, where in infos])
        except OSError as problem:
            answer.append(problem)

    thread = threading.Thread(target=ask, name="jenkins-look-up", daemon=True)
    thread.start()
    thread.join(settings.JENKINS_CONNECT_SECONDS)
    if not answer:
        raise TimeoutError(f"{host} could not be looked up in time")
    if isinstance(answer[0], OSError):
        raise answer[0]
    return answer[0]


def _refused(why: str) -> AddressNotAllowed:
    return AddressNotAllowed(why=why, fields={"url": [why]})
