"""How text messages read and look: colours of their states, names of purposes, phones, money, and errors in words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from integrations.sms import phones, routing
from integrations.sms.models import Attempt, Message, Provider, VerificationCode
from project.core.admin import Tone, ago, badge

VIEW_PHONE = "sms.view_phone"

STATES: Mapping[str, tuple[Tone, str]] = {
    Message.State.PENDING: ("info", "schedule"),
    Message.State.SENDING: ("live", "sensors"),
    Message.State.SENT: ("info", "done"),
    Message.State.DELIVERED: ("ok", "done_all"),
    Message.State.FAILED: ("bad", "error"),
    Message.State.UNKNOWN: ("warn", "help"),
    Message.State.DEAD: ("bad", "sms_failed"),
    Message.State.EXPIRED: ("idle", "timer_off"),
    Message.State.CANCELLED: ("idle", "cancel"),
}
OUTCOMES: Mapping[str, tuple[Tone, str]] = {
    Attempt.Outcome.OPEN: ("live", "sensors"),
    Attempt.Outcome.ACCEPTED: ("ok", "check_circle"),
    Attempt.Outcome.TRY_AGAIN: ("warn", "replay"),
    Attempt.Outcome.REFUSED: ("bad", "block"),
    Attempt.Outcome.UNKNOWN: ("warn", "help"),
    Attempt.Outcome.INTERRUPTED: ("warn", "power_off"),
    Attempt.Outcome.NEVER_ARRIVED: ("idle", "cancel"),
}
PURPOSES: Mapping[str, Any] = {
    **{one.value: one.label for one in VerificationCode.Purpose},
    "manual": pgettext_lazy("what a text message is for", "by hand"),
    "invitation": pgettext_lazy("what a text message is for", "invitation"),
    "notice": pgettext_lazy("what a text message is for", "notice"),
    "campaign": pgettext_lazy("what a text message is for", "campaign"),
    "test": pgettext_lazy("what a text message is for", "test"),
}
WORDS: Mapping[str, Any] = {
    "secret_key": _("What is secret in it was sealed under another SECRET_KEY: it cannot be read any more."),
    "no_template_id": _("The provider sends approved templates only, and has no id of this one in this language."),
    "not_installed": _("The package that speaks to this provider is not installed."),
    "unknown_kind": _("This kind of provider is not known here."),
    "isp.SYSTEM_ERROR": _("The provider had a fault of its own."),
    "isp.UNKNOWN_ERR_CODE": _("The provider had a fault of its own."),
    "ServiceUnavailable": _("The provider had a fault of its own."),
    "InternalError": _("The provider had a fault of its own."),
    "RequestLimitExceeded": _("The provider was asked too often within a second."),
    "open": _("The provider was left alone: it failed again and again just before."),
    "busy": _("Too many messages were being handed to the provider at the same time."),
    "isv.BUSINESS_LIMIT_CONTROL": _("The provider lets only so many messages go to one number within a time."),
    "isv.DAY_LIMIT_CONTROL": _("The day's limit that is set at the provider is reached."),
    "isv.MONTH_LIMIT_CONTROL": _("The month's limit that is set at the provider is reached."),
    "isv.MOBILE_NUMBER_ILLEGAL": _("The provider does not take this for a mobile number."),
    "isv.BLACK_KEY_CONTROL_LIMIT": _("A word of the text is forbidden at the provider."),
    "isv.PARAM_LENGTH_LIMIT": _("A parameter is longer than the provider takes."),
    "isv.PARAM_NOT_SUPPORT_URL": _("The provider takes no address of a web page in a parameter."),
    "isv.TEMPLATE_PARAMS_ILLEGAL": _("The parameters are not those of the template as the provider approved it."),
    "isv.TEMPLATE_MISSING_PARAMETERS": _("The parameters are not those of the template as the provider approved it."),
    "isv.SMS_CONTENT_ILLEGAL": _("The provider does not carry this text."),
    "isv.AMOUNT_NOT_ENOUGH": _("The account at the provider has no money left."),
    "isv.OUT_OF_SERVICE": _("The account at the provider is suspended."),
    "isv.ACCOUNT_ABNORMAL": _("The account at the provider is suspended."),
    "isv.SMS_SIGNATURE_ILLEGAL": _("The sign name is not approved at the provider."),
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": _("The sign name is not approved for this kind of text."),
    "isv.SMS_TEMPLATE_ILLEGAL": _("The template is not approved at the provider."),
    "isp.RAM_PERMISSION_DENY": _("The access key may not send text messages."),
    "InvalidAccessKeyId.NotFound": _("The provider does not know the access key."),
    "SignatureDoesNotMatch": _("The secret of the access key is wrong."),
    "FailedOperation.PhoneNumberInBlacklist": _(
        "The provider sends nothing to this number: it asked not to be written to."
    ),
    "FailedOperation.ContainSensitiveWord": _("A word of the text is forbidden at the provider."),
    "FailedOperation.InsufficientBalanceInSmsPackage": _("The account at the provider has no money left."),
    "FailedOperation.SignatureIncorrectOrUnapproved": _("The sign name is not approved at the provider."),
    "FailedOperation.TemplateIncorrectOrUnapproved": _("The template is not approved at the provider."),
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _(
        "The parameters are not those of the template as the provider approved it."
    ),
    "LimitExceeded.PhoneNumberDailyLimit": _("The provider lets only so many messages go to one number within a time."),
    "LimitExceeded.PhoneNumberOneHourLimit": _(
        "The provider lets only so many messages go to one number within a time."
    ),
    "LimitExceeded.PhoneNumberThirtySecondLimit": _(
        "The provider lets only so many messages go to one number within a time."
    ),
    "LimitExceeded.AppDailyLimit": _("The day's limit that is set at the provider is reached."),
    "UnauthorizedOperation.ServiceSuspendDueToArrears": _("The account at the provider is suspended."),
    "AuthFailure.SignatureFailure": _("The secret of the access key is wrong."),
    "AuthFailure.SecretIdNotFound": _("The provider does not know the access key."),
}


def state(message: Message) -> SafeString:
    tone, icon = STATES.get(message.state, ("info", ""))
    return badge(message.get_state_display(), tone, icon=icon)


def outcome(attempt: Attempt) -> SafeString:
    tone, icon = OUTCOMES.get(attempt.outcome, ("info", ""))
    return badge(attempt.get_outcome_display(), tone, icon=icon)


def health(provider: Provider, sent_today: int | None = None) -> SafeString:
    """How a provider is, in a word, and what it last said where something is wrong.

    :param sent_today: where that was counted already.
    """
    if not provider.enabled:
        return badge(gettext("off"), "idle")
    if routing.is_plaything(provider):
        return badge(gettext("not in production"), "bad")
    if provider.trouble_code:
        said = in_words(provider.trouble_code, provider.trouble)
        return format_html(
            '{} <small class="sms-why">{} <code>{}</code> {}</small>',
            badge(gettext("refuses us"), "bad"), said, provider.trouble_code, ago(provider.trouble_at),
        )  # fmt: skip
    if provider.left_alone_since:
        said = badge(gettext("left alone"), "warn", icon="pause_circle")
        return format_html('{} <small class="sms-why">{}</small>', said, ago(provider.left_alone_since))
    if routing.is_used_up(provider, sent=sent_today):
        return badge(gettext("quota used up"), "warn", icon="hourglass_bottom")
    return badge(gettext("in order"), "ok")


def purpose(name: str) -> Any:
    return PURPOSES.get(name, name)


def phone(number: str, user: Any) -> str:
    """The number as far as `user` may see it."""
    return number if user.has_perm(VIEW_PHONE) else phones.masked(number)


def as_given(text: str, user: Any) -> str:
    """What stood where a number should, as far as `user` may see it: it may be one after all."""
    return text if user.has_perm(VIEW_PHONE) or len(text) <= phones.SHOWN_DIGITS else phones.masked(text)


def money(amount: Decimal, currency: str = "") -> str:
    """An amount with as many places as it needs, two at least ("0.045 CNY")."""
    text = f"{amount:.4f}".rstrip("0")
    places = max(2, len(text.partition(".")[2]))
    return f"{number_format(amount, places)} {currency or settings.SMS_CURRENCY}"


def cost(message: Message) -> str:
    """What a message costs, or will; "" where it ended without ever having left."""
    return "" if message.never_left else money(message.cost, message.currency)


def in_words(code: str, text: str = "") -> str:
    """What went wrong, in words; the provider's own where we have none for its code."""
    known = WORDS.get(code)
    return str(known) if known else text or code
