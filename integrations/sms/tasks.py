"""What the worker does with text messages."""

from celery import shared_task

from integrations.sms import services
from integrations.sms.models import Message
from project.core import jobs


@jobs.worker(Message)
def send_message(message: Message) -> None:
    """Send one message."""
    services.deliver(message)


@shared_task(name="sms.drain")
def drain() -> int:
    """Send all that waits, several at a time; return how many."""
    return services.drain()


@shared_task(name="sms.look")
def look() -> int:
    """Ask what became of messages that left; return of how many there was news."""
    return services.look()
