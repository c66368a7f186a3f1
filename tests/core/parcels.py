"""A kind of job the tests invented: parcels that a worker delivers."""

from collections.abc import Callable
from typing import ClassVar

from django.db import models

from project.core import jobs


class Parcel(jobs.Job):
    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({"queued", "travelling"})

    address = models.CharField(max_length=60, default="")

    objects: ClassVar["models.Manager[Parcel]"] = models.Manager()

    class Meta:
        app_label = "tests_core"


class Courier:
    """Who delivers parcels; each test tells them how."""

    def __init__(self) -> None:
        self.deliver: Callable[[Parcel], None] = lambda parcel: None


courier = Courier()


def deliver(parcel: Parcel) -> None:
    courier.deliver(parcel)
