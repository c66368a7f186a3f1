"""Workbooks in and out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SheetsConfig(AppConfig):
    """Imports and exports."""

    name = "integrations.sheets"
    label = "sheets"
    verbose_name = _("Imports and exports")
