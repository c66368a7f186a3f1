"""The admin's face: name, mark, colours, and where its parts are."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def asset(path: str) -> Any:
    """Return a callable that answers the URL of a static file (the files' names carry a hash)."""
    return lambda _request: static(path)


def surroundings(_request: HttpRequest) -> list[Any] | None:
    """Say which installation this is, unless it is the real one."""
    from django.conf import settings  # noqa: PLC0415 (this module is read while settings are being made)

    names = {"debug": (_("Debug"), "warning"), "dev": (_("Development"), "info"), "test": (_("Test"), "info")}
    found = names.get(settings.ENVIRONMENT)
    return list(found) if found else None


# The same scales as static/gatehouse/colours.css, for pages outside the admin; a test keeps them equal.
COLOURS = {
    "base": {
        "50": "oklch(98.4% .003 235)",
        "100": "oklch(96.6% .006 235)",
        "200": "oklch(92.6% .011 240)",
        "300": "oklch(86.8% .018 243)",
        "400": "oklch(71% .03 245)",
        "500": "oklch(54.5% .034 247)",
        "600": "oklch(44.2% .034 248)",
        "700": "oklch(36.6% .033 248)",
        "800": "oklch(27.4% .029 246)",
        "900": "oklch(20.4% .026 244)",
        "950": "oklch(13.5% .02 242)",
    },
    "primary": {
        "50": "oklch(98.2% .014 190)",
        "100": "oklch(95% .036 190)",
        "200": "oklch(90.2% .064 191)",
        "300": "oklch(84% .092 192)",
        "400": "oklch(76% .112 193)",
        "500": "oklch(66% .112 194)",
        "600": "oklch(54.5% .099 195)",
        "700": "oklch(47% .085 196)",
        "800": "oklch(40% .07 197)",
        "900": "oklch(34.5% .056 199)",
        "950": "oklch(25% .044 202)",
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "SITE_URL": None,
    "SITE_ICON": asset("gatehouse/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("gatehouse/mark.svg")}],
    "STYLES": [asset("gatehouse/gatehouse.css")],
    "SCRIPTS": [asset("gatehouse/admin.js")],
    "COLORS": COLOURS,
    "BORDER_RADIUS": "8px",
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "project.face.surroundings",
    "DASHBOARD_CALLBACK": "project.dashboard.show",
    "ACCOUNT": {"navigation": "project.sidebar.account_links"},
    "LOGIN": {"form": "accounts.forms.SignInForm"},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "project.sidebar.navigation"},
}
