"""What sockets are told about text messages."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from integrations.sms.models import Campaign
from realtime.events import event


class CampaignProgressSerializer(serializers.Serializer[Any]):
    """How far a campaign got."""

    id = serializers.CharField(help_text=_("The campaign's id."))
    state = serializers.ChoiceField(Campaign.State.choices)
    done = serializers.IntegerField(help_text=_("Recipients that are done."))
    total = serializers.IntegerField(help_text=_("Recipients in all; 0 while nobody knows."))
    rate = serializers.IntegerField(help_text=_("Messages a second."))
    seconds_left = serializers.IntegerField(allow_null=True, help_text=_("An estimate; null when there is none."))
    waits_for = serializers.CharField(allow_blank=True, help_text=_("“budget”: it goes on when there is money again."))
    messages = serializers.DictField(child=serializers.IntegerField(), help_text=_("Its messages, by state."))


event(
    "sms.campaign",
    CampaignProgressSerializer,
    about=_("A campaign of yours moved on."),
    example={
        "id": "0d9c2f8e-54b7-4c59-9f0e-7a3c1d2b6e10",
        "state": Campaign.State.SENDING.value,
        "done": 1200,
        "total": 5000,
        "rate": 80,
        "seconds_left": 48,
        "waits_for": "",
        "messages": {"sent": 900, "delivered": 290, "failed": 10, "pending": 3800},
    },
)
