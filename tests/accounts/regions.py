"""A small file of ip2region, as its own maker lays it out: header, index by the first two numbers, segments, texts."""

import struct
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network
from pathlib import Path

HEADER, VECTORS = 256, 256 * 256 * 8


def write_xdb(path: Path, regions: Mapping[str, str]) -> Path:
    """Write a file that knows these IPv4 networks, each at most a /16."""
    networks = [(ip_network(name), text.encode()) for name, text in regions.items()]
    vectors, body = bytearray(VECTORS), bytearray()
    for network, text in networks:
        assert isinstance(network, IPv4Network)
        first, last = int(network.network_address), int(network.broadcast_address)
        text_at = HEADER + VECTORS + len(body)
        body += text
        segment_at = HEADER + VECTORS + len(body)
        body += struct.pack("<IIHI", first, last, len(text), text_at)
        struct.pack_into("<II", vectors, (first >> 16) * 8, segment_at, segment_at)
    header = struct.pack("<HHIIIHH", 3, 1, 0, HEADER + VECTORS, HEADER + VECTORS + len(body), 4, 4)
    path.write_bytes(header.ljust(HEADER, b"\0") + vectors + body)
    return path
