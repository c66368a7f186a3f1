"""What imports and exports have in common."""

from django.core.files.storage import Storage, storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from project.core.jobs import Job


def private_storage() -> Storage:
    return storages["private"]


class SheetJob(Job):
    """What imports and exports have in common."""

    resource = models.CharField(_("what"), max_length=40)
    language = models.CharField(_("language"), max_length=10, blank=True)
    error_code = models.CharField(_("error code"), max_length=10, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.resource} · {self.pk}"
