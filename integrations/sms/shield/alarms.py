"""What staff are told of once a day. Who is told, and how, is a function of the house: SMS_ALARM."""

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations.sms.models import ShieldAlarm
from project.core import audit

log = structlog.get_logger(__name__)


def cry(kind: str, what: str, *, about: str = "") -> None:
    """Tell staff, unless they were told today.

    :param what: figures, which are read alike in every language.
    """
    day = timezone.localdate(timezone=timezone.get_default_timezone())
    _alarm, is_first = ShieldAlarm.objects.get_or_create(kind=kind, about=about, day=day)
    if is_first:
        log.error("sms.alarm", kind=kind, what=what)
        audit.record(f"sms.{kind}", what=what)
        import_string(settings.SMS_ALARM)(f"sms_{kind}", message=what, why="")
