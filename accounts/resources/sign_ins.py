"""The log of sign-ins as rows of a sheet: out, never in."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import places, sign_in_log
from accounts.models import LoginEvent, LoginSession, Origin
from integrations.sheets.columns import YES, Choice, Column, Flag, Moment
from integrations.sheets.resources import SheetResource
from project.core.errors import InvalidParameters


class Place(Column):
    """Country and region, in the reader's language."""

    def value(self, instance: LoginEvent) -> str:
        return places.name_of(instance.country, instance.region)


class Name(Column):
    """Who the person is, where somebody has the user name."""

    def value(self, instance: LoginEvent) -> str:
        return instance.user.real_name if instance.user else ""


class SignInResource(SheetResource):
    """Attempts to sign in."""

    title = _("sign-ins")
    export_permission = "accounts.view_loginevent"
    related = ("user",)

    created_at = Column("created_at", _("when"), widget=Moment(), readonly=True, width=20)
    username = Column("username", _("user name"), readonly=True, width=20)
    real_name = Name("real_name", _("real name"), readonly=True)
    succeeded = Column("succeeded", _("successful"), widget=Flag(), readonly=True, width=10)
    reason = Column(
        "reason", _("outcome"), widget=Choice(LoginEvent.Reason, aliases={}, empty=""), readonly=True, width=24
    )
    scope = Column("scope", _("where to"), widget=Choice(LoginSession.Scope, aliases={}, empty=""), readonly=True)
    ip = Column("ip", _("address"), readonly=True, width=20)
    country = Column("country", _("country"), readonly=True, width=10)
    place = Place("place", _("place"), readonly=True, width=24)
    browser = Column("browser", _("browser"), readonly=True)
    os = Column("os", _("system"), readonly=True)
    device_kind = Column(
        "device_kind", _("kind of device"), widget=Choice(Origin.DeviceKind, aliases={}, empty=""), readonly=True
    )
    is_new_device = Column("is_new_device", _("new device"), widget=Flag(), readonly=True, width=12)
    user_agent = Column("user_agent", _("program"), readonly=True, width=40)

    class Meta:
        model = LoginEvent
        fields = (
            "created_at",
            "username",
            "real_name",
            "succeeded",
            "reason",
            "scope",
            "ip",
            "country",
            "place",
            "browser",
            "os",
            "device_kind",
            "is_new_device",
            "user_agent",
        )
        import_id_fields = ("created_at",)

    def may_import(self) -> bool:
        return False

    def queryset(self) -> QuerySet[LoginEvent]:
        return sign_in_log.seen_by(self.actor)

    def filtered(self, filters: Mapping[str, Any]) -> QuerySet[LoginEvent]:
        """The attempts of the list that was filtered so: succeeded, reason, scope, country, user, since, until, …."""
        asked: dict[str, Any] = {}
        for name, value in _ranges(filters).items():
            if name not in sign_in_log.FILTERS:
                text = gettext("There is no filter “{name}”.").format(name=str(name)[:40])
                raise InvalidParameters(fields={"filters": [text]})
            try:
                asked[name] = READERS.get(name, str)(value)
            except (TypeError, ValueError, ValidationError) as wrong:
                text = gettext("The filter “{name}” has a value that cannot be.").format(name=name)
                raise InvalidParameters(fields={"filters": [text]}) from wrong
        return sign_in_log.narrowed(self.queryset(), asked)


def _ranges(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Read the two boxes of the list's "when" as `since` and `until`."""
    rest = {name: value for name, value in filters.items() if not name.startswith("created_at_")}
    for name, box, empty in (("since", "from", time.min), ("until", "to", time.max)):
        day = parse_date(str(filters.get(f"created_at_{box}_0", "")))
        if day:
            at = parse_time(str(filters.get(f"created_at_{box}_1", ""))) or empty
            rest[name] = timezone.make_aware(datetime.combine(day, at))
    return rest


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    found = parse_datetime(str(value)) or datetime.combine(date.fromisoformat(str(value)), time.min)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _flag(value: Any) -> bool:
    return str(value).casefold() in YES


def _country(value: Any) -> str:
    return str(value).strip("-")


READERS: dict[str, Callable[[Any], Any]] = {
    "user": int,
    "succeeded": _flag,
    "is_new_device": _flag,
    "since": _moment,
    "until": _moment,
    "country": _country,
}
