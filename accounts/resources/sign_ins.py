"""The log of sign-ins as rows of a sheet: out, never in."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts import places, sign_in_log
from accounts.models import LoginEvent, LoginSession, Origin
from integrations.sheets import filters
from integrations.sheets.columns import Choice, Column, Flag, Moment
from integrations.sheets.resources import SheetResource


class Place(Column):
    """Country and region, in the reader's language."""

    def value(self, instance: LoginEvent) -> str:
        return places.name_of(instance.country, instance.region)


class Name(Column):
    """Who the person is, where somebody has the user name."""

    def value(self, instance: LoginEvent) -> str:
        return instance.user.real_name if instance.user else ""


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    found = parse_datetime(str(value)) or datetime.combine(date.fromisoformat(str(value)), time.min)
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def _country(value: Any) -> str:
    return filters.text(value).strip("-")


READERS: dict[str, filters.Reader] = {
    "user": filters.whole,
    "succeeded": filters.flag,
    "is_new_device": filters.flag,
    "reason": filters.one_of(LoginEvent.Reason),
    "scope": filters.one_of(LoginSession.Scope),
    "method": filters.one_of(LoginEvent.Method),
    "device_kind": filters.one_of(Origin.DeviceKind),
    "since": _moment,
    "until": _moment,
    "country": _country,
}


class SignInResource(SheetResource):
    """Attempts to sign in."""

    title = _("sign-ins")
    export_permission = "accounts.view_loginevent"
    related = ("user",)
    filter_readers = {name: (sign_in_log.LOOKUPS[name], reader) for name, reader in READERS.items()}
    filter_titles = {"user": _("person"), "since": _("since"), "until": _("until")}
    search_fields = sign_in_log.SEARCHED

    created_at = Column("created_at", _("when"), widget=Moment(), readonly=True, width=20)
    username = Column("username", _("user name"), readonly=True, width=20)
    real_name = Name("real_name", _("real name"), readonly=True)
    succeeded = Column("succeeded", _("successful"), widget=Flag(), readonly=True, width=10)
    reason = Column(
        "reason", _("outcome"), widget=Choice(LoginEvent.Reason, aliases={}, empty=""), readonly=True, width=24
    )
    scope = Column("scope", _("where to"), widget=Choice(LoginSession.Scope, aliases={}, empty=""), readonly=True)
    method = Column("method", _("by means of"), widget=Choice(LoginEvent.Method, aliases={}, empty=""), readonly=True)
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
            "method",
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

    def renamed(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Read the two boxes of the list's "when" as `since` and `until`."""
        rest = {name: value for name, value in filters.items() if not name.startswith("created_at_")}
        for name, box, empty in (("since", "from", time.min), ("until", "to", time.max)):
            if day := filters.get(f"created_at_{box}_0"):
                at = filters.get(f"created_at_{box}_1") or empty.isoformat()
                rest[name] = f"{day}T{at}"
        return rest
