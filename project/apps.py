"""The composition root as an app: it dresses the admin, and looks at the settings."""

import gc

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "project"

    def ready(self) -> None:
        """Register the checks; as the last app, call the collector of garbage, which need not look at what is here for good."""
        from project import checks  # noqa: F401, PLC0415 (the settings must be ready)

        gc.freeze()
        gc.enable()
