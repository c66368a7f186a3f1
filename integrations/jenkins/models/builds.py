"""Builds that people asked for, from the request to what came of it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.jenkins import sealing
from integrations.jenkins.models.jobs import Job
from integrations.jenkins.models.servers import Server
from project.core.jobs import Job as QueuedRow

HIDDEN = "******"


class BuildQuerySet(models.QuerySet["Build"]):
    def open(self) -> "BuildQuerySet":
        """Those that are not over."""
        return self.exclude(state__in=Build.FINAL)

    def not_started(self) -> "BuildQuerySet":
        """Those that Jenkins was not asked for yet."""
        return self.filter(state__in=[Build.State.REQUESTED, Build.State.APPROVED], asked_at=None)

    def waiting(self) -> "BuildQuerySet":
        """Those that wait for a second person."""
        return self.filter(state=Build.State.REQUESTED)


class Build(QueuedRow):
    """One build that somebody asked for. It is its own queue; written by `services` and nothing else.

    requested → approved | rejected | expired; approved → queued → running → success | failed | unstable | aborted | lost
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("waits for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        EXPIRED = "expired", _("nobody approved")
        QUEUED = "queued", _("in Jenkins' queue")
        RUNNING = "running", _("running")
        SUCCESS = "success", _("succeeded")
        FAILED = "failed", _("failed")
        UNSTABLE = "unstable", _("unstable")
        ABORTED = "aborted", _("aborted")
        LOST = "lost", _("lost")

    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({State.APPROVED, State.QUEUED, State.RUNNING})
    FINAL: ClassVar[frozenset[str]] = frozenset(
        {State.REJECTED, State.EXPIRED, State.SUCCESS, State.FAILED, State.UNSTABLE, State.ABORTED, State.LOST}
    )
    # longer than the calls of one claim take together
    LEASE_SECONDS: ClassVar[int] = 60

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.REQUESTED)
    server = models.ForeignKey(Server, models.CASCADE, related_name="builds", verbose_name=_("Jenkins server"))
    job = models.ForeignKey(Job, models.CASCADE, related_name="builds", verbose_name=_("job"))
    # who really asked, when somebody acted as the person
    actor_id = models.BigIntegerField(null=True, editable=False)
    # asked again with the same key, it is the same build
    key = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 (many have none)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    parameters = models.JSONField[dict[str, Any]](_("parameters"), default=dict, blank=True)
    # parameters that nobody may read, and files, sealed; empty once Jenkins has them
    secret = models.TextField(default="", blank=True, editable=False)
    # their names, which stay
    secret_names = models.JSONField[list[str]](default=list, blank=True, editable=False)
    notify_sms = models.BooleanField(_("text message at the end"), default=False)
    language = models.CharField(max_length=10, blank=True, editable=False)
    # what scheduled it, if nobody pressed a button
    schedule = models.ForeignKey(
        "jenkins.Schedule", models.SET_NULL, null=True, blank=True, related_name="builds", verbose_name=_("schedule")
    )

    # four eyes: what was asked for at the time, whatever the job says later
    approver_role = models.ForeignKey(
        "auth.Group", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who approves")
    )
    expires_at = models.DateTimeField(pgettext_lazy("an approval", "not later than"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision = models.CharField(_("why so decided"), max_length=300, blank=True)

    # written before Jenkins is asked: whoever finds it without a number looks before asking again
    asked_at = models.DateTimeField(null=True, editable=False)
    # what was there before we asked: {"next": 7, "queue": [12, 13]}
    marks = models.JSONField[dict[str, Any]](default=dict, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    # since when Jenkins does not know it any more, or cannot be asked
    missing_since = models.DateTimeField(null=True, editable=False)
    queue_number = models.PositiveBigIntegerField(_("place in the queue"), null=True, blank=True)
    why_waiting = models.CharField(_("why it waits"), max_length=300, blank=True)
    number = models.PositiveIntegerField(pgettext_lazy("a build", "number"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=20, blank=True)
    url = models.CharField(_("link"), max_length=1000, blank=True)
    # paths of the files it left, as far as they are plain
    artifacts = models.JSONField[list[str]](_("artifacts"), default=list, blank=True, editable=False)
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    milliseconds = models.BigIntegerField(_("duration"), default=0)
    estimated_milliseconds = models.BigIntegerField(_("expected duration"), default=0)
    stop_asked_at = models.DateTimeField(null=True, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("stopped by"),
    )

    objects = BuildQuerySet.as_manager()

    class Meta:
        verbose_name = _("build")
        verbose_name_plural = _("builds")
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [("approve_build", "Can approve builds"), ("stop_build", "Can stop builds")]
        indexes = [
            models.Index(fields=["state", "next_at"], name="jenkins_build_due"),
            models.Index(fields=["job", "-created_at"], name="jenkins_build_of_job"),
            models.Index(fields=["job", "number"], name="jenkins_build_by_number"),
            models.Index(fields=["server", "queue_number"], name="jenkins_build_by_place"),
        ]

    def __str__(self) -> str:
        return f"{self.job.full_name} #{self.number}" if self.number else self.job.full_name

    @property
    def secrets(self) -> dict[str, Any]:
        """The open secret parameters, for whoever starts it and for nobody else: texts, and files as {"file", "content"}.

        :raises Unreadable: when they were sealed under another SECRET_KEY.
        """
        found: dict[str, Any] = sealing.reveal(sealing.PARAMETERS, self.secret, {})
        return found

    @property
    def shown_parameters(self) -> dict[str, Any]:
        """What people see: all parameters, secret ones hidden."""
        return {**self.parameters, **dict.fromkeys(self.secret_names, HIDDEN)}

    @property
    def is_late(self) -> bool:
        """Whether its time to be approved is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def ends_at(self) -> datetime | None:
        """When it will be done, if it takes as long as those before; None while nobody knows."""
        if self.state != self.State.RUNNING or self.began_at is None or self.estimated_milliseconds <= 0:
            return None
        return self.began_at + timedelta(milliseconds=self.estimated_milliseconds)

    def move(self, state: str, **fields: Any) -> bool:
        """As every row that is its own queue; the secrets go once Jenkins has them, or never will."""
        if state not in {self.State.REQUESTED, self.State.APPROVED}:
            fields.setdefault("secret", "")
        return super().move(state, **fields)
