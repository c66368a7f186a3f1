"""Where Jenkins keeps files of builds with an artifact manager plugin: a store that gives them to whoever has a signed address.

As S3 answers `GetObject` to a presigned URL: 403 `SignatureDoesNotMatch` for another signature, 404 `NoSuchKey`, and
307 `TemporaryRedirect` to where a bucket is.
"""

import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit


class Store:
    """`with Store() as store:` listens at `store.host`.

    :param pair: a certificate and its key: then it speaks https, as `localhost`.
    """

    def __init__(self, pair: tuple[Path, Path] | None = None) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.sends_on: str | None = None
        """Where it sends whoever comes, instead of answering; "" sends them to itself."""
        self.ends_after: int | None = None
        """So many bytes of a file come, then the connection is cut."""
        self._pair = pair

    def keep(self, key: str, content: bytes) -> str:
        """Keep a file; return an address at which it is given out."""
        signature = secrets.token_hex(32)
        self.files[key] = (content, signature)
        return f"{self.url}{quote(key)}?X-Amz-Expires=3600&X-Amz-Signature={signature}"

    @property
    def host(self) -> str:
        name = "localhost" if self._pair else "127.0.0.1"
        return f"{name}:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http{'s' if self._pair else ''}://{self.host}/"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        if self._pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._pair)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, store: Store) -> None:
        self.store = store
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that trusts no such certificate, or has gone, is none."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        store = self.server.store
        store.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if store.sends_on is not None:
            self._answer(307, b"TemporaryRedirect", Location=store.sends_on or f"{store.url.rstrip('/')}{self.path}")
            return
        parts = urlsplit(self.path)
        content, signature = store.files.get(unquote(parts.path.lstrip("/")), (None, ""))
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif parse_qs(parts.query).get("X-Amz-Signature") != [signature]:
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        else:
            self._answer(200, content, ends_after=store.ends_after)

    def _answer(self, status: int, body: bytes, *, ends_after: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:ends_after])
        self.close_connection = ends_after is not None

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the base class has it so)
        """Tests read `Store.requests` instead."""
