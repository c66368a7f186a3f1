"""The recipients of campaigns as rows of a sheet: out. In they come as the sheet of a campaign (campaigns/sheet.py)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from integrations.sheets import filters
from integrations.sheets.columns import Column, Moment
from integrations.sheets.resources import SheetResource
from integrations.sms import looks
from integrations.sms.models import Campaign, Recipient


class CampaignName(Column):
    """What the campaign is called."""

    def value(self, instance: Recipient) -> str:
        return instance.campaign.name


class Phone(Column):
    """The number, or what stood there."""

    actor: Any = None

    def value(self, instance: Recipient) -> str:
        if instance.phone:
            return looks.phone(instance.phone, self.actor)
        return looks.as_given(instance.given, self.actor)


class Person(Column):
    """Whose number it is, where we know them."""

    def value(self, instance: Recipient) -> str:
        return instance.person.get_full_name() if instance.person else ""


class Parameters(Column):
    """What differs in the text."""

    def value(self, instance: Recipient) -> str:
        return "; ".join(f"{name}={instance.parameters[name]}" for name in sorted(instance.parameters))


class OfMessage(Column):
    """Something of the recipient's message; empty without one."""

    def value(self, instance: Recipient) -> Any:
        return getattr(instance.message, self.attribute) if instance.message else None


class Cost(Column):
    """What the message cost, or will."""

    def value(self, instance: Recipient) -> str:
        return looks.cost(instance.message) if instance.message else ""


class State(Column):
    """What became of the message."""

    def value(self, instance: Recipient) -> str:
        return str(instance.message.get_state_display()) if instance.message else ""


def _campaign(value: Any) -> Any:
    return Campaign._meta.pk.to_python(str(value))


def _left_out(value: Any) -> Q:
    return ~Q(problem="") if value else Q(problem="")


class RecipientResource(SheetResource):
    """Who was to get a campaign's message, and what became of it."""

    title = _("SMS recipients")
    export_permission = "sms.view_campaign"
    related = ("campaign", "person", "message", "message__provider")
    filter_readers = {"campaign": ("campaign", _campaign), "left_out": (_left_out, filters.flag)}
    filter_titles = {"campaign": _("campaign"), "left_out": _("left out")}
    search_fields = ("campaign__name",)

    campaign = CampaignName("campaign", _("campaign"), readonly=True, width=24)
    number = Column("number", _("row"), readonly=True, width=8)
    phone = Phone("phone", _("phone"), readonly=True, width=20)
    person = Person("person", _("person"), readonly=True)
    language = Column("language", _("language"), readonly=True, width=10)
    parameters = Parameters("parameters", _("parameters"), readonly=True, width=40)
    problem = Column("problem", _("what is wrong"), readonly=True, width=40)
    state = State("state", _("state"), readonly=True, width=14)
    sent_at = OfMessage("sent_at", _("sent at"), widget=Moment(), readonly=True, width=20)
    delivered_at = OfMessage("delivered_at", _("delivered at"), widget=Moment(), readonly=True, width=20)
    cost = Cost("cost", _("cost"), readonly=True, width=10)
    error = OfMessage("error", _("error"), readonly=True, width=40)

    class Meta:
        model = Recipient
        fields = (
            "campaign",
            "number",
            "phone",
            "person",
            "language",
            "parameters",
            "problem",
            "state",
            "sent_at",
            "delivered_at",
            "cost",
            "error",
        )
        import_id_fields = ("number",)

    def __init__(self, *, actor: Any, **options: Any) -> None:
        super().__init__(actor=actor, **options)
        self.fields["phone"].actor = actor

    def may_import(self) -> bool:
        return False

    def queryset(self) -> "QuerySet[Recipient]":
        return Recipient.objects.filter(campaign__in=Campaign.objects.seen_by(self.actor))
