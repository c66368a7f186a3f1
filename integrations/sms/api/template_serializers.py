"""What the API of templates takes and tells."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.sms.api.serializers import LanguageField
from integrations.sms.models import Provider, Template, TemplateCode
from integrations.sms.models.templates import LONGEST_TEXT
from integrations.sms.services import CodeAt
from integrations.sms.services.messages import LONGEST_PARAMETER
from project.core.api import StrictSerializer

MOST_CODES = 200
MOST_PARAMETERS = 40


class TextsField(serializers.DictField):
    """Texts by language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=LONGEST_TEXT), **options)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        texts: dict[str, str] = super().to_internal_value(data)
        language = LanguageField()
        return {language.run_validation(name): text for name, text in texts.items()}


class CodeAtSerializer(StrictSerializer):
    """How a provider calls it."""

    provider = serializers.SlugRelatedField("key", queryset=Provider.objects.all())
    code = serializers.CharField(max_length=60)
    language = LanguageField(default="", allow_blank=True, help_text="Empty: for all languages.")
    sign_name = serializers.CharField(max_length=40, default="", allow_blank=True, help_text="Empty: the provider's.")
    order = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=MOST_PARAMETERS,
        default=list,
        help_text="Names of the parameters, for providers that count instead of naming them.",
    )


class TemplateChangeSerializer(StrictSerializer):
    """What is to be otherwise; what is left out stays."""

    name = serializers.CharField(max_length=60, required=False)
    enabled = serializers.BooleanField(required=False)
    by_hand = serializers.BooleanField(required=False, help_text="May staff and programs send it?")
    texts = TextsField(required=False, help_text="All of them, by language, with parameters as ${name}.")
    codes = CodeAtSerializer(  # type: ignore[call-arg]  # of the list, as `many` makes one
        many=True, required=False, max_length=MOST_CODES, help_text="All of them."
    )

    def validate_codes(self, given: list[dict[str, Any]]) -> list[CodeAt]:
        return [CodeAt(**one) for one in given]


class NewTemplateSerializer(TemplateChangeSerializer):
    """A kind of message."""

    key = serializers.SlugField(max_length=40, help_text="What programs call it; it stays.")
    name = serializers.CharField(max_length=60)
    texts = TextsField(help_text="By language, with parameters as ${name}.")


class PreviewSerializer(StrictSerializer):
    """Values for parameters; those that are left out are shown with an example."""

    parameters = serializers.DictField(child=serializers.CharField(max_length=LONGEST_PARAMETER), default=dict)
    language = LanguageField(default=lambda: settings.LANGUAGE_CODE)


class PreviewedSerializer(serializers.Serializer[dict[str, Any]]):
    """What a Chinese number would get."""

    text = serializers.CharField()
    sign = serializers.CharField(help_text="The sign name in front of it.")
    letters = serializers.IntegerField(help_text="With the sign name.")
    parts = serializers.IntegerField(help_text="In how many parts it goes out, each of which costs.")
    carrier = serializers.CharField(help_text="Who would carry it; empty: nobody.")
    cost = serializers.CharField()


class TemplateCodeSerializer(serializers.ModelSerializer[TemplateCode]):
    """How a provider calls it."""

    provider = serializers.CharField(source="provider.key")
    order = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = TemplateCode
        fields = ("provider", "language", "code", "sign_name", "order")
        read_only_fields = fields


class TemplateSerializer(serializers.ModelSerializer[Template]):
    """A kind of message."""

    name = serializers.CharField(source="__str__")
    built_in = serializers.BooleanField(source="is_built_in", help_text="Its name and key stay, and so does it.")
    parameters = serializers.SerializerMethodField(help_text="What must be sent along.")
    texts = serializers.SerializerMethodField(help_text="By language.")
    codes = TemplateCodeSerializer(many=True)

    class Meta:
        model = Template
        fields = ("key", "name", "enabled", "by_hand", "built_in", "parameters", "texts", "codes")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_parameters(self, template: Template) -> list[str]:
        return sorted(template.places)

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_texts(self, template: Template) -> dict[str, str]:
        return {one.language: one.text for one in template.texts.all()}
