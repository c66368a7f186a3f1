"""The door of the shield: whoever counts holds it, so that nobody slips in between the count and what is written for it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import transaction

from integrations.sms.models import ShieldDoor

DOOR = 1


@contextmanager
def held() -> Iterator[None]:
    """Hold the door until the transaction ends: the block's own, or the caller's."""
    with transaction.atomic():
        ShieldDoor.objects.select_for_update().get(pk=DOOR)
        yield


def hang(using: str, apps: Apps = installed, **_signal: Any) -> None:
    """Make the door, after migrations and after a flush: those who would make it at the same moment lock each other out."""
    with suppress(LookupError):  # migrated back to before it
        apps.get_model("sms", "ShieldDoor")._default_manager.using(using).get_or_create(pk=DOOR)
