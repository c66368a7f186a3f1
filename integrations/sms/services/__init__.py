"""Every way a text message comes to be and changes."""

from integrations.sms.services.messages import Request, cancel, enqueue, enqueue_many, send_again
from integrations.sms.services.sending import deliver

__all__ = ["Request", "cancel", "deliver", "enqueue", "enqueue_many", "send_again"]
