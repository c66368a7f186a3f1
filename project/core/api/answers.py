"""Every failure as the one body a client knows, whatever raised it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import kombu.exceptions
import redis.exceptions
import structlog
from django.core import exceptions as django
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions as drf
from rest_framework.response import Response

from project.core import context, errors
from project.core.errors import GatehouseError

log = structlog.get_logger(__name__)
CHALLENGE = 'Bearer realm="gatehouse"'


def answer_error(exc: Exception, _view_context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: nothing passes it."""
    error = translated(exc)
    report(error, exc)
    return Response(envelope(error), status=error.status, headers=headers_of(error))


def envelope(error: GatehouseError) -> dict[str, Any]:
    """Return the body of `error`, in the active language."""
    body: dict[str, Any] = {
        "code": error.code,
        "level": error.level,
        "message": str(error),
        "popup_title": str(error.popup_title),
        "popup_content": str(error.popup_content),
        **error.extra,
    }
    if error.fields:
        body["fields"] = plain(error.fields)
    return {"error": body | {"request_id": context.get_request_id()}}


def headers_of(error: GatehouseError) -> dict[str, str]:
    """Return the headers `error` is answered with."""
    return ({"WWW-Authenticate": CHALLENGE} if error.status == 401 else {}) | error.headers


def translated(exc: BaseException | None) -> GatehouseError:
    """Return `exc` as one of ours; what nobody foresaw is an internal error that tells nothing."""
    if isinstance(exc, GatehouseError):
        return exc
    for kinds, translate in TRANSLATIONS:
        if isinstance(exc, kinds):
            return translate(exc)
    return GatehouseError()


def report(error: GatehouseError, exc: BaseException | None) -> None:
    """Log what is our side's fault, with its traceback; what clients do wrong is in the access log."""
    if error is exc and error.status < 500:
        return
    if error.status >= 500:
        log.error("request.failed", code=error.code, exc_info=exc)
    elif isinstance(exc, DataError | IntegrityError):
        log.warning("request.refused", code=error.code, exc_info=exc)


def _invalid(exc: Any) -> GatehouseError:
    if isinstance(exc, django.ValidationError):
        detail: Any = exc.message_dict if hasattr(exc, "error_dict") else exc.messages
    else:
        detail = exc.detail
    return errors.InvalidParameters(fields=detail if isinstance(detail, dict) else {"non_field_errors": detail})


def _throttled(exc: Any) -> GatehouseError:
    return errors.TooManyRequests(retry_after=max(1, math.ceil(exc.wait or 1)))


def _method(exc: Any) -> GatehouseError:
    return errors.NotSupported(str(exc.detail))


def _media_type(exc: Any) -> GatehouseError:
    return errors.UnknownMediaType(str(exc.detail))


def _said(kind: type[GatehouseError]) -> Callable[[Any], GatehouseError]:
    """Translate to `kind`, keeping the sentence somebody wrote for this very case."""

    def translate(exc: Any) -> GatehouseError:
        said = str(exc.detail)
        return kind() if said == str(type(exc).default_detail) else kind(said)

    return translate


def _plainly(kind: type[GatehouseError], message: Any = None) -> Callable[[Any], GatehouseError]:
    return lambda _exc: kind(message)


def _api_exception(exc: Any) -> GatehouseError:
    """DRF exceptions of other packages: by their status."""
    kinds = {
        400: errors.InvalidParameters,
        403: errors.NoPermission,
        404: errors.NotFound,
        409: errors.Conflict,
        413: errors.TooLarge,
        503: errors.Unreachable,
    }
    return kinds.get(exc.status_code, GatehouseError)()


def plain(detail: Any) -> Any:
    """Return validation details as plain JSON; a list of rows is keyed by the row's number."""
    if isinstance(detail, Mapping):
        return {str(name): plain(inner) for name, inner in detail.items() if inner not in ({}, [])}
    if isinstance(detail, list | tuple):
        if any(isinstance(inner, Mapping) for inner in detail):
            return {str(number): plain(inner) for number, inner in enumerate(detail) if inner}
        return [plain(inner) for inner in detail]
    return str(detail)


Kinds = type[BaseException] | tuple[type[BaseException], ...]
TRANSLATIONS: list[tuple[Kinds, Callable[[Any], GatehouseError]]] = [
    ((drf.ValidationError, django.ValidationError), _invalid),
    (drf.ParseError, _said(errors.InvalidParameters)),
    ((drf.NotAuthenticated, drf.AuthenticationFailed), _plainly(errors.NotSignedIn)),
    (drf.PermissionDenied, _said(errors.NoPermission)),
    (drf.NotFound, _said(errors.NotFound)),
    (drf.MethodNotAllowed, _method),
    (drf.UnsupportedMediaType, _media_type),
    (drf.NotAcceptable, _plainly(errors.NotAcceptable)),
    (drf.Throttled, _throttled),
    (drf.APIException, _api_exception),
    ((Http404, django.ObjectDoesNotExist), _plainly(errors.NotFound)),
    (django.PermissionDenied, _plainly(errors.NoPermission)),
    (django.RequestDataTooBig, _plainly(errors.TooLarge)),
    (
        (django.TooManyFieldsSent, django.TooManyFilesSent),
        _plainly(errors.InvalidParameters, _("The form has too many fields.")),
    ),
    (
        (django.BadRequest, django.SuspiciousOperation, MultiPartParserError, UnreadablePostError),
        _plainly(errors.InvalidParameters, _("The request could not be understood.")),
    ),
    (DataError, _plainly(errors.InvalidParameters, _("A value is outside of what can be stored."))),
    (IntegrityError, _plainly(errors.Conflict)),
    ((OperationalError, InterfaceError), _plainly(errors.Unreachable)),
    (
        (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, kombu.exceptions.OperationalError),
        _plainly(errors.Unreachable),
    ),
]
