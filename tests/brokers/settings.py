"""The product's own settings, with errands to run and a scheduler in a hurry."""

from project.settings import *  # noqa: F403 (this is how Django projects derive settings)
from project.settings import CELERY_BEAT_SCHEDULE, CELERY_BROKER_TRANSPORT_OPTIONS, INSTALLED_APPS

INSTALLED_APPS.insert(0, "tests.brokers.errands")
ROOT_URLCONF = "tests.brokers.errands.urls"
CELERY_BEAT_SCHEDULE["core.sweep"]["schedule"] = 1.0
# so that a request that waits for a silent broker gets no answer at all
CELERY_BROKER_CONNECTION_TIMEOUT = 600
for _option in ("socket_connect_timeout", "socket_timeout", "read_timeout", "write_timeout"):
    if _option in CELERY_BROKER_TRANSPORT_OPTIONS:
        CELERY_BROKER_TRANSPORT_OPTIONS[_option] = 600
