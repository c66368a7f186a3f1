"""Fields that take their own JSON type and no other: a number is not a text, "yes" is not a truth."""

import re
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts import scope
from accounts.captcha import MAX_LENGTH
from accounts.models import User
from project.core.api import StrictSerializer


class Text(serializers.CharField):
    """A JSON string."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Slug(serializers.SlugField):
    """A JSON string of letters, digits, hyphens and underscores."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Ids(serializers.CharField):
    """Ids with commas between them."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not re.fullmatch(r"[0-9]{1,18}(,[0-9]{1,18})*", text):
            raise serializers.ValidationError(_("Ids with commas between them, like 1,2,3."))
        return [int(one) for one in text.split(",")]


class Secret(Text):
    """A password or token: taken as it is, never given back."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "write_only": True, "max_length": 4096} | options)


class Captcha(Text):
    """The solution of a captcha; empty while none was asked for."""

    def __init__(self) -> None:
        about = "The solution of a captcha, as ALTCHA's clients write it (base64); only after 20009 asked for one."
        super().__init__(
            required=False, allow_blank=True, default="", max_length=MAX_LENGTH, write_only=True, help_text=about
        )


class PersonInReach(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]  # generic in the stubs only
    """Somebody whom the person who asks reaches, or who is it already; of others nobody learns that they are there."""

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        if request is None:
            return User.objects.none()
        present: int = getattr(self.parent.instance, f"{self.source}_id", None) or 0
        return scope.people(request.user) | User.objects.filter(pk=present)


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """A model's serializer that takes exactly what it declares, in exactly its types."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.CharField: Text,
        models.TextField: Text,
        models.SlugField: Slug,
        models.BooleanField: Flag,
    }
