"""The admin's face: name, mark, colours, sidebar."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Gatehouse", "SITE_HEADER": "Gatehouse"}
