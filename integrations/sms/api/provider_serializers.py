"""What the API of providers takes and tells. Credentials go in and never come out."""

from decimal import Decimal

from rest_framework import serializers

from integrations.sms import kinds
from integrations.sms.models import Provider
from integrations.sms.services import Checked, Health
from project.core.api import StrictSerializer

MOST_CARRIED, MOST_NETWORKS = 250, 100


class ProviderChangeSerializer(StrictSerializer):
    """What is to be otherwise; what is left out stays."""

    name = serializers.CharField(max_length=60, required=False)
    kind = serializers.ChoiceField(Provider.Kind.choices, required=False)
    enabled = serializers.BooleanField(required=False)
    position = serializers.IntegerField(
        min_value=0, max_value=32_767, required=False, help_text="Lower numbers are tried first."
    )
    prefixes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=kinds.HIGHEST_PREFIX),
        max_length=MOST_CARRIED,
        required=False,
        help_text="It carries messages to these country codes; empty: to all.",
    )
    sign_name = serializers.CharField(max_length=40, allow_blank=True, required=False)
    endpoint = serializers.CharField(
        max_length=200, allow_blank=True, required=False, help_text="Another server than the provider's own."
    )
    options = serializers.DictField(
        child=serializers.CharField(max_length=60), required=False, help_text="`tencent`: `sdk_app_id`, `region`."
    )
    credentials = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True),
        required=False,
        write_only=True,
        help_text=(
            "`aliyun`: `access_key_id`, `access_key_secret`. `tencent`: `secret_id`, `secret_key`. All: `receipt_secret`. "
            "Those that are left out stay; an empty one goes."
        ),
    )
    cost_per_segment = serializers.DecimalField(10, 4, min_value=Decimal(0), required=False)
    daily_quota = serializers.IntegerField(min_value=0, max_value=2**31 - 1, allow_null=True, required=False)
    receipt_addresses = serializers.ListField(
        child=serializers.CharField(max_length=50),
        max_length=MOST_NETWORKS,
        required=False,
        help_text="Networks from which receipts are taken.",
    )


class NewProviderSerializer(ProviderChangeSerializer):
    """A provider's account with us."""

    key = serializers.SlugField(max_length=40, help_text="Its name in addresses and the history of messages; it stays.")
    name = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(Provider.Kind.choices)


class ProviderOrderSerializer(StrictSerializer):
    """All providers, the first to be asked first."""

    keys = serializers.ListField(child=serializers.SlugField(max_length=40), max_length=1_000)


class ProviderTestSerializer(StrictSerializer):
    """What the test says, with example values."""

    template = serializers.SlugField(max_length=40, default="notice", help_text="Also that of codes.")
    reason = serializers.CharField(max_length=200, default="", allow_blank=True, help_text="For the audit trail.")


class CheckedSerializer(serializers.Serializer[Checked]):
    """Whether a provider is reached and takes our credentials."""

    ok = serializers.BooleanField()
    code = serializers.CharField(help_text="The provider's own, or one of ours; empty when all is well.")
    text = serializers.CharField(help_text="What is wrong, in your language where we know the code.")


class ProviderSerializer(serializers.Serializer[Health]):
    """A provider, and how it is: the same for all processes."""

    key = serializers.CharField(source="provider.key")
    name = serializers.CharField(source="provider.name")
    kind = serializers.ChoiceField(Provider.Kind.choices, source="provider.kind")
    enabled = serializers.BooleanField(source="provider.enabled")
    is_used = serializers.BooleanField(help_text="Enabled, and not a plaything in production.")
    position = serializers.IntegerField(source="provider.position")
    prefixes = serializers.ListField(child=serializers.IntegerField(), source="provider.prefixes")
    sign_name = serializers.CharField(source="provider.sign_name")
    endpoint = serializers.CharField(source="provider.endpoint")
    options = serializers.DictField(child=serializers.CharField(), source="provider.options")
    credentials = serializers.DictField(
        child=serializers.CharField(), source="provider.masked_credentials", help_text="Masked."
    )
    receipt_addresses = serializers.ListField(child=serializers.CharField(), source="provider.receipt_addresses")
    cost_per_segment = serializers.DecimalField(10, 4, source="provider.cost_per_segment")
    daily_quota = serializers.IntegerField(source="provider.daily_quota", allow_null=True)
    sent_today = serializers.IntegerField()
    breaker = serializers.ChoiceField(
        ["closed", "open", "half-open"],
        help_text="Not closed: it failed repeatedly, and is left alone by all processes.",
    )
    left_alone_since = serializers.DateTimeField(source="provider.left_alone_since", allow_null=True)
    failed_lately = serializers.IntegerField(help_text="Tries of the last ten minutes that it could not take.")
    trouble_code = serializers.CharField(source="provider.trouble_code", help_text="Empty: it takes messages.")
    trouble = serializers.CharField(source="provider.trouble")
    trouble_at = serializers.DateTimeField(source="provider.trouble_at", allow_null=True)
    calls_back = serializers.BooleanField(source="provider.calls_back", help_text="Its receipts are taken.")
