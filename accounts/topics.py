"""What sockets are told about accounts."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from realtime.events import event


class NoticeSerializer(serializers.Serializer[Any]):
    """Something a person should read; the other fields depend on its kind."""

    kind = serializers.ChoiceField(
        [
            "new_device",
            "token_reused",
            "impersonated",
            "large_export",
            "sms_given_up",
            "sms_account_trouble",
            "sms_budget_near",
            "sms_budget_spent",
            "sms_conversion",
            "second_factor",
            "password_changed",
            "phone_changed",
            "mail_address_changed",
        ],
        required=False,
        help_text=_("What happened to the account; absent in what staff send."),
    )
    text = serializers.CharField(required=False, help_text=_("The whole notice, in the person's language."))
    happened_at = serializers.DateTimeField(required=False)
    device = serializers.CharField(required=False, help_text=_("Of a sign-in: the device."))
    scope = serializers.CharField(required=False, help_text=_("Of a sign-in: the kind of device."))
    place = serializers.CharField(required=False, help_text=_("Of a sign-in: where from."))
    ip = serializers.CharField(required=False, help_text=_("Of a sign-in: the address."))
    by = serializers.CharField(required=False, help_text=_("Of impersonation: the name of who acts as you."))
    by_username = serializers.CharField(required=False, help_text=_("Of impersonation: their user name."))
    reason = serializers.CharField(required=False, help_text=_("Of impersonation: why."))
    writes = serializers.BooleanField(required=False, help_text=_("Of impersonation: whether they may change things."))
    what = serializers.CharField(required=False, help_text=_("Of an export: what was taken out."))
    rows = serializers.IntegerField(required=False, help_text=_("Of an export: how many rows."))
    rows_in_a_day = serializers.IntegerField(
        required=False, help_text=_("Of an export: how many rows they took out within a day, in all.")
    )
    until_at = serializers.DateTimeField(required=False, help_text=_("Of impersonation: when it ends at the latest."))


event(
    "notice",
    NoticeSerializer,
    about=_("Staff have something to say, or something happened to your account."),
    example={
        "kind": "new_device",
        "text": "Your account was signed in on a new device: Firefox, Shanghai.",
        "device": "Firefox",
        "scope": "web",
        "place": "Shanghai",
        "ip": "203.0.113.7",
        "happened_at": "2026-01-01T09:30:00+08:00",
    },
)
