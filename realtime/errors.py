"""What can go wrong at the gateway.

GatehouseError
└── GatewayError
    ├── BadClientFrame       40000  400   not a frame: says what and where
    ├── UnknownTopic         40001  404   nobody handles this topic
    ├── GroupRefused         40002  403   not a group to join, or to leave
    ├── TooBusy              40003  429   too many calls of this connection at once
    ├── NotSignedIn          40004  401   a guest asked for what guests may not
    ├── GatewayUnreachable   40005  503   this process cannot reach the browsers: says why
    └── ConnectionGone       10008  404   no such connection (any more)
"""

from django.utils.translation import gettext_lazy as _

from project.core.errors import GatehouseError, NotFound


class GatewayError(GatehouseError):
    """The family."""


class BadClientFrame(GatewayError):
    code, status = "40000", 400
    message = _("This frame cannot be understood.")


class UnknownTopic(GatewayError):
    code, status = "40001", 404
    message = _("There is no topic “{topic}”.")


class GroupRefused(GatewayError):
    code, status = "40002", 403
    message = _("You may not join the group “{group}”.")


class TooBusy(GatewayError):
    code, status, retry = "40003", 429, True
    message = _("At most {limit} calls at once: wait for an answer first.")


class NotSignedIn(GatewayError):
    code, status = "40004", 401
    message = _("Sign in first.")


class GatewayUnreachable(GatewayError):
    code, status, retry = "40005", 503, True
    message = _("The gateway cannot be reached from this process: {why}")


class ConnectionGone(GatewayError, NotFound):
    message = _("There is no such connection; it may have closed meanwhile.")
