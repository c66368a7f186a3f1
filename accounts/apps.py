"""Staff, departments, roles, sign-in."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what needs the models: checks, the schema's ways to sign in, Django's sign-in, the audit trail."""
        from auditlog.registry import auditlog  # noqa: PLC0415 (the models must be loaded first)

        from accounts import checks, leaving, models, signing_in_and_out  # noqa: F401, PLC0415 (likewise)
        from accounts.api import schema  # noqa: F401, PLC0415 (likewise)

        not_told = ["password", "last_login", "auth_epoch", "perm_epoch", "phone_claimed", "phone_verified"]
        auditlog.register(models.User, exclude_fields=not_told)
        auditlog.register(models.Department)
        auditlog.register(models.Role, m2m_fields={"departments"})
        leaving.register()
