"""The ASGI application: HTTP to Django, WebSockets to the gateway."""

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 (Django's apps must be ready first)

from realtime.transport.routing import application as gateway_application  # noqa: E402 (likewise)

application = ProtocolTypeRouter({"http": django_application, "websocket": cast(Any, gateway_application)})
