"""The door of the shield: whoever counts holds it, so that nobody slips in between the count and what is written for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from integrations.sms.models import ShieldDoor

DOOR = 1


@contextmanager
def held() -> Iterator[None]:
    """Hold the door until the transaction ends: the block's own, or the caller's."""
    with transaction.atomic():
        if ShieldDoor.objects.select_for_update().filter(pk=DOOR).first() is None:
            ShieldDoor.objects.get_or_create(pk=DOOR)
            ShieldDoor.objects.select_for_update().get(pk=DOOR)
        yield
