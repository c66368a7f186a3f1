"""The API's manners: one error envelope, pagination, strict JSON, and how endpoints declare their errors."""

from project.core.api.answers import answer_error, envelope, translated
from project.core.api.handlers import bad_request, csrf_failure, page_not_found, permission_denied, server_error
from project.core.api.pages import Pages, paged
from project.core.api.parsing import StrictJSONParser
from project.core.api.routing import Router, forgiving
from project.core.api.schema import ErrorSerializer, complete_errors, error_responses
from project.core.api.serializers import StrictSerializer, checked, query_of

__all__ = [
    "ErrorSerializer",
    "Pages",
    "Router",
    "StrictJSONParser",
    "StrictSerializer",
    "answer_error",
    "bad_request",
    "checked",
    "csrf_failure",
    "complete_errors",
    "envelope",
    "error_responses",
    "forgiving",
    "page_not_found",
    "paged",
    "permission_denied",
    "query_of",
    "server_error",
    "translated",
]
