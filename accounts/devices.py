"""What people sign in with: what a program says of itself, and whether this person has used that device before."""

import hashlib
import re
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import places
from accounts.models import Device, Origin, User

COOKIE = "gatehouse_device"
COOKIE_SECONDS = 400 * 86_400
"""Browsers keep none for longer."""
READ_AT_MOST = 300
"""Of a User-Agent: more says nothing, and patterns take their time for it."""
SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
ON_PHONES = re.compile(r"\bMobile\b ?| ?\biOS\b")
DESKTOP = re.compile(r"Electron/|QtWebEngine/|Tauri|NW\.js|CEF/|\bDesktop\b|Desktop/")
Kind = Origin.DeviceKind
APP = re.compile(r"okhttp|CFNetwork|Dart/|Alamofire|Dalvik|ReactNative|Expo/|Flutter|; wv\)")


class Program(NamedTuple):
    """The family of a browser (or another program), that of its system, and what kind of device it runs on."""

    browser: str = ""
    os: str = ""
    kind: str = Kind.OTHER

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.browser, self.os)))


def read(user_agent: str) -> Program:
    """Return what a User-Agent says; what nobody knows keeps its own first word."""
    return _read(user_agent[:READ_AT_MOST])


def name_of(user_agent: str) -> str:
    """Return something like "Firefox · Linux"."""
    return str(read(user_agent))


def seen_from(ip: str, user_agent: str) -> dict[str, Any]:
    """Return the fields of an Origin."""
    user_agent = user_agent.replace("\0", "")[:READ_AT_MOST]  # PostgreSQL has no NUL
    program, place = read(user_agent), places.of(ip)
    return {
        "ip": ip or None,
        "user_agent": user_agent,
        "country": place.country,
        "region": place.region,
        "browser": program.browser,
        "os": program.os,
        "device_kind": program.kind,
    }


@lru_cache(maxsize=1024)
def _read(user_agent: str) -> Program:
    from ua_parser import parse  # noqa: PLC0415 (its patterns take a while to load; most processes need none)

    found = parse(user_agent)
    browser = ON_PHONES.sub("", found.user_agent.family) if found.user_agent else _first_word(user_agent)
    system = SYSTEMS.get(found.os.family, found.os.family) if found.os else ""
    known = found.user_agent is not None and user_agent.startswith(("Mozilla/", "Opera/"))
    return Program(_plain(browser), _plain(system), _kind(user_agent, is_browser=known))


def _kind(user_agent: str, *, is_browser: bool) -> str:
    if DESKTOP.search(user_agent):
        return Kind.DESKTOP
    if APP.search(user_agent):
        return Kind.APP
    return Kind.WEB if is_browser else Kind.OTHER


def _first_word(user_agent: str) -> str:
    return user_agent.strip().partition(" ")[0].partition("/")[0]


def _plain(name: str) -> str:
    return "".join(one for one in name if one.isprintable())[:60].strip()


# --- known devices ---


def meet(user: User, origin: Origin, mark: str) -> bool:
    """Note that `user` signs in with a device; True when it is new to a person who has signed in before.

    :param mark: what tells two devices of the same program apart: a cookie of ours, or the name a client gives its device.
    """
    now = timezone.now()
    key = hashlib.sha256("\0".join((origin.browser, origin.os, mark)).encode()).hexdigest()
    known = Device.objects.filter(user=user)
    device, is_new = known.get_or_create(key=key, defaults={"user": user, "first_seen_at": now, "last_seen_at": now})
    if not is_new:
        known.filter(pk=device.pk).update(last_seen_at=now)
    return is_new and known.exclude(pk=device.pk).exists()


def mark_of(request: HttpRequest) -> str:
    """Return the mark of the browser that asks; one that has none gets one with the answer."""
    if not hasattr(request, "_device_mark"):
        request._device_mark = _marked(request) or secrets.token_hex(16)  # type: ignore[attr-defined]  # ours
    return str(request._device_mark)  # type: ignore[attr-defined]  # likewise


def _marked(request: HttpRequest) -> str:
    try:
        return str(request.get_signed_cookie(COOKIE, salt=COOKIE, max_age=COOKIE_SECONDS))
    except (KeyError, signing.BadSignature):
        return ""


class DeviceCookieMiddleware:
    """Gives a browser that has signed in its mark, or keeps that from running out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if mark := getattr(request, "_device_mark", ""):
            response.set_signed_cookie(
                COOKIE,
                mark,
                salt=COOKIE,
                max_age=COOKIE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
