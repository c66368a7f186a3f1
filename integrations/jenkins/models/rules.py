"""Who may do what with which jobs."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.jenkins import names
from integrations.jenkins.models.servers import Server


class Rule(models.Model):
    """Opens a folder (or one job) to a role or a person, and closes it to everybody else.

    The permission to do something at all comes from roles. Where a folder has rules about an action, only those whom they
    name may do it there; the nearest folder with such rules decides.
    """

    server = models.ForeignKey(Server, models.CASCADE, related_name="rules", verbose_name=_("Jenkins server"))
    folder = models.CharField(
        _("folder or job"), max_length=names.LONGEST, blank=True, help_text=_("Its full name; empty: the whole server.")
    )
    role = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("role"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    may_view = models.BooleanField(_("see"), default=True)
    may_build = models.BooleanField(_("build"), default=False)
    may_approve = models.BooleanField(_("approve"), default=False)
    may_configure = models.BooleanField(_("configure"), default=False)

    class Meta:
        verbose_name = _("rule for jobs")
        verbose_name_plural = _("rules for jobs")
        ordering = ["server", "folder", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__isnull=True, person__isnull=False) | Q(role__isnull=False, person__isnull=True),
                name="jenkins_rule_for_one",
                violation_error_message=_("Choose a role or a person, and not both."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.folder or self.server.name} · {self.role or self.person}"

    def about(self, action: str) -> bool:
        """Whether it opens `action`: view, build, approve or configure."""
        return bool(getattr(self, f"may_{action}"))

    def names_one_of(self, person: Any, role_ids: set[int]) -> bool:
        return self.person_id == person.pk if self.role_id is None else self.role_id in role_ids
