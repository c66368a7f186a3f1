"""Who carries text messages, what they say, and each one of them."""

from integrations.sms.models.campaigns import Campaign, CampaignQuerySet, Recipient
from integrations.sms.models.codes import VerificationCode, VerificationCodeQuerySet
from integrations.sms.models.messages import Attempt, AttemptQuerySet, Message, MessageQuerySet
from integrations.sms.models.providers import Provider, ProviderQuerySet
from integrations.sms.models.refusals import Refusal, ShieldAlarm, ShieldDoor
from integrations.sms.models.templates import Template, TemplateCode, TemplateText

__all__ = [
    "Attempt",
    "AttemptQuerySet",
    "Campaign",
    "CampaignQuerySet",
    "Message",
    "MessageQuerySet",
    "Provider",
    "ProviderQuerySet",
    "Recipient",
    "Refusal",
    "ShieldAlarm",
    "ShieldDoor",
    "Template",
    "TemplateCode",
    "TemplateText",
    "VerificationCode",
    "VerificationCodeQuerySet",
]
