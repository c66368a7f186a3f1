"""What accounts does by itself from time to time."""

from celery import shared_task

from accounts import sessions


@shared_task(name="accounts.close_run_out")
def close_run_out() -> int:
    """Put an end to sessions whose time is over, and to their sockets; return how many."""
    return sessions.close_run_out()
