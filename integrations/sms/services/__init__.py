"""Every way a text message comes to be and changes."""

from integrations.sms.services.draining import drain, wake_many
from integrations.sms.services.following import look, take_receipts
from integrations.sms.services.messages import Request, cancel, enqueue, enqueue_many, send_again
from integrations.sms.services.sending import deliver

__all__ = [
    "Request",
    "cancel",
    "deliver",
    "drain",
    "enqueue",
    "enqueue_many",
    "look",
    "send_again",
    "take_receipts",
    "wake_many",
]
