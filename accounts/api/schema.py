"""How the OpenAPI schema describes our two ways to say who one is."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself by a hook without types
    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `auth/login`."}


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
