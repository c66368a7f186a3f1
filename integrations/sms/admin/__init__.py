"""Text messages in the back office."""

from integrations.sms.admin.campaigns import CampaignAdmin
from integrations.sms.admin.messages import MessageAdmin
from integrations.sms.admin.providers import ProviderAdmin
from integrations.sms.admin.refused import RefusalAdmin
from integrations.sms.admin.templates import TemplateAdmin

__all__ = ["CampaignAdmin", "MessageAdmin", "ProviderAdmin", "RefusalAdmin", "TemplateAdmin"]
