"""What is run."""

from typing import ClassVar

from django.db import models

from project.core import jobs


class Errand(jobs.Job):
    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({"queued", "under way"})
    LEASE_SECONDS: ClassVar[int] = 6  # tests cannot wait a minute for a dead worker's lease

    what = models.CharField(max_length=20)
    runs = models.PositiveSmallIntegerField(default=0)
    may_end = models.BooleanField(default=True)

    objects: ClassVar["models.Manager[Errand]"] = models.Manager()

    class Meta:
        app_label = "errands"
