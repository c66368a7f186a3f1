"""The composition root. Django and Celery meet here: shared tasks belong to this application."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
