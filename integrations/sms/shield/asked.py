"""One request for a code, as the limits see it."""

from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple

from django.utils.crypto import salted_hmac

from integrations.sms import phones

SUFFIXES = {4: 24, 6: 64}
"""What one customer of a provider may choose addresses from."""


class Asked(NamedTuple):
    """Who asks for a code, for which phone and what for."""

    phone: str
    """In E.164."""
    purpose: str
    about: str = ""
    ip: str = ""
    device: str = ""
    """Whatever tells this device from others; kept as a keyed hash."""
    person: Any = None
    """Who is signed in and asks, if somebody is."""

    def as_row(self) -> dict[str, Any]:
        """Return it as the fields of its row."""
        return {
            "phone": self.phone,
            "prefix": phones.prefix_of(self.phone),
            "purpose": self.purpose,
            "about": self.about,
            "ip": self.ip or None,
            "network": network_of(self.ip),
            "device": salted_hmac("integrations.sms.device", self.device, algorithm="sha256").hexdigest()
            if self.device
            else "",
        }


def network_of(ip: str) -> str:
    """Return the network whose addresses count together: a /24, of IPv6 a /64."""
    try:
        address = ip_address(ip)
    except ValueError:  # no address: a socket of this machine
        return ""
    version = 4 if isinstance(address, IPv4Address) else 6
    return str(ip_network(f"{address}/{SUFFIXES[version]}", strict=False))
