"""What the gateway's own topics want as their data."""

from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from project.core.api.serializers import StrictSerializer

MAX_KEY = 100


class Text(serializers.CharField):
    """A text just as it was sent: not trimmed, never made of a number, with any character in it."""

    def __init__(self, **how: Any) -> None:
        super().__init__(trim_whitespace=False, **how)
        self.validators = [one for one in self.validators if isinstance(one, MaxLengthValidator)]

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class AccessSchema(StrictSerializer):
    """Who one is."""

    access = Text(help_text=_("An access token, or an API token."))


@extend_schema_serializer(examples=[OpenApiExample("lobby", {"group": "public.lobby"})])
class GroupSchema(StrictSerializer):
    """A group."""

    group = Text(max_length=100)


@extend_schema_serializer(examples=[OpenApiExample("one", {"connection": "5c1f0a9b-82b1f6c0d3a94e57"})])
class ConnectionSchema(StrictSerializer):
    """A connection, by its id."""

    connection = Text(max_length=64)


@extend_schema_serializer(examples=[OpenApiExample("desk", {"key": "desk"})])
class KeySchema(StrictSerializer):
    """The key of a setting."""

    key = Text(max_length=MAX_KEY)


@extend_schema_serializer(examples=[OpenApiExample("desk", {"key": "desk"})])
class OptionalKeySchema(StrictSerializer):
    """The key of a setting, or nothing for all of them."""

    key = Text(max_length=MAX_KEY, required=False)
