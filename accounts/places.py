"""Where an address is: a country, from a file on this machine. Nobody outside is ever asked.

geoip2fast brings its own data. Where IP2REGION_FILE names a file of ip2region, that one is asked first: it knows provinces
and cities. Both are read when the first address is looked up, and kept.
"""

import ipaddress
import threading
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from babel import Locale
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from geoip2fast import GeoIP2Fast
from ip2region import searcher, util

log = structlog.get_logger(__name__)
LOCAL = "local"
"""Instead of a country, for an address of one's own network."""
DATA = {4: "geoip2fast.dat.gz", 6: "geoip2fast-ipv6.dat.gz"}
"""By version of the address: the second knows both, but takes four times the memory."""
NETWORKS = [
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
    + ("::1/128", "fc00::/7", "fe80::/10")
]
NOTHING = {"", "0", "Reserved", "内网IP"}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Place(NamedTuple):
    """A country's code (or LOCAL, or "" where it is unknown), and what is known of the region."""

    country: str = ""
    region: str = ""

    def __str__(self) -> str:
        return name_of(self.country, self.region)


UNKNOWN = Place()


def of(ip: str | None) -> Place:
    """Return where `ip` is; what is no address is nowhere."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return UNKNOWN
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if any(address in network for network in NETWORKS):
        return Place(LOCAL)
    return _looked_up(address, settings.IP2REGION_FILE)


def name_of(country: str, region: str = "") -> str:
    """Say a place in the present language: "China · Guangdong Shenzhen"."""
    if country == LOCAL:
        return _("local network")
    if not country:
        return _("unknown place")
    name = str(_territories(get_language() or settings.LANGUAGE_CODE).get(country, country))
    return f"{name} · {region}" if region else name


@lru_cache(maxsize=4096)
def _looked_up(address: Address, file: Any) -> Place:
    if file and (found := _in_file(address, str(file))).country:
        return found
    code = _country_of(address)
    return Place(code) if len(code) == 2 and code.isalpha() else UNKNOWN


def _in_file(address: Address, path: str) -> Place:
    try:
        regions = _regions(path)
        if regions.get_ip_version().byte_num != len(address.packed):
            return UNKNOWN  # a file knows addresses of one version
        return _read_region(regions.search(address.packed))
    except (OSError, ValueError, IndexError):
        log.exception("places.file_damaged", file=path)  # since the start, which refuses such a file
        return UNKNOWN


def _read_region(text: str) -> Place:
    """Read what ip2region says: `国家|省份|城市|ISP|CN`, in older files `国家|区域|省份|城市|ISP` with 0 for nothing."""
    country, *rest = (part.strip() for part in text.split("|"))
    if country in NOTHING:
        return UNKNOWN
    has_code = bool(rest) and len(rest[-1]) == 2 and rest[-1].isascii() and rest[-1].isalpha()
    code = rest[-1].upper() if has_code else _codes().get(country, "")
    parts = rest[0:2] if has_code else rest[1:3]
    region = " ".join(dict.fromkeys(part for part in parts if part not in NOTHING))
    return Place(code, region[:60]) if code else UNKNOWN


_lock = threading.Lock()
_country_data: GeoIP2Fast | None = None


def _country_of(address: Address) -> str:
    global _country_data
    with _lock:  # the library keeps what it read last in its module, for all of its readers: there is one, used by one
        if _country_data is None or (address.version == 6 and not _country_data.ipv6):
            _country_data = GeoIP2Fast(geoip2fast_data_file=DATA[address.version])
        return str(_country_data.lookup(str(address)).country_code)


@cache
def _regions(path: str) -> searcher.Searcher:
    content = util.load_content_from_file(path)
    header = util.Header(content[: util.HeaderInfoLength])
    version = util.version_from_header(header)
    shortest = util.HeaderInfoLength + util.VectorIndexLength
    if version is None or not shortest <= header.startIndexPtr <= header.endIndexPtr <= len(content):
        raise ValueError("its header is not one of an xdb file")
    return searcher.new_with_buffer(version, content)


def problem_of(path: str) -> str:
    """Say what is wrong with a file of ip2region; nothing when it can be used."""
    try:
        with Path(path).open("rb") as file:
            util.verify(file)
        _regions(path)
    except Exception as problem:  # noqa: BLE001 (whatever a broken file does to its reader)
        return str(problem) or type(problem).__name__
    return ""


@lru_cache(maxsize=8)
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(language, sep="-").territories)


@cache
def _codes() -> dict[str, str]:
    """Codes of countries by the names that are used in Chinese."""
    names = {name: code for code, name in _territories("zh-hans").items() if len(code) == 2}
    return names | {"香港": "HK", "澳门": "MO", "中国香港": "HK", "中国澳门": "MO", "中国台湾": "TW"}
