"""Rows that are their own queue.

Anything that must happen is a row: it is written in the transaction that decided it, and a worker claims it with one
conditional UPDATE that takes a lease. Celery is only the alarm clock: `wake` rings it on commit, `sweep` finds what a
crash or a lost message left behind. So work may be tried twice and must be safe to repeat.

    class Export(jobs.Job):
        CLAIMABLE = frozenset({"queued"})

    @jobs.worker(Export)
    def write(job: Export) -> None: ...        # a Celery task is made of it
"""

import random
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

import structlog
from celery import shared_task
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.core.errors import GatehouseError

log = structlog.get_logger(__name__)
BACKOFF_SECONDS = (1, 5, 30, 120, 600)
