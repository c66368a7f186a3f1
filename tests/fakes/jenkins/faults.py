"""What goes wrong on demand, between the network and Jenkins.

`jenkins.faults.add("slow", 30)` makes every request slow until `jenkins.faults.clear()`; `path="queue"` limits it to
addresses that contain that, `method="POST"` to those requests, `times=1` to the next one.
"""

import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from tests.fakes.jenkins.stapler import Refused, Request, Response

MEGABYTE = 1 << 20
LOGIN = (
    b"<!DOCTYPE html><html><head><title>Sign in [Jenkins]</title></head><body><form name='login' method='post'>"
    b"<input name='j_username'><input name='j_password' type='password'></form></body></html>"
)

ODD = (
    rb'{"mode":"NORMAL","jobs":[{"name":"odd\u0000","fullName":"odd\ud800","url":"javascript:alert(1)","description":"\udfff\u0000",'
    rb'"nextBuildNumber":99999999999,"lastBuild":{"number":-5,"duration":-1,"timestamp":-9e99},"healthReport":[{"score":-7}],'
    rb'"property":[{"parameterDefinitions":[{"name":"P\u0000","type":"X","choices":["\ud800",7],"defaultParameterValue":'
    rb'{"value":"\ud800\u0000"}}]}]},{"name":7,"jobs":"no","color":{}},[],null]}'
)

MEANINGS = {
    "down": "connections are refused, those there are cut, for SIZE seconds (10)",
    "latency": "the answer comes after SIZE milliseconds",
    "slow": "the answer comes after SIZE seconds (30)",
    "black_hole": "nothing comes, ever",
    "lost": "the request is carried out, and the connection closed without an answer",
    "drip": "the body comes byte by byte, one each SIZE seconds (1)",
    "huge": "200 with a body of SIZE megabytes (200)",
    "cut": "the body comes in chunks, and the connection ends after SIZE bytes of it (10)",
    "endless": "nothing says how long the body is: it ends where the connection does",
    "gzip_bomb": "200 with a small body that unpacks to SIZE megabytes (200)",
    "html": "200 with the page to sign in",
    "crumb": "403, No valid crumb was included in the request",
    "unauthorized": "401",
    "forbidden": "403 of a user without the permission",
    "not_found": "404",
    "error": "500 with a page full of Java",
    "starting": "503, Please wait while Jenkins is getting ready to work",
    "empty": "200 with nothing",
    "broken": "200 with JSON that ends in the middle",
    "deep": "200 with JSON nested 100,000 deep",
    "odd": "200 with jobs whose texts and numbers no database takes",
    "redirect": "302 to another host (`to`)",
}


class Vanish(Exception):
    """Close the connection without a word."""


@dataclass
class Fault:
    kind: str
    size: float | None = None
    path: str = ""
    method: str = ""
    times: int = 0
    to: str = "http://169.254.169.254/latest/meta-data/"
    met: int = 0

    def meets(self, method: str, target: str) -> bool:
        return self.path in target and self.method in {"", method} and (not self.times or self.met < self.times)


@dataclass
class Faults:
    """The handle for tests, and what the control page drives."""

    refuse: Callable[[], None]
    accept: Callable[[], None]
    present: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cleared = threading.Event()
        self.timer: threading.Timer | None = None

    def add(self, kind: str, size: float | None = None, **limits: str | int) -> Fault:
        if kind not in MEANINGS or kind == "down":
            raise Refused(400, f"{kind} is none of {', '.join(MEANINGS)}, or a call of its own")
        fault = Fault(kind, size, **limits)  # type: ignore[arg-type]  # the fields of a Fault
        self.present.append(fault)
        return fault

    def down(self, seconds: float | None = None) -> None:
        """Refuse connections and cut those there are, until `clear()` or for some seconds."""
        self.refuse()
        if seconds is not None:
            self.timer = threading.Timer(seconds, self.clear)
            self.timer.start()

    def clear(self) -> None:
        """All is well again; what hung is let go."""
        self.present.clear()
        if self.timer:
            self.timer.cancel()
        self.cleared.set()
        self.cleared = threading.Event()
        self.accept()

    def meeting(self, method: str, target: str) -> list[Fault]:
        found = [fault for fault in list(self.present) if fault.meets(method, target)]
        for fault in found:
            fault.met += 1
        return found

    def before(self, fault: Fault) -> None:
        """Wait, where it is one of those that wait."""
        if fault.kind == "black_hole":
            self.cleared.wait()
            raise Vanish
        if fault.kind in {"latency", "slow"}:
            self.cleared.wait((fault.size or 0) / 1000 if fault.kind == "latency" else fault.size or 30)

    def instead(self, fault: Fault, request: Request) -> Response | None:
        """The answer in the place of Jenkins'."""
        match fault.kind:
            case "html":
                return Response(200, LOGIN)
            case "empty":
                return Response(200, b"", "application/json;charset=utf-8")
            case "broken":
                return Response(200, b'{"_class":"hudson.model.Hudson","jobs":[{"na', "application/json;charset=utf-8")
            case "deep":
                return Response(
                    200, b'{"jobs":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json;charset=utf-8"
                )
            case "odd":
                return Response(200, ODD, "application/json;charset=utf-8")
            case "redirect":
                return Response(302, headers={"Location": fault.to})
            case "gzip_bomb":
                packed = {"Content-Encoding": "gzip"}
                return Response(200, bomb(int(fault.size or 200)), "application/json;charset=utf-8", packed)
        refusals = {
            "crumb": Refused(403, "No valid crumb was included in the request"),
            "unauthorized": Refused(401, "Unauthorized", **{"WWW-Authenticate": 'Basic realm="Jenkins"'}),
            "forbidden": Refused(403, f"{request.user or 'anonymous'} is missing the Overall/Read permission"),
            "not_found": Refused(404, "Not Found"),
            "error": Refused(500, "java.lang.NullPointerException\n\tat hudson.model.Queue.getItems(Queue.java:1021)"),
            "starting": Refused(503, "Please wait while Jenkins is getting ready to work"),
        }
        if fault.kind in refusals:
            raise refusals[fault.kind]
        return None


def stream(fault: Fault, body: bytes, faults: Faults) -> Iterator[bytes]:
    """The body as the fault sends it."""
    if fault.kind == "endless":
        yield body
        return
    if fault.kind == "cut":
        yield body[: int(fault.size or 10)]
        raise Vanish
    if fault.kind == "huge":
        yield b'{"_class":"hudson.model.Hudson","description":"'
        for _ in range(int(fault.size or 200)):
            yield b"x" * MEGABYTE
        yield b'"}'
        return
    for each in body:
        yield bytes([each])
        if faults.cleared.wait(fault.size or 1):
            raise Vanish


@cache
def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(b'{"description":"')]
    packed += [packer.compress(b" " * MEGABYTE) for _ in range(megabytes)]
    return b"".join([*packed, packer.compress(b'"}'), packer.flush()])


def cut(connection: socket.socket) -> None:
    """End a connection somebody may be reading from."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
