"""Logs: one format for our own lines and the standard library's, each with request id, user id and module.

    log = structlog.get_logger(__name__)
    log.info("import.done", rows=500)

`configure` is called when Django's apps are ready, so every process (server, worker, command) logs alike. Lines go to
standard output and, with LOG_FILE, to a file that rotates by size, count and age (`rotation.py`). Secrets are taken
out of everything, tracebacks included, as the last step before a line is rendered (`redaction.py`).
"""

import logging
import os
import sys
from collections.abc import Iterable
from typing import Any

import structlog
from django.conf import settings
from structlog.types import EventDict, Processor, WrappedLogger

from project.core import context
from project.core.redaction import redacted
from project.core.rotation import RotatingFile

OURS = ("gatehouse", "project", "accounts", "integrations", "realtime")
"""Loggers that follow LOG_LEVEL all the way down; others' debug lines show frames, headers and SQL parameters."""
SILENT = ("uvicorn.access",)
"""Would show query strings; the request context writes the access log."""
REPEATING = ("django.request", "django.channels.server")
"""Say once more, without a request id, what the access log and the error handlers say; DEBUG's own pages need them."""

ONLY_WARNINGS = ("celery.beat", "celery.worker.strategy", "celery.worker.request", "celery.app.trace")
"""Would say three lines for every look for forgotten work, all day; jobs log their own."""

_process = 0


def configure() -> None:
    """Set up logging for this process. May be called again."""
    handlers = list(_handlers())
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if getattr(handler, "of_gatehouse", False)]:
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        handler.of_gatehouse = True  # type: ignore[attr-defined]  # how the next call knows which to replace
        root.addHandler(handler)
    _set_levels(root)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=not settings.TESTING,  # a cached logger cannot be listened to by a test
    )


def tell_processes_apart() -> None:
    """Put this process's id into each line: several of them write to one terminal."""
    global _process
    _process = os.getpid()


def flush() -> None:
    """Write out what is still held, before a process ends."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def formatter(kind: str, *, colours: bool = False) -> logging.Formatter:
    """Return the formatter of `console` or `json` lines."""
    renderer: Processor
    if kind == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared(), _plain_arguments],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _redact,
            renderer,
        ],
    )


def _handlers() -> Iterable[logging.Handler]:
    terminal = sys.stdout.isatty()
    kind = settings.LOG_FORMAT or ("console" if terminal else "json")
    out = _StandardOutput()
    out.setFormatter(formatter(kind, colours=terminal))
    yield out
    if settings.LOG_FILE:
        file = RotatingFile(settings.LOG_FILE, **settings.LOG_ROTATION)
        file.setFormatter(formatter(settings.LOG_FORMAT or "json"))
        yield file


class _StandardOutput(logging.StreamHandler[Any]):
    """Writes to whatever is standard output at the moment of writing."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)

    @property
    def stream(self) -> Any:
        return sys.stdout

    @stream.setter
    def stream(self, _stream: Any) -> None:
        """It is looked up each time."""


def _set_levels(root: logging.Logger) -> None:
    level = logging.getLevelNamesMapping()[settings.LOG_LEVEL]
    root.setLevel(max(level, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in REPEATING:
        logging.getLogger(name).setLevel(logging.ERROR if settings.DEBUG else logging.CRITICAL)
    for name in ONLY_WARNINGS:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in SILENT:
        silent = logging.getLogger(name)
        silent.handlers.clear()
        silent.propagate = False
    for name in ("uvicorn", "uvicorn.error", "celery", "django", "django.server"):
        stranger = logging.getLogger(name)
        stranger.handlers.clear()
        stranger.propagate = True


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _add_asker,
        _add_process,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _add_asker(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    asking = context.current()
    if asking is not None:
        event.setdefault("request_id", asking.request_id)
        event.setdefault("module", asking.module)
        if asking.user is not None:
            event.setdefault("user_id", asking.user.user_id)
            if asking.user.actor_id is not None:
                event.setdefault("actor_id", asking.user.actor_id)
            if asking.user.machine:
                event.setdefault("machine", asking.user.machine)
    return event


def _add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if _process:
        event.setdefault("process", _process)
    return event


def _plain_arguments(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The standard library's records carry objects nobody wants to see rendered."""
    event.pop("positional_args", None)
    return event


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    hidden = redacted({name: value for name, value in event.items() if name not in {"timestamp", "level", "logger"}})
    return {**event, **hidden}
