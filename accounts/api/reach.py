"""Whom somebody reaches, as JSON."""

from rest_framework import serializers

from accounts.models import Reach


class ReachSerializer(serializers.Serializer[Reach]):
    """Whom somebody reaches, besides themselves."""

    everybody = serializers.BooleanField()
    departments = serializers.ListField(
        child=serializers.IntegerField(), help_text="All whose people are in reach; empty where everybody is."
    )
