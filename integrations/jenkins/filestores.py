"""Where Jenkins may send us for the files of builds: the hosts of the operator's list, and nowhere else.

An entry is a host, with a port if it is not that of https, and with `http://` before it where it speaks no https; one that
begins with a dot covers what is below. A network among them is where listed hosts may be at addresses that are not public.
"""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from integrations.jenkins import addresses
from integrations.jenkins.errors import FileElsewhere

LONGEST = 8192
INSIDE = _(
    "{host}, where {server} keeps this file, is at an address that is not public: its network is not in "
    "JENKINS_ARTIFACT_HOSTS."
)


class Store(NamedTuple):
    """A host that files are fetched from, and how."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, entry: str) -> Self:
        scheme, found, rest = entry.lower().rpartition("://")
        parts = urlsplit(f"//{rest}")
        scheme = scheme if found else "https"
        return cls(scheme, parts.hostname or "", parts.port or addresses.PORTS[scheme])

    def covers(self, other: "Store") -> bool:
        below = self.host.startswith(".") and other.host.endswith(self.host)
        return (self.scheme, self.port) == (other.scheme, other.port) and (self.host == other.host or below)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == addresses.PORTS[self.scheme] else f":{self.port}"
        return f"{'http://' if self.scheme == 'http' else ''}{host}{port}"


@dataclass(frozen=True)
class Stores:
    """The list, as it concerns one server; `server` is its name, for whoever reads the error."""

    server: str

    def ensure_listed(self, url: str) -> Store:
        """Take apart where a file is said to be.

        :raises FileElsewhere: when that is no plain address, or its host is not on the list.
        """
        store = _parsed(url)
        if store is None or not any(one.covers(store) for one in _hosts()):
            raise FileElsewhere(server=self.server, host=str(store) if store else "?")
        return store

    def ensure_allowed(self, host: str, address: addresses.Address) -> None:
        """Pass silently when a listed host may be at `address`.

        :raises FileElsewhere: when that is neither public nor listed.
        """
        is_public = address.is_global and not address.is_multicast
        named = any(addresses.literal(one.host) == address for one in _hosts())
        if not (is_public or named or any(address in ip_network(one) for one in _networks())):
            raise FileElsewhere(INSIDE, server=self.server, host=host)


def _hosts() -> list[Store]:
    return [Store.parse(one) for one in settings.JENKINS_ARTIFACT_HOSTS if not _is_network(one)]


def _networks() -> list[str]:
    return [one for one in settings.JENKINS_ARTIFACT_HOSTS if _is_network(one)]


def _is_network(entry: str) -> bool:
    return "/" in entry and "://" not in entry


def _parsed(url: str) -> Store | None:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or any(one in url for one in "\\ "):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in addresses.PORTS or "@" in parts.netloc or not host or not addresses.is_plain_host(host):
        return None
    return Store(parts.scheme, host, port or addresses.PORTS[parts.scheme])
