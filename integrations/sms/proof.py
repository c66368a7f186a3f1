"""Before something dangerous it is asked who is there; how is the house's own way."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string


def ask(request: HttpRequest) -> HttpResponse | None:
    """Return None when the person has proved themselves of late, else the page that asks (SMS_PROOF_PAGE)."""
    asks: Callable[[HttpRequest], HttpResponse | None] = import_string(settings.SMS_PROOF_PAGE)
    return asks(request)


def ensure(session: object) -> None:
    """Let through who has proved themselves of late, with what `request.auth` is.

    :raises GatehouseError: what SMS_PROOF raises.
    """
    import_string(settings.SMS_PROOF)(session)
