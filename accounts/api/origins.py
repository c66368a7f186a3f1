"""Where sign-ins and sessions come from, as JSON."""

from typing import Any

from rest_framework import serializers

from accounts import places
from accounts.models import Origin

ORIGIN = ("ip", "country", "region", "place", "browser", "os", "device_kind", "user_agent")


class OriginSerializer(serializers.ModelSerializer[Any]):
    """Where something comes from: `country` is ISO 3166, `local` for one's own network, empty where it is unknown."""

    place = serializers.SerializerMethodField(help_text="Country and region in the language of the answer.")

    def get_place(self, origin: Origin) -> str:
        return places.name_of(origin.country, origin.region)
