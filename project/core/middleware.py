"""The first middleware: whoever comes in gets a request id, a true address, a context, and one line in the log."""

import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from project.core import addresses, context, errors
from project.core.api import bad_request

log = structlog.get_logger("gatehouse.access")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")
MODULE_OF = {"admin": "admin", "api": "api", ".well-known": "api", "console": "console", "ws": "websocket"}
FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
QUIET_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
AGENT_LENGTH = 300
TOO_LARGE = "gatehouse.too_large"
"""In the ASGI scope of a request whose body was cut: the most bytes it may have."""
BEHIND_A_STRANGER = "behind_a_stranger"
"""Context data: did a proxy nobody told us to trust pass this request on? Then its address is the proxy's."""

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class RequestContextMiddleware:
    """Begins and ends `project.core.context` around every request, sync or async. Must be first."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response: Any = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._acall(request)
        before = context.current()
        began = _begin(request)
        try:
            return _finish(request, _refusal(request) or self.get_response(request), began)
        finally:
            context.leave(before)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        before = context.current()
        began = _begin(request)
        try:
            return _finish(request, _refusal(request) or await self.get_response(request), began)
        finally:
            context.leave(before)


def module_of(path: str) -> str:
    """Return the module a path belongs to: its first segment, when that is one."""
    return MODULE_OF.get(path.lstrip("/").partition("/")[0], context.DEFAULT_MODULE)


def request_id_from(given: str) -> str:
    """Return `given` if it is well-formed, else a new id."""
    return given if REQUEST_ID.fullmatch(given) else context.new_request_id()


def _begin(request: HttpRequest) -> float:
    meta = request.META
    peer = str(meta.get("REMOTE_ADDR") or "")
    ip = addresses.client_ip(peer, str(meta.get("HTTP_X_FORWARDED_FOR", "")))
    through_a_stranger = False
    if not addresses.trusted(peer):
        # taken out, so that nobody further in (DRF, auditlog, get_host) can believe them
        through_a_stranger = any(name in meta for name in FORWARDED)
        for name in FORWARDED:
            meta.pop(name, None)
    elif "HTTP_X_FORWARDED_FOR" in meta:
        meta["HTTP_X_FORWARDED_FOR"] = ip
    meta["REMOTE_ADDR"] = ip
    context.init(
        module=module_of(request.path_info),
        request_id=request_id_from(str(meta.get("HTTP_X_REQUEST_ID", ""))),
        ip=ip,
        user_agent=str(meta.get("HTTP_USER_AGENT", ""))[:AGENT_LENGTH],
        session=lambda: getattr(request, "session", None),
    )
    context.set_data(BEHIND_A_STRANGER, through_a_stranger)
    _measure_body(request)
    return time.perf_counter()


def _measure_body(request: HttpRequest) -> None:
    """Give a chunked body the length everybody looks for: the server has received it whole by now."""
    body: Any = getattr(request, "_stream", None)
    if "CONTENT_LENGTH" not in request.META and "HTTP_TRANSFER_ENCODING" in request.META and hasattr(body, "seek"):
        request.META["CONTENT_LENGTH"] = str(body.seek(0, os.SEEK_END))
        body.seek(0)


def _refusal(request: HttpRequest) -> HttpResponseBase | None:
    """Refuse a body that was cut for its size, and what no database takes and nobody types."""
    if limit := getattr(request, "scope", {}).get(TOO_LARGE):
        return bad_request(request, errors.TooLarge(limit=f"{limit // 1024**2} MB"))
    if "\x00" in request.path_info or "%00" in str(request.META.get("QUERY_STRING", "")):
        return bad_request(request, BadRequest("NUL in the address"))
    return None


def _finish(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    response.headers["X-Request-ID"] = context.get_request_id()
    quiet = request.path_info in QUIET_PATHS and response.status_code < 400
    tell = log.debug if quiet else log.error if response.status_code >= 500 else log.info
    tell(
        "request",
        method=request.method,
        path=request.path_info,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - began) * 1000, 1),
        ip=context.get_ip(),
    )
    return response
