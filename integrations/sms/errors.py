"""What can go wrong with a text message.

GatehouseError
├── SmsError
│   ├── SendFailed          10006  502   a provider did not take it
│   ├── SecretLost          10006  502   what it held was sealed under another SECRET_KEY
│   ├── NoProvider          50000  503   nobody who could carry it; retry
│   ├── BadParameters       50002  400   not those that the template asks for
│   ├── NotInThisState      10005  409   sent again while it is on its way, ...
│   ├── TemplateInUse       10005  409   deleted although messages say what it says
│   └── ReceiptRefused      50003  403   a receipt from nobody who may send one
└── InvalidParameters
    ├── NoPhone             10000  400   the person has none
    ├── NotAPhoneNumber     10000  400   see phones.py
    ├── OutOfReach          10000  400   a number of nobody whom one reaches
    ├── BadTemplate         10000  400   its texts or ids cannot be used like that
    └── UnknownTemplate     50001  400   no template of this name, or it is switched off
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.sms.phones import NotAPhoneNumber
from project.core.errors import GatehouseError, InvalidParameters

__all__ = [
    "BadParameters",
    "BadTemplate",
    "NoPhone",
    "NoProvider",
    "NotAPhoneNumber",
    "NotInThisState",
    "OutOfReach",
    "ReceiptRefused",
    "SecretLost",
    "SendFailed",
    "SmsError",
    "TemplateInUse",
    "UnknownTemplate",
]


class SmsError(GatehouseError):
    """A text message could not be sent or told of."""


class SendFailed(SmsError):
    code, status, retry = "10006", 502, True
    message = _("The text message could not be sent.")


class SecretLost(SmsError):
    code, status = "10006", 502
    message = _("What this message held was sealed under another SECRET_KEY.")


class NoProvider(SmsError):
    code, status, retry = "50000", 503, True
    message = _("No provider can carry this text message at present.")


class UnknownTemplate(InvalidParameters):
    code, status = "50001", 400
    message = _("There is no text message template “{key}” in use.")

    def __init__(self, key: str) -> None:
        super().__init__(fields={"template": [_("Choose one of the templates.")]}, key=key)


class NoPhone(InvalidParameters):
    message = _("This person has no mobile number.")

    def __init__(self) -> None:
        super().__init__(fields={"user": [self.message]})


class OutOfReach(InvalidParameters):
    """The same whether somebody else has the number or nobody: that is not told."""

    message = _("None of the people you reach has this number.")

    def __init__(self) -> None:
        super().__init__(fields={"phone": [self.message]})


class BadParameters(SmsError):
    code, status = "50002", 400
    message = _("These are not the parameters of the template “{key}”.")

    def __init__(self, key: str, wrong: dict[str, Any]) -> None:
        super().__init__(fields={"parameters": wrong}, key=key)


class BadTemplate(InvalidParameters):
    """A template would not be one; `fields` says where."""


class NotInThisState(SmsError):
    code, status = "10005", 409
    message = _("This cannot be done while the message is “{state}”.")


class TemplateInUse(SmsError):
    code, status = "10005", 409
    message = _("Messages say what this template says: switch it off instead of deleting it.")


class ReceiptRefused(SmsError):
    code, status = "50003", 403
    message = _("Receipts of this provider are not taken from here.")
