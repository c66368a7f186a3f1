"""Watching a connection live: the frames it sends and gets, shown to another connection of staff.

Only while somebody watches is a connection's outbox wrapped and its frames looked at; of all others nothing is asked but
whether `taps` is empty. Everything is bounded: what is beyond the bounds is counted and left out. Whoever watches has to
say so again and again (`LEASE_SECONDS`), and for `LONGEST_SECONDS` at most; so a watcher who left, or who may not watch
any more, is forgotten on whatever node they were. Secrets are hidden before anything leaves the process.

Who may watch whom is decided in realtime/oversight.py.
"""

import asyncio
import json
import logging
import re
import time
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async

from project.core.redaction import HIDDEN, redacted, redacted_text
from realtime import cluster, watches
from realtime.commands import Command, carries_out
from realtime.core import frames
from realtime.core.connection import Connection
from realtime.core.frames import Frame, Message
from realtime.core.hub import Hub
from realtime.core.outbox import Outbox, Put
from realtime.core.run import Run
from realtime.models import Watch

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.25
MAX_FRAMES = 50
"""What a round shows at most …"""
MAX_BYTES = 65_536
"""… and of how many bytes; the rest is counted."""
MAX_TEXT = 8_192
"""A longer frame is cut."""
LEASE_SECONDS = 20.0
LONGEST_SECONDS = 15 * 60.0
AUTH = "auth"
"""The topic whose data is a credential, whatever it is called in there."""


@dataclass(slots=True)
class Watcher:
    """A connection that is shown the frames of another."""

    connection: str
    since: float
    until: float
    lease: float
    shown: int = 0


class TappedOutbox:
    """Stands before a connection's outbox: passes everything on, and tells the tap what was taken."""

    __slots__ = ("inner", "runs", "tap")

    def __init__(self, inner: Outbox, tap: "Tap") -> None:
        self.inner, self.tap = inner, tap
        self.runs: list[Run] = []
        """What waits for the next flush: until then more may be added."""

    def put(self, message: Message) -> Put:
        self._tell_runs()
        return self.tap.sent(message, self.inner.put(message))

    def put_now(self, message: Message) -> Put:
        self._tell_runs()
        return self.tap.sent(message, self.inner.put_now(message))

    def hold(self, message: Message) -> None:
        self._tell_runs()
        self.inner.hold(message)
        self.tap.sent(message, Put.QUEUED)

    def wait(self, run: Run) -> bool:
        if not self.inner.wait(run):
            return False
        self._tell_runs()
        self.runs.append(run)
        return True

    def flush(self) -> Put:
        self._tell_runs()
        return self.inner.flush()

    def _tell_runs(self) -> None:
        runs, self.runs = self.runs, []
        for run in runs:
            for message in run.messages:
                self.tap.sent(message, Put.QUEUED)

    def unsent(self) -> int:
        return self.inner.unsent()

    def taken(self) -> int:
        return self.inner.taken()

    def close(self, code: int, reason: str) -> None:
        self._tell_runs()
        self.inner.close(code, reason)
        self.tap.closed(code, reason)

    def discard(self) -> None:
        self.inner.discard()
        self.tap.gone = True


