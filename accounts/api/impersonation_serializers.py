"""Acting as somebody else, as JSON."""

from typing import Any

from rest_framework import serializers

from accounts.api.fields import Text
from accounts.models import LoginSession, User
from accounts.services.impersonation import REASON_LENGTH
from project.core.api import StrictSerializer


class ImpersonateSerializer(StrictSerializer):
    """Why, and whether things are to be changed."""

    reason = Text(max_length=REASON_LENGTH, help_text="Goes into the audit trail; the person reads it.")
    read_only = serializers.BooleanField(  # type: ignore[assignment]  # what is sent, not DRF's flag
        default=True, help_text="false: change things too; needs `accounts.impersonate_write`."
    )


class ActingSerializer(serializers.Serializer[LoginSession]):
    """As whom the session's person acts, and until when."""

    subject = serializers.IntegerField(source="subject_id", help_text="The person one acts as.")
    username = serializers.CharField(source="subject.username", help_text="Their user name.")
    until = serializers.DateTimeField(source="subject_until", help_text="When it ends by itself.")
    read_only = serializers.SerializerMethodField()  # type: ignore[assignment]  # likewise
    actor = serializers.CharField(source="user.username", help_text="Who one really is.")

    def get_read_only(self, session: LoginSession) -> bool:
        return not session.subject_writes


class ImpersonatorSerializer(serializers.Serializer[Any]):
    """Who really asks."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    until = serializers.DateTimeField(help_text="When they are themselves again.")
    read_only = serializers.BooleanField()  # type: ignore[assignment]  # likewise


def impersonator_of(session: object, user: User) -> dict[str, Any] | None:
    """Who acts as the person who asks in `session`; None when they ask themselves."""
    if user.impersonator is None or not isinstance(session, LoginSession):
        return None
    found = {
        "id": user.impersonator.pk,
        "username": user.impersonator.username,
        "name": user.impersonator.get_full_name(),
        "until": session.subject_until,
        "read_only": not session.subject_writes,
    }
    return dict(ImpersonatorSerializer(found).data)
