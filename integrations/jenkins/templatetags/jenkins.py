"""How templates of Jenkins' pages show a moment."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def ago(moment: datetime | None) -> SafeString:
    """The moment as people say it."""
    from project.core import admin  # noqa: PLC0415 (the admin's parts load templates while they are imported)

    return admin.ago(moment)


@register.filter
def trouble(server: Any) -> str:
    """Why a server did not answer."""
    from integrations.jenkins import looks  # noqa: PLC0415 (as above)

    return looks.trouble(server)
