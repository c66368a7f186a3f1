"""Every way a text message comes to be and changes."""

from integrations.sms.services.by_hand import send_by_hand
from integrations.sms.services.draining import drain, wake_many
from integrations.sms.services.following import SIGNATURE, expire, take_receipts
from integrations.sms.services.forgetting import forget, purge
from integrations.sms.services.messages import Request, cancel, enqueue, enqueue_many, send_again
from integrations.sms.services.polling import look
from integrations.sms.services.providers import Health, health
from integrations.sms.services.sending import deliver
from integrations.sms.services.setting_up import (
    change_provider,
    delete_provider,
    order_providers,
    switch_provider,
    write_provider,
)
from integrations.sms.services.templates import (
    CodeAt,
    change_template,
    check_orders,
    check_texts,
    delete_template,
    write_template,
)
from integrations.sms.services.trying import Checked, check_provider, send_test

__all__ = [
    "SIGNATURE",
    "Checked",
    "CodeAt",
    "Health",
    "Request",
    "cancel",
    "change_provider",
    "change_template",
    "check_orders",
    "check_provider",
    "check_texts",
    "delete_provider",
    "delete_template",
    "deliver",
    "drain",
    "enqueue",
    "enqueue_many",
    "expire",
    "forget",
    "health",
    "look",
    "order_providers",
    "purge",
    "send_again",
    "send_by_hand",
    "send_test",
    "switch_provider",
    "take_receipts",
    "wake_many",
    "write_provider",
    "write_template",
]
