"""Why something was done to somebody, as it is asked of staff."""

from accounts.api.fields import Text
from project.core.api import StrictSerializer


class WhySerializer(StrictSerializer):
    """Why."""

    reason = Text(
        max_length=200, required=False, allow_blank=True, default="", help_text="For the audit trail, beside your name."
    )
