"""The core's own Celery tasks: one for every job, one that finds forgotten ones."""

from celery import shared_task

from project.core import idempotency, jobs


@shared_task(name="core.work")
def work(*, model: str, id: str) -> None:  # noqa: A002 (the message's own field)
    """Work on one job row, if it is due and nobody has it."""
    jobs.run(model, id)


@shared_task(name="core.sweep")
def sweep() -> None:
    """Wake what a crash or a lost message left behind; drop idempotency keys whose day is over."""
    jobs.sweep()
    idempotency.purge()
