"""The product's own settings, with errands to run and a scheduler in a hurry."""

from project.settings import *  # noqa: F403 (this is how Django projects derive settings)
from project.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

INSTALLED_APPS.insert(0, "tests.brokers.errands")
ROOT_URLCONF = "tests.brokers.errands.urls"
CELERY_BEAT_SCHEDULE["core.sweep"]["schedule"] = 1.0
