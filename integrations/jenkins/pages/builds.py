"""The page of one build: how far it is, who had a hand in it, and what may be done now."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from integrations.jenkins import looks, rights, services
from integrations.jenkins.models import Build
from project.core.admin import Tone, ago, relative

S = Build.State
ENDS = {S.SUCCESS, S.FAILED, S.UNSTABLE, S.ABORTED, S.LOST}


@dataclass(frozen=True)
class Step:
    """One line of a build's history; without a moment it is still to come."""

    icon: str
    tone: Tone
    title: str
    at: datetime | None = None
    lines: tuple[str, ...] = ()

    @property
    def shown_at(self) -> SafeString:
        return ago(self.at) if self.at else SafeString("")


def of(build: Build, user: Any) -> dict[str, Any]:
    """What is known of a build, and what `user` may do with it."""
    return {
        "build": build,
        "job": build.job,
        "server": build.server,
        "health": looks.health(build.server),
        "state": looks.state(build),
        "steps": list(steps(build)),
        "took": looks.took(build.milliseconds),
        "moves": not build.finished,
        "share": _share(build),
        "may_decide": services.may_decide(build, user),
        "own": build.created_by_id == user.pk,
        "may_stop": services.may_stop(build, user),
        "may_build": build.finished and rights.may(user, "build", build.job) and build.job.buildable,
        "needs_anew": bool(services.not_kept(build)),
        "key": uuid.uuid4().hex,
        "logged": build.number is not None or not build.finished,
        "parameters": shown_parameters(build),
        "files": [(*reversed(one.rpartition("/")[::2]), one) for one in build.artifacts],
    }


def shown_parameters(build: Build) -> list[tuple[str, str]]:
    """Parameters as people read them, in the job's own order; secret ones are hidden."""
    order = [one.name for one in build.job.asks_for]
    shown = build.shown_parameters
    names = [*(name for name in order if name in shown), *(name for name in shown if name not in order)]
    return [(name, _text(shown[name])) for name in names]


def steps(build: Build) -> Iterator[Step]:
    """From the request to what came of it, and the one that comes next."""
    yield _asked(build)
    yield from _decided(build)
    if build.asked_at is not None or build.state in {S.QUEUED, S.RUNNING}:
        place = _("place {n} in the queue").format(n=build.queue_number) if build.queue_number else ""
        why = build.why_waiting if build.state == S.QUEUED else ""
        yield Step("schedule", "info", _("Handed to Jenkins"), build.asked_at, tuple(filter(None, (place, why))))
    if build.number is not None:
        yield Step("play_circle", "live", _("Began as #{n}").format(n=build.number), build.began_at, _expected(build))
    if build.stop_asked_at is not None:
        yield Step("stop_circle", "warn", _("Stop"), build.stop_asked_at, (_name(build.stopped_by),))
    if build.missing_since is not None and not build.finished:
        text = _("Its server does not answer, or does not know it at present.")
        yield Step("cloud_off", "warn", _("Out of sight"), build.missing_since, (text, build.error))
    if build.state in ENDS:
        tone, icon = looks.STATES[build.state]
        title = _("Ended: {state}").format(state=build.get_state_display())
        yield Step(icon, tone, title, build.finished_at, _lines(looks.took(build.milliseconds), build.error))
    elif not build.finished:
        yield Step("more_horiz", "idle", _next(build))


def _asked(build: Build) -> Step:
    lines = [_name(build.created_by) if build.created_by else _("The schedule")]
    if build.schedule_id:
        lines.append(_("by the schedule “{name}”").format(name=build.schedule))
    if build.actor_id and build.actor_id != build.created_by_id:
        lines.append(_("by somebody who acted as this person"))
    if build.reason:
        lines.append(f"“{build.reason}”")
    return Step("edit", "idle", pgettext("step of a build", "Asked for"), build.created_at, tuple(lines))


def _decided(build: Build) -> Iterator[Step]:
    said = f"“{build.decision}”" if build.decision else ""
    who = _name(build.decided_by)
    match build.state:
        case S.REJECTED:
            yield Step("block", "bad", _("Rejected"), build.decided_at, _lines(who, said))
        case S.EXPIRED:
            yield Step("timer_off", "idle", _("Nobody approved it in time"), build.finished_at)
        case _ if build.decided_at is not None:
            yield Step("task_alt", "ok", _("Approved"), build.decided_at, _lines(who, said))


def _next(build: Build) -> str:
    match build.state:
        case S.REQUESTED:
            until = relative(build.expires_at) if build.expires_at else ""
            return _("Waits for a second person; the request is over {when}").format(when=until)
        case S.APPROVED:
            return _("Is handed to Jenkins")
        case S.QUEUED:
            return _("Waits in Jenkins' queue")
    return pgettext("step of a build", "Runs")


def _expected(build: Build) -> tuple[str, ...]:
    if build.ends_at is None:
        return ()
    return (_("usually takes {span}").format(span=looks.took(build.estimated_milliseconds)),)


def _share(build: Build) -> int | None:
    """Per cent of the time it usually takes; None where nobody knows."""
    if build.ends_at is None or build.began_at is None:
        return None
    past = (timezone.now() - build.began_at).total_seconds() * 1000
    return max(1, min(99, round(100 * past / build.estimated_milliseconds)))


def _name(person: Any) -> str:
    return (person.get_full_name() or person.get_username()) if person is not None else _("The system")


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(one for one in texts if one)


def _text(value: Any) -> str:
    return _("yes") if value is True else _("no") if value is False else str(value)
