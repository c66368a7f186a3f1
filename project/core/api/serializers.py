"""Serializers that take exactly what they declare."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

FORM_FIELDS = frozenset({"csrfmiddlewaretoken"})


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know, by name: a misspelt or smuggled one is never silently ignored.

    Use it first among the bases: `class UserSerializer(StrictSerializer, ModelSerializer)`.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values, or every field's errors at once."""
        unknown = sorted(map(str, set(data) - set(self.fields) - FORM_FIELDS)) if hasattr(data, "keys") else []
        wrong: dict[str, Any] = {name: [_("There is no such field.")] for name in unknown[:20]}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as problem:
            if wrong and isinstance(problem.detail, dict):
                raise serializers.ValidationError({**problem.detail, **wrong}) from problem
            raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return values
