"""Workbooks in and out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SheetsConfig(AppConfig):
    """Imports and exports."""

    name = "integrations.sheets"
    label = "sheets"
    verbose_name = _("Imports and exports")

    def ready(self) -> None:
        """Say what becomes of a leaver's jobs."""
        from integrations.sheets import leaving  # noqa: PLC0415 (the models must be loaded first)

        leaving.register()
