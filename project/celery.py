"""The Celery application; `tasks.py` of every app is found at start."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


class Task(DjangoTask[Any, Any]):
    """What every task of this application is."""

    Request = "project.worker:Request"


app: "Celery[Any]" = Celery("gatehouse", task_cls=Task)
app.set_default()  # for every thread: without it only the importing one would know this application
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
