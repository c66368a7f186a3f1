"""The product with the doors of `benchmarks.doors`, in one process: `python -m benchmarks.doors_server ours|session`.

It prints one line of JSON: where the doors are, and what each wants to see. `session` leaves out what belongs to our own sessions of
browsers, so that Django's are measured as they are elsewhere.
"""

import importlib
import json
import os
import socket
import sys
from typing import Any

import django
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.core.management import call_command

OURS_ONLY = (
    "accounts.authentication.AdminSessionMiddleware",
    "accounts.impersonation.middleware.ImpersonationMiddleware",
)


def prepare(kind: str) -> None:
    """Load the product's settings, changed as the doors need."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    settings.ROOT_URLCONF = "benchmarks.doors"
    settings.SIMPLE_JWT = {
        "ALGORITHM": "RS256",
        "SIGNING_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "VERIFYING_KEY": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    }
    if kind == "session":
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name not in OURS_ONLY]
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    django.setup()
    call_command("migrate", verbosity=0)


def main(kind: str) -> None:
    """Open the doors until told to stop."""
    prepare(kind)
    # only now: they need Django's apps
    logs, doors, asgi = map(importlib.import_module, ("project.core.logs", "benchmarks.doors", "project.asgi"))
    logs.configure()
    taken = socket.create_server(("127.0.0.1", 0))
    told = {"url": f"http://127.0.0.1:{taken.getsockname()[1]}", "doors": doors.keys_to_them(kind)}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    application: Any = asgi.application
    config = uvicorn.Config(
        application, access_log=False, log_level="warning", lifespan="off", ws="none", timeout_keep_alive=600
    )
    uvicorn.Server(config).run(sockets=[taken])


if __name__ == "__main__":
    main(sys.argv[1])
