"""How much of a build's log is here, and who fetches the rest."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.jenkins.models.builds import Build


class BuildLog(models.Model):
    """A build's log: the text is a file, this row says how far it is good, and whose turn it is to read on.

    Whoever holds the lease is the only reader that Jenkins sees, over all nodes.
    """

    build = models.OneToOneField(Build, models.CASCADE, primary_key=True, related_name="log", verbose_name=_("build"))
    # bytes of the file that are good: what viewers count in
    size = models.BigIntegerField(_("size"), default=0)
    # where Jenkins goes on, in its own count: its log has notes in it that are not told
    remote_offset = models.BigIntegerField(default=0)
    complete = models.BooleanField(_("complete"), default=False)
    # the log was longer than we keep
    cut = models.BooleanField(_("cut"), default=False)
    reader = models.CharField(max_length=120, default="", blank=True)
    lease_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("log")
        verbose_name_plural = _("logs")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.build)
