"""The ASGI application: HTTP to Django, WebSockets to the gateway."""

import os
from typing import Any, cast

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402 (Django's apps must be ready first)

from project.body_limit import BodyLimit  # noqa: E402 (likewise)
from project.handler import OneThreadHandler  # noqa: E402 (likewise)
from realtime.transport.routing import application as gateway_application  # noqa: E402 (likewise)

ENVELOPE_BYTES = 1024**2
"""What a multipart form adds around the largest file."""

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(cast(Any, OneThreadHandler()), settings.IMPORT_MAX_BYTES, envelope=ENVELOPE_BYTES),
        "websocket": cast(Any, gateway_application),
    }
)
