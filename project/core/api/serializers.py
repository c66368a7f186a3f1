"""Serializers that take exactly what they declare."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

FORM_FIELDS = frozenset({"csrfmiddlewaretoken"})
PAGING = frozenset({"page", "page_size"})
"""What every list takes; the paginator reads it."""


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


def checked(kind: type[serializers.Serializer[Any]], data: Any, **options: Any) -> dict[str, Any]:
    """Return what was sent, checked.

    :param options: what else the serializer is to know, for example `partial`.
    :raises ValidationError: naming every field that is wrong.
    """
    serializer = kind(data=data, **options)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def query_of(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what the query says besides the page, checked; a parameter that is left empty says nothing, unless it may be blank.

    :raises ValidationError: naming every parameter that is wrong.
    """
    fields = kind().fields
    empty = {name for name, field in fields.items() if not getattr(field, "allow_blank", False)}
    params = request.query_params.items()
    return checked(kind, {name: value for name, value in params if name not in PAGING and (value or name not in empty)})
