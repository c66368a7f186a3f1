"""Jenkins."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JenkinsConfig(AppConfig):
    """Jenkins servers: their jobs, builds, logs, queues, and who may do what with them."""

    name = "integrations.jenkins"
    label = "jenkins"
    verbose_name = _("Builds")

    def ready(self) -> None:
        """Say what becomes of a leaver's builds and schedules."""
        from integrations.jenkins import leaving  # noqa: PLC0415 (the models must be loaded first)

        leaving.register()
