"""The dashboard's feed: what happened lately, from the audit trail, failed sign-ins, imports, campaigns and builds, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import sign_in_log
from integrations.jenkins import looks, rights
from integrations.sheets import services as sheets
from integrations.sheets.models import ImportJob
from integrations.sms.models import Campaign
from project import events, figures
from project.core.admin import Tone, ago

SHOWN = 14
TONES: dict[str, Tone] = {"done": "ok", "failed": "bad", "cancelled": "idle", "undone": "warn", "stopped": "idle"}


@dataclass(frozen=True)
class Event:
    """One line of the feed."""

    at: datetime
    who: str
    what: str
    icon: str
    tone: Tone
    detail: str = ""
    url: str = ""

    @property
    def shown_at(self) -> SafeString:
        return ago(self.at)


def sources(request: HttpRequest) -> list[str]:
    """Return what the person who asks may read of the feed's sources."""
    wanted = (
        "auditlog.view_logentry",
        "accounts.view_loginevent",
        "sheets.view_importjob",
        "sms.view_campaign",
        "jenkins.view_job",
    )
    return [one for one in wanted if request.user.has_perm(one)]


def latest(request: HttpRequest) -> list[Event]:
    """Return the newest events the person who asks may see."""
    readers = {
        "auditlog.view_logentry": _audit,
        "accounts.view_loginevent": _failures,
        "sheets.view_importjob": _imports,
        "sms.view_campaign": _campaigns,
        "jenkins.view_job": _builds,
    }
    found = [event for source in sources(request) for event in readers[source](request)]
    return sorted(found, key=attrgetter("at"), reverse=True)[:SHOWN]


def _audit(request: HttpRequest) -> Iterator[Event]:
    # imports, campaigns and ends of builds come from their own rows
    entries = (
        events.seen_by(request.user)
        .exclude(additional_data__event__startswith="import.")
        .exclude(additional_data__event__startswith="sms_campaign.")
        .exclude(additional_data__event="jenkins_build.over")
        .select_related("actor", "content_type")
    )
    for entry in entries.order_by("-timestamp")[:SHOWN]:
        look = events.look_of(entry)
        yield Event(
            entry.timestamp,
            events.who(entry),
            str(look.text),
            look.icon,
            look.tone,
            detail=" · ".join(filter(None, (entry.object_repr, events.reason_of(entry)))),
            url=reverse("admin:auditlog_logentry_change", args=(entry.pk,)),
        )


def _failures(request: HttpRequest) -> Iterator[Event]:
    failed = sign_in_log.seen_by(request.user).filter(figures.FAILED)
    for one in failed.order_by("-created_at")[:SHOWN]:
        yield Event(
            one.created_at,
            one.user.get_full_name() if one.user else one.username,
            _("could not sign in: %(why)s") % {"why": one.get_reason_display()},
            "gpp_maybe",
            "bad",
            detail=one.ip or "",
            url=reverse("admin:accounts_loginevent_change", args=(one.pk,)),
        )


def _imports(request: HttpRequest) -> Iterator[Event]:
    finished = sheets.visible(ImportJob, request.user).exclude(finished_at=None)
    for job in finished.order_by("-finished_at")[:SHOWN]:
        yield Event(
            job.finished_at or job.created_at,
            job.created_by.get_full_name() if job.created_by else _("The system"),
            _("import: %(state)s") % {"state": job.get_state_display()},
            "upload_file",
            TONES.get(job.state, "info"),
            detail=f"{job.file_name} · {ngettext('%(n)d row', '%(n)d rows', job.written) % {'n': job.written}}",
            url=reverse("admin:sheets_importjob_change", args=(job.pk,)),
        )


def _campaigns(request: HttpRequest) -> Iterator[Event]:
    begun = Campaign.objects.seen_by(request.user).exclude(confirmed_at=None).select_related("confirmed_by")
    for one in begun.order_by("-confirmed_at")[:SHOWN]:
        recipients = ngettext("%(n)d recipient", "%(n)d recipients", one.good) % {"n": one.good}
        yield Event(
            one.finished_at or one.confirmed_at or one.created_at,
            one.confirmed_by.get_full_name() if one.confirmed_by else _("The system"),
            _("campaign: %(state)s") % {"state": one.get_state_display()},
            "campaign",
            TONES.get(one.state, "info"),
            detail=f"{one.name} · {recipients}",
            url=reverse("admin:sms_campaign_change", args=(one.pk,)),
        )


def _builds(request: HttpRequest) -> Iterator[Event]:
    over = rights.builds_of(request.user, "view").exclude(finished_at=None).select_related("job", "created_by")
    for build in over.order_by("-finished_at")[:SHOWN]:
        tone, icon = looks.STATES.get(build.state, ("info", "play_circle"))
        yield Event(
            build.finished_at or build.created_at,
            build.created_by.get_full_name() if build.created_by else _("The system"),
            _("build: %(state)s") % {"state": build.get_state_display()},
            icon,
            tone,
            detail=" · ".join(filter(None, (str(build), looks.took(build.milliseconds)))),
            url=reverse("admin:jenkins_build_change", args=(build.pk,)),
        )
