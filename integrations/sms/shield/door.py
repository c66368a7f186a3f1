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
        ShieldDoor.objects.get_or_create(pk=DOOR)  # a migration hung it; a database that was emptied has none
        ShieldDoor.objects.select_for_update().get(pk=DOOR)
        yield
