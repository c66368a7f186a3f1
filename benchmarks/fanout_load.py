"""The load client of fanout_load.c in Python, for machines without a C compiler: same arguments, same answer.

It needs more of the processor than the server, so it cannot saturate one; CPU per delivery is still the server's own.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

PAYLOAD = 200
REQUEST = (
    "GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer bench\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT = 1


class Listener(asyncio.Protocol):
    """One WebSocket that listens."""

    def __init__(self, port: int, heard: Callable[[bytes], None]) -> None:
        self.port, self.heard = port, heard
        self.rest = b""
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(REQUEST.format(port=self.port).encode())

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if not self.opened.done():
            head, found, self.rest = self.rest.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            if b" 101 " not in head:
                sys.exit(f"refused: {head[:100]!r}")
            self.opened.set_result(None)
        self._frames()

    def _frames(self) -> None:
        at, rest = 0, self.rest
        while len(rest) - at >= 2:
            size, head = rest[at + 1] & 127, 2
            if size == 126:
                if len(rest) - at < 4:
                    break
                size, head = int.from_bytes(rest[at + 2 : at + 4]), 4
            if len(rest) - at < head + size:
                break
            if rest[at] & 15 == TEXT:
                self.heard(rest[at + head : at + head + size])
            at += head + size
        self.rest = rest[at:]


class Load:
    """All listeners, and the loop that publishes."""

    def __init__(self, port: int, connections: int, window: int, mode: str) -> None:
        self.port, self.connections, self.window, self.mode = port, connections, window, mode
        self.delivered = self.published = 0
        self.times: list[float] = []
        self.measuring = False

    def heard(self, payload: bytes) -> None:
        mark = payload.find(b"@", 0, 64)
        if mark >= 0:
            self.delivered += 1
            if self.measuring:
                self.times.append(time.monotonic() * 1e6 - int(payload[mark + 1 : mark + 17]))

    def publish(self, transport: asyncio.WriteTransport) -> None:
        payload = f"@{int(time.monotonic() * 1e6):016}@".ljust(PAYLOAD, "x")
        frame = payload if self.mode == "stock" else json.dumps({"topic": "bench.publish", "data": payload})
        data = frame.encode()
        transport.write(bytes((0x81, 0x80 | 126)) + len(data).to_bytes(2) + bytes(4) + data)
        self.published += 1

    async def run(self, transport: asyncio.WriteTransport, seconds: float) -> float:
        """Keep `window` messages in flight."""
        published, delivered, began = self.published, self.delivered, time.monotonic()
        while time.monotonic() - began < seconds:
            complete = (self.delivered - delivered) // self.connections
            while self.published - published < complete + self.window:
                self.publish(transport)
            await asyncio.sleep(0)
        took = time.monotonic() - began
        ends_at = time.monotonic() + 10
        while (  # noqa: ASYNC110 (many listeners count, none of them knows all)
            self.delivered - delivered < (self.published - published) * self.connections and time.monotonic() < ends_at
        ):
            await asyncio.sleep(0.01)
        return took


def cpu(pid: int) -> float:
    """Return the server's CPU seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main(port: int, connections: int, window: int, seconds: float, pid: int, mode: str) -> None:
    """Measure once and print it."""
    loop = asyncio.get_running_loop()
    load = Load(port, connections, window, mode)
    before = cpu(pid)
    listeners = []
    for _ in range(connections):
        _transport, listener = await loop.create_connection(lambda: Listener(port, load.heard), "127.0.0.1", port)
        await listener.opened
        listeners.append(listener)
    handshake = cpu(pid) - before
    await asyncio.sleep(1)
    await load.run(listeners[0].transport, 0.5)
    delivered, before, load.measuring = load.delivered, cpu(pid), True
    took = await load.run(listeners[0].transport, seconds)
    used, times = cpu(pid) - before, sorted(load.times)
    found = {
        "delivered": load.delivered - delivered,
        "seconds": took,
        "cpu": used,
        "handshake_cpu": handshake,
        "p50": times[len(times) // 2] / 1000,
        "p99": times[int(len(times) * 0.99)] / 1000,
        "lost": 0,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    numbers = sys.argv[1:]
    asyncio.run(main(int(numbers[0]), int(numbers[1]), int(numbers[2]), float(numbers[3]), int(numbers[4]), numbers[5]))
