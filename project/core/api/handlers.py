"""Errors outside of API views: the envelope for API paths, a page of our own for people."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from project.core import context, errors
from project.core.api.answers import envelope, headers_of, report, translated
from project.core.errors import GatehouseError

API_PATHS = ("/api/", "/.well-known/")
PLAIN_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><p>{message}</p><p><small>{label}: <code>{request_id}</code></small></p></body></html>"""


def bad_request(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """handler400: also bodies that are too large, which are answered with 413."""
    error = translated(exception)
    return _answer(request, error if error.status < 500 else errors.InvalidParameters())


def permission_denied(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """handler403"""
    return _answer(request, errors.NoPermission())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW"""
    message = _("This form has expired or came from elsewhere. Reload the page and try again.")
    return _answer(request, errors.NoPermission(message))


def page_not_found(request: HttpRequest, exception: BaseException | None = None) -> HttpResponse:
    """handler404"""
    return _answer(request, errors.NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: what is known about the failure decides between 500 and, for a service that is away, 503."""
    exception = sys.exc_info()[1]
    error = translated(exception)
    report(error, exception)
    return _answer(request, error)


def _answer(request: HttpRequest, error: GatehouseError) -> HttpResponse:
    with translation.override(_language(request)):
        if request.path_info.startswith(API_PATHS):
            return JsonResponse(envelope(error), status=error.status, headers=headers_of(error))
        return HttpResponse(_page(error), status=error.status, headers=headers_of(error))


def _language(request: HttpRequest) -> str:
    chosen = getattr(request, "LANGUAGE_CODE", "")  # set by LocaleMiddleware, unless the failure came before it
    return chosen or translation.get_language_from_request(request)


def _page(error: GatehouseError) -> str:
    about: dict[str, Any] = {"error": error, "status": error.status, "message": str(error)}
    about |= {"request_id": context.get_request_id()}
    # without the request: its processors may be what failed
    try:
        return render_to_string(f"errors/{error.page or error.status}.html", about)
    except TemplateDoesNotExist:
        title = _("Error {status}").format(status=error.status)
        language, label = translation.get_language(), _("Request id")
        return format_html(PLAIN_PAGE, title=title, language=language, label=label, **about)
