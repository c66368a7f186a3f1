"""How it is run."""

import os
import signal
import time

from django.db.models import F
from django.utils import timezone

from project.core import jobs
from tests.brokers.errands.models import Errand


@jobs.worker(Errand)
def run(errand: Errand) -> None:
    """Run an errand: to its end, for as long as it may not end, or into the process's death."""
    errand.move("under way")
    row = Errand.objects.filter(pk=errand.pk)
    row.update(runs=F("runs") + 1)
    if errand.what == "crash":
        row.update(lease_until=timezone.now())  # as if it were the end of the lease: there are five to wait for
        os.kill(os.getpid(), signal.SIGSEGV)
    while not row.values_list("may_end", flat=True).get():
        errand.advance()
        time.sleep(0.1)
    errand.move("done")
