"""The Celery application; `tasks.py` of every app is found at start."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("gatehouse")
app.set_default()  # for every thread: without it only the importing one would know this application
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
