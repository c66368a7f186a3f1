"""Messages to many: who is to get one, and how far it got."""

import secrets
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.sms import phones
from integrations.sms.models.templates import Template, languages
from project.core.jobs import Job


def private_storage() -> Storage:
    return storages["private"]


def sheet_path(campaign: "Campaign", _name: str) -> str:
    """A path nobody can guess; what people call their files stays in `file_name`."""
    return f"campaigns/{campaign.pk}/{secrets.token_hex(8)}.{campaign.kind}"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def seen_by(self, user: Any) -> Self:
        """One's own; all of them for who reaches everybody."""
        reach = getattr(user, "reach", None)
        if reach is None:
            return self.none()
        return self.all() if reach.everybody else self.filter(created_by=user.pk)


class Campaign(Job):
    """One template to many people, sent in the name of who began it; written by `campaigns` and nothing else.

    draft → counting → ready → sending → done, or instead stopped | failed
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        COUNTING = "counting", _("being counted")
        READY = "ready", _("ready for your confirmation")
        SENDING = "sending", _("being sent")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("failed")

    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({State.COUNTING, State.SENDING})
    FINAL: ClassVar[frozenset[str]] = frozenset({State.DONE, State.STOPPED, State.FAILED})
    STOPPABLE: ClassVar[frozenset[str]] = frozenset({State.DRAFT, State.COUNTING, State.READY, State.SENDING})

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.DRAFT)
    name = models.CharField(_("name"), max_length=80)
    template = models.ForeignKey(Template, models.PROTECT, related_name="campaigns", verbose_name=_("template"))
    # a program may do less than the person in whose name it began this
    to_any_number = models.BooleanField(default=True, editable=False)
    # what is the same for all; what differs stands with each recipient
    parameters = models.JSONField[dict[str, str]](_("parameters"), default=dict, blank=True)
    # whom it is for: {"people": [ids]}, {"rows": [[phone, {parameters}], ...]}, or nothing and a file
    audience = models.JSONField[dict[str, Any]](default=dict, blank=True, editable=False)
    file = models.FileField(_("file"), upload_to=sheet_path, storage=private_storage, blank=True, max_length=200)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    kind = models.CharField(max_length=10, default="xlsx", editable=False)
    language = models.CharField(_("language"), max_length=10, blank=True, editable=False)
    good = models.PositiveIntegerField(_("recipients"), default=0)
    bad = models.PositiveIntegerField(_("left out"), default=0)
    segments = models.PositiveIntegerField(_("segments"), default=0)
    cost = models.DecimalField(_("expected cost"), max_digits=14, decimal_places=4, default=Decimal(0))
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # what was found in the sheet besides: columns that are left out
    notes = models.JSONField[list[str]](_("notes"), default=list, blank=True)
    # while it is being sent: what it waits for ("budget")
    waits_for = models.CharField(max_length=20, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [("send_campaign", "Can send text messages to many")]

    def __str__(self) -> str:
        return self.name

    @property
    def source(self) -> str:
        """Where its recipients come from: "people", "rows" or "sheet"."""
        return next(iter(self.audience), "sheet")

    @property
    def can_be_stopped(self) -> bool:
        return self.state in self.STOPPABLE

    @property
    def can_be_edited(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.READY}


class Recipient(models.Model):
    """Somebody who is to get a campaign's message, or a row that nobody can be written to by."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="recipients", verbose_name=_("campaign"))
    # of the sheet, or counted from 1
    number = models.PositiveIntegerField(_("row"))
    # in E.164; NULL, not "": only that may repeat under a unique index
    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True)  # noqa: DJ001 (see above)
    # what stood there, where that is no number
    given = models.CharField(_("value"), max_length=60, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    language = models.CharField(_("language"), max_length=10, blank=True, choices=languages)
    parameters = models.JSONField[dict[str, str]](_("parameters"), default=dict, blank=True)
    # why they get nothing
    problem = models.CharField(_("what is wrong"), max_length=300, blank=True)
    # a message was written, in the same transaction: it stays so when the message is forgotten
    queued = models.BooleanField(default=False, editable=False)
    message = models.OneToOneField(
        "sms.Message",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="recipient",
        verbose_name=_("text message"),
    )

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["campaign", "phone"], name="sms_recipient_once")]
        indexes = [models.Index(fields=["campaign", "queued"], name="sms_recipients_waiting")]

    def __str__(self) -> str:
        return phones.masked(self.phone) if self.phone else self.given
