"""The port: HTTP in, Stapler asked, HTTP out; faults and the record of requests in between."""

import email.parser
import html
import json
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.jenkins.faults import MEANINGS, Vanish, cut, stream
from tests.fakes.jenkins.stapler import Refused, Request, Response

if TYPE_CHECKING:
    from tests.fakes.jenkins.simulator import Simulator

CONTROL = "/__sim__/"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, simulator: "Simulator") -> None:
        self.simulator = simulator
        self.connections: set[Any] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            cut(connection)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def handle_one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = read(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        if request.path.startswith(CONTROL):
            try:
                self.send(control(self.server.simulator, request))
            except Refused as refused:
                self.send(page(refused))
            return
        simulator = self.server.simulator
        simulator.requests.append(request)
        faults = simulator.faults.meeting(request.method, self.path)
        try:
            for fault in faults:
                simulator.faults.before(fault)
            self._answer(request, faults)
        except Vanish:
            self.close_connection = True
            cut(self.connection)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = handle_one  # noqa: N815 (the base calls them so)

    def _answer(self, request: Request, faults: list[Any]) -> None:
        simulator, slowly, framed = self.server.simulator, None, True
        try:
            instead = [found for fault in faults if (found := simulator.faults.instead(fault, request))]
            response = instead[0] if instead else simulator.answer(request)
        except Refused as refused:
            response = page(refused)
        for fault in faults:
            if fault.kind == "lost":
                raise Vanish
            if fault.kind in {"huge", "drip", "cut", "endless"} and not (slowly and fault.kind == "endless"):
                slowly = stream(fault, response.body, simulator.faults)
            framed = framed and fault.kind != "endless"
        self.send(response, slowly, framed=framed)

    def send(self, response: Response, slowly: Iterable[bytes] | None = None, *, framed: bool = True) -> None:
        """Answer; what comes slowly comes in chunks, as Jetty sends what it does not know the length of."""
        framed = framed and self.request_version == "HTTP/1.1"
        self.send_response(response.status)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", response.kind)
        for name, value in response.headers.items():
            self.send_header(name, value.encode("ascii", "replace").decode())
        if slowly is None:
            self.send_header("Content-Length", str(len(response.body)))
        elif framed:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if slowly is None:
            self._write(response.body)
            return
        for chunk in slowly:
            self._write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if framed else chunk)
        if framed:
            self._write(b"0\r\n\r\n")

    def _write(self, some: bytes) -> None:
        self.wfile.write(some)
        self.wfile.flush()

    def version_string(self) -> str:
        return "Jetty(12.1.0)"

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the base calls it so)
        """Tests read `Simulator.requests` instead."""


def read(method: str, target: str, headers: dict[str, str], body: bytes) -> Request:
    """A request with the parameters of its query and of its form."""
    parts = urlsplit(target)
    words = [unquote(word) for word in parts.path.strip("/").split("/")]
    url = f"http://{headers.get('host', '127.0.0.1')}{parts.path}"
    request = Request(method, parts.path, parts.query, headers, body, url, rest=words)
    request.parameters = parse_qs(parts.query, keep_blank_values=True)
    kind = headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        for name, values in parse_qs(body.decode(), keep_blank_values=True).items():
            request.parameters.setdefault(name, []).extend(values)
    elif kind.startswith("multipart/form-data"):
        _read_parts(request, kind)
    return request


def _read_parts(request: Request, kind: str) -> None:
    message = email.parser.BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    for part in message.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file_name = part.get_filename()
        if file_name is None:
            request.parameters.setdefault(name, []).append(content.decode())
        else:
            request.files[name] = (file_name, content)


def page(refused: Refused) -> Response:
    """What Jetty and Jenkins make of an error: a page for people."""
    said = html.escape(refused.message)
    title = f"Error {refused.status} {said}"
    body = f"<html><head><title>{title}</title></head><body><h2>HTTP ERROR {refused.status} {said}</h2></body></html>"
    return Response(refused.status, body.encode(), headers=refused.headers)


def control(simulator: "Simulator", request: Request) -> Response:
    """`/__sim__/`: what is there; `/__sim__/faults`: POST kind=… adds one, DELETE clears; `/__sim__/restart`."""
    match request.rest[1:], request.method:
        case ["faults"], "POST":
            _add(simulator, {name: values[0] for name, values in request.parameters.items()})
        case ["faults"], "DELETE":
            simulator.faults.clear()
        case ["skip"], "POST":
            simulator.skip(float(request.get("seconds") or 0))
        case ["restart"], "POST":
            simulator.restart(float(request.get("seconds") or 2))
    told = {
        "faults": [asdict(fault) for fault in simulator.faults.present],
        "kinds": MEANINGS,
        "requests": dict(simulator.counts()),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(simulator.jenkins.now)),
    }
    return Response(200, json.dumps(told, indent=1).encode(), "application/json")


def _add(simulator: "Simulator", asked: dict[str, str]) -> None:
    if asked.get("kind") == "down":
        seconds = float(asked.get("size", 10))
        threading.Thread(target=simulator.faults.down, args=(seconds,)).start()
        return
    limits: dict[str, str | int] = {name: asked[name] for name in ("path", "method", "to") if name in asked}
    if "times" in asked:
        limits["times"] = int(asked["times"])
    simulator.faults.add(asked.get("kind", ""), float(asked["size"]) if "size" in asked else None, **limits)
