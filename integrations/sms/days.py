"""Days of quotas, budgets and figures: by the house's clock, TIME_ZONE."""

from datetime import datetime

from django.utils import timezone


def midnight() -> datetime:
    """When today began."""
    here = timezone.localtime(timezone=timezone.get_default_timezone())
    return here.replace(hour=0, minute=0, second=0, microsecond=0)
