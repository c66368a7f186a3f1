"""Staff, departments, roles, sign-in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import checks, signing_in_and_out  # noqa: F401, PLC0415 (models must be loaded first)
        from accounts.api import schema  # noqa: F401, PLC0415 (models must be loaded first)
