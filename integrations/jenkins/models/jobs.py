"""Jobs and folders as their server last told of them, and what we ask beyond."""

from typing import Any, Self

from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.jenkins import names
from integrations.jenkins.client import shapes
from integrations.jenkins.models.servers import Server


class JobQuerySet(models.QuerySet["Job"]):
    def present(self) -> Self:
        """Those that the server has at present."""
        return self.filter(gone_at=None)

    def only_jobs(self) -> Self:
        return self.filter(is_folder=False)


class Job(models.Model):
    """A job or folder of a server. What Jenkins says is refreshed; approval is ours."""

    class Status(models.TextChoices):
        SUCCESS = "success", _("succeeded")
        FAILED = "failed", _("failed")
        UNSTABLE = "unstable", _("unstable")
        ABORTED = "aborted", _("aborted")
        RUNNING = "running", _("running")
        NOT_BUILT = "not_built", _("not built")
        DISABLED = "disabled", _("disabled")

    server = models.ForeignKey(Server, models.CASCADE, related_name="jobs", verbose_name=_("Jenkins server"))
    full_name = models.CharField(_("full name"), max_length=names.LONGEST)
    name = models.CharField(_("name"), max_length=names.LONGEST)
    # the full name of the folder it is in; empty at the top
    folder = models.CharField(_("folder"), max_length=names.LONGEST, blank=True)
    is_folder = models.BooleanField(_("is a folder"), default=False)
    url = models.CharField(_("link"), max_length=1000, blank=True)
    description = models.TextField(_("description"), blank=True)
    # the seed's: 1 the last build succeeded, 2 it failed, 0 anything else
    last_status = models.PositiveSmallIntegerField(_("last status"), default=0)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices, default=Status.NOT_BUILT)
    building = models.BooleanField(_("running"), default=False)
    buildable = models.BooleanField(_("can be built"), default=True)
    last_number = models.PositiveIntegerField(_("last number"), default=0)
    next_number = models.PositiveIntegerField(_("next number"), default=0)
    last_built_at = models.DateTimeField(_("last built"), null=True, blank=True)
    last_milliseconds = models.BigIntegerField(_("duration"), default=0)
    health = models.PositiveSmallIntegerField(_("health"), null=True, blank=True)
    health_text = models.CharField(_("health report"), max_length=300, blank=True)
    # [{"name", "kind", "description", "default", "choices"}]; defaults of secret ones are never kept
    parameters = models.JSONField[list[dict[str, Any]]](_("parameters"), default=list, blank=True)
    seen_at = models.DateTimeField(pgettext_lazy("a job", "last seen"), null=True, editable=False)
    gone_at = models.DateTimeField(_("gone since"), null=True, blank=True, editable=False)

    needs_approval = models.BooleanField(
        _("needs approval"), default=False, help_text=_("A second person must approve each build before it starts.")
    )
    approver_role = models.ForeignKey(
        Group,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who approves"),
        help_text=_("People of this role; empty: whoever may approve builds of this job."),
    )
    approval_hours = models.PositiveIntegerField(
        _("hours to approve"), default=24, validators=[MinValueValidator(1)], help_text=_("Then the request is over.")
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["full_name"]
        default_permissions = ("view",)
        permissions = [
            ("build_job", "Can start builds"),
            ("configure_job", "Can configure jobs"),
        ]
        constraints = [models.UniqueConstraint(fields=["server", "full_name"], name="jenkins_job_once")]
        indexes = [
            models.Index(fields=["server", "gone_at"], name="jenkins_job_present"),
            models.Index(fields=["status"], name="jenkins_job_by_status"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def definitions(self) -> list[shapes.Parameter]:
        """The parameters it asks for."""
        known = ("name", "kind", "description", "default")
        return [
            shapes.Parameter(**{name: one.get(name) for name in known}, choices=tuple(one.get("choices") or ()))
            for one in self.parameters
        ]

    @property
    def asks_for(self) -> list[shapes.Parameter]:
        """The parameters that people fill in: without the one by which we recognise our builds."""
        return [one for one in self.definitions if one.name != KEY_PARAMETER]

    @property
    def takes_key(self) -> bool:
        """Whether it has a parameter by which a build of ours is known again."""
        return any(one.name == KEY_PARAMETER for one in self.definitions)


KEY_PARAMETER = "GATEHOUSE_BUILD"
"""A job with a text parameter of this name gets our build's id there: the surest way to know it again."""
