"""What somebody who writes a client must know, gathered from the code: for /api/asyncapi/, the reference page and the docs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.core.errors import GatehouseError
from realtime.core.codes import REASONS, CloseCode
from realtime.core.frames import MAX_DEPTH
from realtime.errors import BadClientFrame, TooBusy
from realtime.topics import Topic
from realtime.transport.calls import REFUSALS

PLACEHOLDER = re.compile(r"\{\w+\}")
WHAT_TO_DO: dict[CloseCode, Any] = {
    CloseCode.FRAME_TOO_LARGE: gettext_lazy("Connect again, and send less at once."),
    CloseCode.SERVER_ERROR: gettext_lazy("Connect again after a pause that grows."),
    CloseCode.SERVER_RESTARTING: gettext_lazy("Connect again after the time the kick names, or a random part of 5 s."),
    CloseCode.IDLE: gettext_lazy("Connect again, and let yourself be heard: a ping in time is enough."),
    CloseCode.TOO_SLOW: gettext_lazy("Connect again, read faster, or join fewer groups; ask for what was missed."),
    CloseCode.FLOODING: gettext_lazy("Connect again after a pause, and send less often."),
    CloseCode.NOT_AUTHENTICATED: gettext_lazy("Get a new ticket or token, then connect."),
    CloseCode.DISPLACED: gettext_lazy("Tell the person; they may sign in again."),
    CloseCode.SESSION_ENDED: gettext_lazy("Ask the person to sign in again."),
    CloseCode.DISCONNECTED_BY_STAFF: gettext_lazy("Show the reason; the person decides whether to connect again."),
    CloseCode.ACCOUNT_DISABLED: gettext_lazy("Tell the person; only staff can help."),
    CloseCode.REPLACED: gettext_lazy("Stop: the person has other connections, which work."),
    CloseCode.NOT_ALLOWED: gettext_lazy("Stop: this page or address is not let in."),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """A close code."""

    code: int
    name: str
    reason: str
    reconnect: bool
    advice: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error code, and what a person reads."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Something of which there is a largest amount."""

    what: str
    value: str
    variable: str
    beyond: str


def endings() -> list[Ending]:
    """Return every close code of the gateway, with what a client should do after it."""
    return [Ending(one.value, one.name, _(REASONS[one]), one.may_reconnect, str(WHAT_TO_DO[one])) for one in CloseCode]


def limits() -> list[Limit]:
    """Return the limits of a connection and of a person, as they are set here."""
    idle, per_user = settings.GATEWAY_IDLE_SECONDS, settings.GATEWAY_MAX_PER_USER
    seconds, people = _("{n} s").format(n=f"{idle:g}") if idle else _("no limit"), str(per_user or _("no limit"))
    frame, buffer = filesizeformat(settings.GATEWAY_MAX_FRAME), filesizeformat(settings.GATEWAY_MAX_BUFFER)
    calls = str(settings.GATEWAY_MAX_TASKS)
    return [
        Limit(_("silence"), seconds, "GATEWAY_IDLE_SECONDS", str(int(CloseCode.IDLE))),
        Limit(_("largest frame"), frame, "GATEWAY_MAX_FRAME", str(int(CloseCode.FRAME_TOO_LARGE))),
        Limit(_("levels of nesting"), str(MAX_DEPTH), "", BadClientFrame.code),
        Limit(_("unsent bytes"), buffer, "GATEWAY_MAX_BUFFER", str(int(CloseCode.TOO_SLOW))),
        Limit(_("frames a second"), _rate(settings.GATEWAY_RATE), "GATEWAY_RATE", str(int(CloseCode.FLOODING))),
        Limit(
            _("frames a second of a person, on one node"),
            _rate(settings.GATEWAY_USER_RATE),
            "GATEWAY_USER_RATE",
            str(int(CloseCode.FLOODING)),
        ),
        Limit(_("calls at once"), calls, "GATEWAY_MAX_TASKS", TooBusy.code),
        Limit(_("connections of a person"), people, "GATEWAY_MAX_PER_USER", str(int(CloseCode.REPLACED))),
    ]


def _rate(rate: tuple[int, int] | None) -> str:
    return _("{rate}, at once {burst}").format(rate=rate[0], burst=rate[1]) if rate else _("no limit")


def failures() -> list[Failure]:
    """Return what an error frame may say: general errors, the gateway's own, and refused credentials, by code."""
    told: dict[str, str] = {}
    for one in _family(GatehouseError):
        if one.code[0] in "14" or one.code in REFUSALS.values():
            told.setdefault(one.code, PLACEHOLDER.sub("…", str(one.message)))
    return [Failure(code, told[code]) for code in sorted(told)]


def _family(parent: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _family(child)


def who_may_ask(topic: Topic) -> str:
    """Return in words who may ask a topic."""
    if topic.permission:
        return _("with the permission {permission}").format(permission=topic.permission)
    return _("anyone, guests too") if topic.guests else _("anyone signed in")
