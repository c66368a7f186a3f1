"""What the worker does with text messages."""

from integrations.sms import services
from integrations.sms.models import Message
from project.core import jobs


@jobs.worker(Message)
def send_message(message: Message) -> None:
    """Send one message."""
    services.deliver(message)
