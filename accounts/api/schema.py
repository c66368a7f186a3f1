"""How the OpenAPI schema describes our ways to say who one is."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself by a hook without types
    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `auth/login`."}


class ApiToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # likewise
    target_class = "accounts.machines.authentication.MachineAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ght_…", "description": "From `auth/tokens`."}

    def get_security_requirement(self, auto_schema: Any) -> Any:
        # about people's own sign-in: no machine has any business there
        return None if auto_schema.path.startswith("/api/v1/auth/") else super().get_security_requirement(auto_schema)


class Cookie(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # likewise
    target_class = "accounts.authentication.AdminSessionAuthentication"
    name = "backOfficeCookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Changes need the CSRF token too.",
        }