class Tap:
    """One watched connection. For the event loop that serves it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.watchers: dict[str, Watcher] = {}
        self.gone = False
        self._seen: list[tuple[float, str, Any, int]] = []
        self._bytes = self._left_out = 0
        self.outbox = connection.outbox
        connection.outbox = TappedOutbox(self.outbox, self)
        # a context of its own: the tap works for several watchers, and for none of the requests that began it
        self._task = asyncio.get_running_loop().create_task(self._show(), name="gateway-tap", context=Context())

    def watch(self, connection: str) -> bool:
        """Show frames to a connection for a while; True when it is new here."""
        now = time.monotonic()
        known = self.watchers.get(connection)
        if known is None:
            known = self.watchers[connection] = Watcher(connection, now, now + LONGEST_SECONDS, 0.0)
        known.lease = min(known.until, now + LEASE_SECONDS)
        return known.since == now

    def unwatch(self, connection: str) -> None:
        """Show no more to a connection."""
        if watcher := self.watchers.get(connection):
            watcher.lease = 0.0

    # what is seen

    def heard(self, frame: Frame, size: int) -> None:
        """Note a frame of the client."""
        self._note("in", frame, size)

    def sent(self, message: Message, put: Put) -> Put:
        """Note what the client was sent, unless it did not take it, or it is what this client watches itself."""
        # two who watch each other would never stop telling each other what they saw
        if put not in (Put.DROPPED, Put.FULL) and message.topic != frames.TAP_FRAMES:
            self._note("out", message, len(message.payload))
        return put

    def closed(self, code: int, reason: str) -> None:
        """Note that the server says goodbye."""
        self._note("note", f"{code} {reason}", 0)

    def _note(self, way: str, what: Any, size: int) -> None:
        self._bytes += size
        if len(self._seen) >= MAX_FRAMES or self._bytes > MAX_BYTES and self._seen:
            self._left_out += 1
        else:
            self._seen.append((time.time(), way, what, size))

    # what is shown

    async def _show(self) -> None:
        try:
            while True:
                await asyncio.sleep(ROUND_SECONDS)
                self._tell()
                ended = [one for one in self.watchers.values() if self.gone or one.lease <= time.monotonic()]
                for watcher in ended:
                    del self.watchers[watcher.connection]
                if not self.watchers:
                    self._unwrap()
                for watcher in ended:
                    await self._end(watcher)
                if not self.watchers:
                    return
        except Exception:
            log.exception("A connection that was watched is not watched any more.")
        finally:
            self._unwrap()

    def _tell(self) -> None:
        seen, self._seen = self._seen, []
        left_out, self._left_out, self._bytes = self._left_out, 0, 0
        if seen or left_out:
            for watcher in self.watchers.values():
                watcher.shown += len(seen)
            self._push(tuple(self.watchers), frames=[_shown(*one) for one in seen], left_out=left_out)

    def _push(self, to: tuple[str, ...], **what: Any) -> None:
        message = Message.push(frames.TAP_FRAMES, {"connection": self.connection.id, **what}, cluster.to_json)
        cluster.here().run(Command("send", ids=to, message=message))

    async def _end(self, watcher: Watcher) -> None:
        why = "closed" if self.gone else "time" if watcher.lease >= watcher.until else "left"
        self._push((watcher.connection,), frames=[], left_out=0, ended=why)
        seconds = round(time.monotonic() - watcher.since)
        await database_sync_to_async(_record_end, thread_sensitive=False)(self, watcher, why, seconds)

    def _unwrap(self) -> None:
        if taps.get(self.connection.id) is self:
            del taps[self.connection.id]
            self.connection.outbox = self.outbox


taps: dict[str, Tap] = {}
"""The watched connections of this process, by id."""


def heard(connection: Connection, frame: Frame, size: int) -> None:
    """Tell whoever watches `connection` of a frame that came in; ask `taps` first whether anybody watches at all."""
    if tap := taps.get(connection.id):
        tap.heard(frame, size)


@carries_out("watch")
def _watch(hub: Hub, command: Command) -> list[bool]:
    """Show what the named connection says and hears to `command.watcher`; tell whether that is new, [] when it is gone."""
    found = [one for name in command.ids if (one := hub.connections.get(name))]
    return [_tap_of(one).watch(command.watcher) for one in found]


@carries_out("unwatch")
def _unwatch(hub: Hub, command: Command) -> int:
    for tap in (found := [taps[name] for name in command.ids if name in taps]):
        tap.unwatch(command.watcher)
    return len(found)


def _tap_of(connection: Connection) -> Tap:
    if connection.id not in taps:
        taps[connection.id] = Tap(connection)
    return taps[connection.id]


_TOPIC = re.compile(r'"topic":"([^"\\]*)"')


def _shown(at: float, way: str, what: Any, size: int) -> dict[str, Any]:
    topic, text = "", ""
    if isinstance(what, Frame):
        topic, text = what.topic, _written(_body(what))
    elif isinstance(what, Message):
        topic, text = _read(what)
    else:
        text = redacted_text(what)
    return {"at": at, "way": way, "topic": topic, "size": size, "text": text[:MAX_TEXT], "cut": len(text) > MAX_TEXT}


def _body(frame: Frame) -> dict[str, Any]:
    data = HIDDEN if frame.topic == AUTH else frame.data
    return {"topic": frame.topic, "data": data} | ({} if frame.id is frames.MISSING else {"id": frame.id})


def _read(message: Message) -> tuple[str, str]:
    if message.binary:
        return "", message.payload[:64].hex(" ")
    if len(message.payload) > MAX_TEXT:
        text = message.payload[: MAX_TEXT + 4].decode(errors="ignore")
        topic = _TOPIC.search(text)
        return topic[1] if topic else "", redacted_text(text)
    body = json.loads(message.payload)
    return str(body.get("topic", "")), _written(body)


def _written(body: dict[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, default=str)
    if len(text) > MAX_TEXT:
        return redacted_text(text[: MAX_TEXT + 1])
    shown = {name: inner if name in {"id", "topic"} else redacted(inner) for name, inner in body.items()}
    return json.dumps(shown, ensure_ascii=False, default=str)


def _record_end(tap: Tap, watcher: Watcher, why: str, seconds: int) -> None:
    rows = Watch.objects.select_related("user", "watched_by")
    if row := rows.filter(connection=tap.connection.id, watcher=watcher.connection).first():
        watches.end(row, why, seconds=seconds, frames=watcher.shown)
