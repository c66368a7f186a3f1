"""How jobs and builds look: the colour and the icon of each state, how long something took, and a server's health."""

from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.jenkins.errors import (
    CredentialsRefused,
    NotReached,
    RefusedByJenkins,
    SentElsewhere,
    UnknownCertificate,
)
from integrations.jenkins.models import Build, Job, Server
from project.core.admin import Tone, badge
from project.core.errors import GatehouseError

STATUSES: Mapping[str, tuple[Tone, str]] = {
    Job.Status.SUCCESS: ("ok", "check_circle"),
    Job.Status.FAILED: ("bad", "error"),
    Job.Status.UNSTABLE: ("warn", "warning"),
    Job.Status.ABORTED: ("idle", "cancel"),
    Job.Status.RUNNING: ("live", "sensors"),
    Job.Status.NOT_BUILT: ("idle", "radio_button_unchecked"),
    Job.Status.DISABLED: ("idle", "pause_circle"),
}
STATES: Mapping[str, tuple[Tone, str]] = {
    Build.State.REQUESTED: ("warn", "how_to_reg"),
    Build.State.APPROVED: ("info", "task_alt"),
    Build.State.REJECTED: ("bad", "block"),
    Build.State.EXPIRED: ("idle", "timer_off"),
    Build.State.QUEUED: ("info", "schedule"),
    Build.State.RUNNING: ("live", "sensors"),
    Build.State.SUCCESS: ("ok", "check_circle"),
    Build.State.FAILED: ("bad", "error"),
    Build.State.UNSTABLE: ("warn", "warning"),
    Build.State.ABORTED: ("idle", "cancel"),
    Build.State.LOST: ("warn", "help"),
}
HEALTH: Mapping[str, tuple[Any, Tone, str]] = {
    "ok": (gettext_lazy("answers"), "ok", "check_circle"),
    "down": (gettext_lazy("does not answer"), "bad", "error"),
    "restarting": (gettext_lazy("about to restart"), "warn", "restart_alt"),
    "unknown": (gettext_lazy("not asked yet"), "idle", "help"),
    "off": (gettext_lazy("switched off"), "idle", "toggle_off"),
}
TROUBLES: Mapping[str, type[GatehouseError]] = {
    one.code: one for one in (NotReached, CredentialsRefused, RefusedByJenkins, SentElsewhere, UnknownCertificate)
}
SUNNY, CLOUDY = 80, 40
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def status(job: Job) -> SafeString:
    """What became of a job's last build."""
    tone, icon = STATUSES.get(job.status, ("info", ""))
    return badge(job.get_status_display(), tone, icon=icon)


def statuses() -> dict[str, dict[str, str]]:
    """All of them, for the script that draws a job anew."""
    return {
        str(value): {"text": str(label), "tone": STATUSES[value][0], "icon": STATUSES[value][1]}
        for value, label in Job.Status.choices
    }


def state(build: Build) -> SafeString:
    """How far a build is."""
    tone, icon = STATES.get(build.state, ("info", ""))
    return badge(build.get_state_display(), tone, icon=icon)


def states() -> dict[str, dict[str, str]]:
    """All of them, for the script that tells a person how a build ended."""
    return {
        str(value): {"text": str(label), "tone": STATES[value][0], "icon": STATES[value][1]}
        for value, label in Build.State.choices
    }


def trouble(server: Server) -> str:
    """Why a server did not answer, in the reader's language where we know the words without their details."""
    known = TROUBLES.get(server.trouble_code)
    return str(known(server=server.name)) if known else server.trouble


def health(server: Server) -> SafeString:
    """Whether a server answers."""
    text, tone, icon = HEALTH[server.health]
    return badge(text, tone, icon=icon)


def weather(health: int | None) -> str:
    """The icon of a job's health, as Jenkins' own: sun, clouds, thunder."""
    if health is None:
        return ""
    return "sunny" if health >= SUNNY else "partly_cloudy_day" if health >= CLOUDY else "thunderstorm"


def took(milliseconds: int) -> str:
    """A duration with the two units that matter ("3 min 20 s"); "" for none."""
    seconds = round(milliseconds / 1000)
    if milliseconds <= 0:
        return ""
    if milliseconds < MINUTE_MS:
        return _("{seconds} s").format(seconds=seconds if milliseconds >= 10_000 else round(milliseconds / 1000, 1))
    if milliseconds < HOUR_MS:
        return _("{minutes} min {seconds} s").format(minutes=seconds // 60, seconds=seconds % 60)
    return _("{hours} h {minutes} min").format(hours=seconds // 3600, minutes=seconds % 3600 // 60)
