"""The composition root as an app: it dresses the admin, and looks at the settings."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "project"

    def ready(self) -> None:
        """Register the checks."""
        from project import checks  # noqa: F401, PLC0415 (the settings must be ready)
