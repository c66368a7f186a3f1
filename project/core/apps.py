"""What happens once in every process, before anything is asked."""

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """The core: what every app may use."""

    name = "project.core"
    label = "core"
    verbose_name = _("Core")

    def ready(self) -> None:
        """Set up logs, refuse a cache adapter we do not have, let tasks and the audit trail know who asked."""
        from project.core import audit, carried, databases, logs  # noqa: PLC0415 (needs the settings)
        from project.core.cache import stores  # noqa: PLC0415 (likewise)

        logs.configure()
        checks.register(databases.check, checks.Tags.database)
        for cache in settings.CACHES.values():
            stores.check(cache["LOCATION"])
        carried.connect()
        audit.connect()
