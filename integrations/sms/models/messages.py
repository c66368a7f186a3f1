"""Each text message, and each time it was tried."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.sms import alarms, phones, sealing
from integrations.sms.models.campaigns import Campaign
from integrations.sms.models.providers import Provider
from integrations.sms.models.templates import Template, filled, hidden, languages
from project.core.jobs import BACKOFF_SECONDS, Job


class MessageQuerySet(models.QuerySet["Message"]):
    def seen_by(self, user: Any) -> Self:
        """Those to people whom `user` reaches, and those they asked for; to nobody we know: who reaches everybody."""
        reach = getattr(user, "reach", None)
        if reach is None:
            return self.none()
        return self.filter(reach.where("person") | Q(created_by=user.pk)) if not reach.everybody else self.all()

    def waiting(self) -> Self:
        return self.filter(state__in=Message.CLAIMABLE)


class Message(Job):
    """One text message to one number. It is its own queue; written by `services` and nothing else.

    pending → sending → sent → delivered | failed, or instead unknown | dead | expired | cancelled
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        SENDING = "sending", _("being sent")
        SENT = "sent", pgettext_lazy("state of a text message", "sent")
        DELIVERED = "delivered", pgettext_lazy("state of a text message", "delivered")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("unknown")
        DEAD = "dead", _("given up")
        EXPIRED = "expired", _("too late")
        CANCELLED = "cancelled", _("cancelled")

    CLAIMABLE: ClassVar[frozenset[str]] = frozenset({State.PENDING, State.SENDING})
    FINAL: ClassVar[frozenset[str]] = frozenset(
        {State.DELIVERED, State.FAILED, State.DEAD, State.EXPIRED, State.CANCELLED}
    )
    CAN_BE_SENT_AGAIN: ClassVar[frozenset[str]] = frozenset(
        {State.FAILED, State.UNKNOWN, State.DEAD, State.EXPIRED, State.CANCELLED}
    )
    # longer than the calls of one claim take together: two providers, each with its time-outs, ten seconds after it was claimed
    LEASE_SECONDS: ClassVar[int] = 30
    # the first, and one after each back-off
    MAX_ATTEMPTS: ClassVar[int] = 1 + len(BACKOFF_SECONDS)
    # what waits is looked for by sms.drain, which sends many at less cost
    SWEPT: ClassVar[bool] = False

    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.PENDING)
    next_at = models.DateTimeField(_("next try"), default=timezone.now, editable=False)
    phone = models.CharField(_("phone"), max_length=20)
    # the calling code
    prefix = models.PositiveSmallIntegerField(_("country code"))
    template = models.ForeignKey(Template, models.PROTECT, related_name="messages", verbose_name=_("template"))
    parameters = models.JSONField[dict[str, str]](_("parameters"), default=dict, blank=True)
    # more parameters, sealed; empty once the message is no longer waiting
    secret = models.TextField(default="", blank=True, editable=False)
    # their names, which stay
    secret_names = models.JSONField[list[str]](default=list, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, choices=languages)
    purpose = models.CharField(_("purpose"), max_length=20)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="text_messages",
        verbose_name=_("person"),
    )
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="messages", verbose_name=_("campaign")
    )
    # who carries it, or carried it last
    provider = models.ForeignKey(
        Provider, models.SET_NULL, null=True, blank=True, related_name="messages", verbose_name=_("SMS provider")
    )
    # nobody else may carry it
    pinned = models.BooleanField(default=False, editable=False)
    remote_id = models.CharField(_("id at the provider"), max_length=80, blank=True)
    segments = models.PositiveSmallIntegerField(_("segments"), default=1)
    # expected until it is sent, then what the provider that carried it asks for; what each sending cost stands with its attempt
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=4, default=Decimal(0))
    currency = models.CharField(_("currency"), max_length=3)
    expires_at = models.DateTimeField(_("not later than"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    # how many attempts there are of it, also before it was sent again
    tried = models.PositiveSmallIntegerField(default=0, editable=False)
    # the provider's own word
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    # when the provider is asked what became of it; empty: never again
    look_at = models.DateTimeField(null=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [
            ("send_message", "Can send text messages"),
            ("send_to_number", "Can send text messages to any number"),
            ("resend_message", "Can send text messages again"),
            ("view_phone", "Can see whole phone numbers of text messages"),
        ]
        indexes = [
            models.Index(fields=["state", "next_at"], name="sms_due"),
            models.Index(fields=["phone", "created_at"], name="sms_by_phone"),
            models.Index(fields=["prefix", "created_at"], name="sms_by_prefix"),
            models.Index(fields=["purpose", "created_at"], name="sms_by_purpose"),
            models.Index(fields=["remote_id"], name="sms_by_remote_id"),
            models.Index(fields=["campaign", "state"], name="sms_by_campaign"),
            models.Index(fields=["look_at"], name="sms_to_be_looked_at"),
        ]

    def __str__(self) -> str:
        return f"{phones.masked(self.phone)} · {self.template.key}"

    @property
    def asked_by(self) -> Any:
        """Who asked for it, where somebody did."""
        return self.created_by

    @property
    def secrets(self) -> dict[str, str]:
        """The open secret, for whoever sends it and for nobody else.

        :raises Unreadable: when it was sealed under another SECRET_KEY.
        """
        return sealing.reveal(sealing.SECRETS, self.secret)

    @property
    def text(self) -> str:
        """What it says, without its secrets."""
        return filled(self.template.text_in(self.language), self.parameters | hidden(self.secret_names))

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in self.CAN_BE_SENT_AGAIN and not self.secret_names

    @property
    def never_left(self) -> bool:
        """It has ended, and no provider ever took it: it costs nothing."""
        return self.finished and self.sent_at is None

    def has_expired(self, now: datetime | None = None) -> bool:
        return self.expires_at is not None and self.expires_at <= (now or timezone.now())

    def move(self, state: str, **fields: Any) -> bool:
        """As every job moves; the secret goes once the message no longer waits to be sent."""
        if state not in self.CLAIMABLE:
            fields.setdefault("secret", "")
        return super().move(state, **fields)

    def give_up(self, error: str) -> bool:
        """All attempts are used up: nobody tries again by themselves, and staff are told."""
        given_up = self.move(self.State.DEAD, error=error, attempts=self.attempts)
        if given_up:
            alarms.message_given_up(self)
        return given_up


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def sent(self) -> Self:
        """Those that went out, or may have: these are paid for."""
        return self.filter(outcome__in=Attempt.SENT)

    def since(self, moment: datetime) -> Self:
        return self.filter(started_at__gte=moment)

    def seen_by(self, user: Any) -> Self:
        """Those of the messages that `user` sees."""
        reach = getattr(user, "reach", None)
        if reach is None:
            return self.none()
        if reach.everybody:
            return self.all()
        return self.filter(reach.where("message__person") | Q(message__created_by=user.pk))


class Attempt(models.Model):
    """One time a message was handed to a provider, or so it was meant. It counts, and costs, on the day on which it began."""

    class Outcome(models.TextChoices):
        # written before the call: whoever finds it like that later knows that somebody died over it
        OPEN = "open", _("under way")
        ACCEPTED = "accepted", _("accepted")
        TRY_AGAIN = "try_again", _("not now")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("no answer")
        INTERRUPTED = "interrupted", _("interrupted")
        NEVER_ARRIVED = "never_arrived", _("never arrived")

    class Receipt(models.TextChoices):
        NONE = "", _("none yet")
        DELIVERED = "delivered", pgettext_lazy("state of a text message", "delivered")
        FAILED = "failed", _("failed")

    MAY_HAVE_ARRIVED: ClassVar[frozenset[str]] = frozenset(
        {Outcome.OPEN, Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.INTERRUPTED}
    )

    SENT: ClassVar[frozenset[str]] = MAY_HAVE_ARRIVED - {Outcome.OPEN}
    """Of those that ended."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="tries", verbose_name=_("text message"))
    number = models.PositiveSmallIntegerField(_("number"))
    provider = models.ForeignKey(
        Provider, models.SET_NULL, null=True, related_name="tries", verbose_name=_("SMS provider")
    )
    provider_key = models.CharField(_("SMS provider"), max_length=40)
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices, default=Outcome.OPEN)
    error_code = models.CharField(_("error code"), max_length=60, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    remote_id = models.CharField(_("id at the provider"), max_length=80, blank=True)
    request_id = models.CharField(_("request id"), max_length=80, blank=True)
    # what the provider asks for it, if it was sent; a node of the version before, which does not know it, writes rows too
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=4, default=Decimal(0), db_default=Decimal(0))
    # made although an earlier one may have arrived: the person may get the message twice
    repeats = models.BooleanField(_("may be a second copy"), default=False)
    receipt = models.CharField(_("receipt"), max_length=10, blank=True, choices=Receipt.choices, default=Receipt.NONE)
    receipt_code = models.CharField(_("code of the receipt"), max_length=60, blank=True)
    receipt_at = models.DateTimeField(_("received at"), null=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["number"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="sms_attempt_once")]
        indexes = [
            models.Index(fields=["remote_id"], name="sms_attempt_by_remote_id"),
            models.Index(fields=["started_at"], name="sms_attempt_by_day"),
            models.Index(fields=["provider", "started_at"], name="sms_attempt_by_provider"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} · {self.provider_key} · {self.get_outcome_display()}"

    def end(self, outcome: str, **fields: Any) -> None:
        """Write down what came of it."""
        Attempt.objects.filter(pk=self.pk).update(outcome=outcome, ended_at=timezone.now(), **fields)

    @property
    def reference(self) -> str:
        """What the provider is told to call it, and tells us back."""
        return f"{self.message_id.hex}-{self.number}"
