"""How people, devices and sessions are shown."""

import zlib
from collections.abc import Iterable
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import sessions
from accounts.devices import name_of
from accounts.models import LoginEvent, LoginSession, Origin, User
from accounts.places import name_of as name_of_place
from project.core.admin import DASH, Tone, badge
from project.core.errors import GatehouseError
from realtime import gateway

PHONES = frozenset({"iOS", "Android", "HarmonyOS"})
ICONS: dict[str, str] = {
    Origin.DeviceKind.WEB: "computer",
    Origin.DeviceKind.DESKTOP: "desktop_windows",
    Origin.DeviceKind.APP: "apps",
}


def online_among(people: Iterable[User]) -> set[int]:
    """Return the ids of those of `people` who hold a connection; nobody while the gateway cannot be asked."""
    try:
        return {one.pk for one in people if gateway.is_online(one.pk)}
    except GatehouseError:
        return set()


def person(user: User, *, online: bool = False) -> SafeString:
    """A face, the name, and the user name below."""
    name = user.get_full_name()
    below = user.username if name != user.username else user.nickname
    return format_html(
        '<span class="gh-person">{}<span><span class="gh-person-name">{}</span>'
        '<span class="gh-person-sub">{}</span></span></span>',
        avatar(user, online=online),
        name,
        below,
    )


def actor(session: LoginSession) -> SafeString:
    """Whose session it is, and as whom they act at the moment."""
    if session.subject is None:
        return person(session.user)
    acts = badge(_("as %(name)s") % {"name": session.subject.username}, "warn", icon="theater_comedy")
    return format_html("{} {}", person(session.user), acts)


def avatar(user: User, *, online: bool = False) -> SafeString:
    """A picture or initials, with a light while the person is online."""
    hue = zlib.crc32(user.username.encode()) % 360
    inner: Any = initials(user.get_full_name())
    if user.avatar:
        inner = format_html('<img src="{}" alt="" loading="lazy">', user.avatar.url)
    return format_html(
        '<span class="gh-avatar{}" style="--hue: {}"{}>{}</span>',
        " gh-online" if online else "",
        hue,
        format_html(' title="{}"', _("online")) if online else "",
        inner,
    )


def initials(name: str) -> str:
    """Two letters of a Latin name, the given name's last character of a Chinese one."""
    words = name.split()
    if len(words) > 1:
        return (words[0][:1] + words[-1][:1]).upper()
    return name[-1:] if name and ord(name[-1]) > 0x2E80 else name[:2].upper()


def status(user: User) -> SafeString:
    """Whether somebody may sign in, and where to."""
    if user.anonymised_at is not None:
        return badge(_("anonymised"), "idle", icon="domino_mask")
    if not user.is_active and user.left_at is not None:
        return badge(pgettext("account", "left"), "idle", icon="logout")
    if not user.is_active:
        return badge(_("disabled"), "bad", icon="block")
    if user.is_superuser:
        return badge(_("superuser"), "info", icon="star")
    if user.is_staff:
        return badge(_("staff"), "info", icon="badge")
    return badge(pgettext("account", "active"), "ok")


def factor(user: User) -> SafeString:
    """Whether a code is asked for when somebody signs in."""
    found = getattr(user, "second_factor", None)
    if found is not None and found.confirmed_at is not None:
        return badge(pgettext("second factor", "set up"), "ok", icon="shield_lock")
    return SafeString(DASH)


def phone(user: User) -> SafeString:
    """Whether codes go to somebody's number, and what is known of it."""
    if not user.phone:
        return SafeString(DASH)
    if user.has_verified_phone:
        return badge(pgettext("phone", "verified"), "ok", icon="verified")
    if user.phone == user.phone_claimed:
        return badge(_("typed by themselves: gets none until they verify it"), "warn")
    return badge(pgettext("phone", "not verified"), "idle")


def roles(names: Iterable[str]) -> SafeString:
    """Role names, one label each."""
    shown = format_html_join(" ", '<span class="gh-badge gh-idle gh-plain">{}</span>', ((name,) for name in names))
    return shown or SafeString(DASH)


def device(session: LoginSession) -> SafeString:
    """What somebody is signed in with."""
    name = device_name(session)
    below = (session.program if session.program != name else "", session.get_scope_display())
    return _device(session, name, " · ".join(filter(None, below)))


def program(event: LoginEvent) -> SafeString:
    """What somebody tried to sign in with."""
    new = badge(_("new device"), "warn", icon="devices") if event.is_new_device else event.get_device_kind_display()
    return _device(event, program_of(event), new)


def _device(origin: Origin, name: str, below: Any) -> SafeString:
    return format_html(
        '<span class="gh-person"><span class="gh-dot gh-idle"><span class="material-symbols-outlined" '
        'aria-hidden="true">{}</span></span><span><span class="gh-person-name">{}</span>'
        '<span class="gh-person-sub">{}</span></span></span>',
        "smartphone" if origin.os in PHONES else ICONS.get(origin.device_kind, "api"),
        name,
        below,
    )


def device_name(session: LoginSession) -> str:
    """The name the device gave itself, or what its program says it is."""
    return session.device or program_of(session)


def program_of(origin: Origin) -> str:
    """What the program says it is; rows from before it was read out say so too."""
    return origin.program or name_of(origin.user_agent) or _("Unknown device")


def place(origin: Origin) -> SafeString:
    """Where an address is, and the address below."""
    if not origin.ip:
        return SafeString(DASH)
    name = name_of_place(origin.country, origin.region)
    return format_html('<span class="gh-person-name">{}</span><span class="gh-person-sub">{}</span>', name, origin.ip)


def renewals(session: LoginSession) -> str:
    """How often use may still renew a session."""
    left = sessions.renewals_left(session)
    return _("without limit") if left is None else number_format(left)


def session_state(session: LoginSession) -> SafeString:
    """Live, run out, or why it ended."""
    if session.is_live:
        return badge(_("live"), "live")
    if session.ended_at is None:
        return badge(session.Reason.EXPIRED.label, "idle", icon="timer_off")
    tones: dict[str, Tone] = {
        session.Reason.REVOKED: "bad",
        session.Reason.REUSE: "bad",
        session.Reason.DISABLED: "bad",
        session.Reason.DISPLACED: "info",
    }
    return badge(session.get_end_reason_display(), tones.get(session.end_reason, "idle"))


def outcome(event: LoginEvent) -> SafeString:
    """How an attempt to sign in went."""
    if event.succeeded:
        return badge(event.get_reason_display(), "ok")
    tones: dict[str, Tone] = {
        event.Reason.UNLOCKED: "info",
        event.Reason.CAPTCHA: "info",
        event.Reason.LOCKED: "warn",
    }
    icon = "lock" if event.reason == event.Reason.LOCKED else ""
    return badge(event.get_reason_display(), tones.get(event.reason, "bad"), icon=icon)
