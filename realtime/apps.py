"""The gateway as a Django app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    """Finds `topics.py` of every app once all models are there."""

    name = "realtime"
    verbose_name = _("Realtime")

    def ready(self) -> None:
        import_module("realtime.handlers")
        import_module("realtime.queue.part")
        autodiscover_modules("topics")
