"""How endpoints tell the OpenAPI schema which errors they answer."""

from collections.abc import Iterator
from typing import Any

from django.utils import translation
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from project.core.errors import POPUP, TOAST, GatehouseError

OTHERS = (
    "What may happen to any call, in the same body: 405 and 415 (10010), 429 with `Retry-After` (10007), 500 (10001), "
    "503 while a needed service cannot be reached (10004)."
)


class ErrorBodySerializer(serializers.Serializer[object]):
    """What is known about an error."""

    code = serializers.CharField(help_text="See the table of codes.")
    level = serializers.ChoiceField([TOAST, POPUP], help_text="1: a toast, 2: a popup.")
    message = serializers.CharField(help_text="In the language of Accept-Language.")
    popup_title = serializers.CharField(allow_blank=True)
    popup_content = serializers.CharField(allow_blank=True)
    fields = serializers.DictField(required=False, help_text="Of validation errors: what is wrong, by field.")  # type: ignore[assignment]  # the contract's name; DRF's own `fields` stays reachable through the metaclass
    challenge = serializers.CharField(required=False, help_text="Of 20005, for `auth/second-factor`.")
    expires_in = serializers.IntegerField(required=False, help_text="Of 20005: seconds the challenge is good for.")
    enrolment = serializers.DictField(
        child=serializers.CharField(),
        required=False,
        help_text="Of 20005: `secret` and `otpauth_uri`, to set up an app.",
    )
    confirm_url = serializers.CharField(required=False, help_text="Of 20008.")
    change_url = serializers.CharField(required=False, help_text="Of 20010: where to choose a new password.")
    refresh_url = serializers.CharField(required=False, help_text="Of 20002.")
    request_id = serializers.CharField()


class ErrorSerializer(serializers.Serializer[object]):
    """The body of every error."""

    error = ErrorBodySerializer()


def error_responses(*errors: type[GatehouseError] | str) -> dict[int, OpenApiResponse]:
    """Return responses for `extend_schema(responses={200: …, **error_responses(NotFound, "10005")})`.

    :raises KeyError: for a code nobody has.
    """
    kinds = [_by_code(error) if isinstance(error, str) else error for error in errors]
    said: dict[int, list[str]] = {}
    for kind in kinds:
        said.setdefault(kind.status, []).append(f"{kind.code}: {kind.message}")
    return {status: OpenApiResponse(ErrorSerializer, "\n\n".join(lines)) for status, lines in sorted(said.items())}


def complete_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to each operation the errors that follow from what it is: drf-spectacular calls this when the schema is done.

    What an endpoint says itself about a status stays as it says it.
    """
    with translation.override("en"):
        for path, operations in result["paths"].items():
            for operation in operations.values():
                for code in _general_errors(path, operation):
                    _declare(operation["responses"], code)
                operation["responses"].setdefault("default", _error(OTHERS))
    return result


def _general_errors(path: str, operation: dict[str, Any]) -> Iterator[str]:
    security = operation.get("security", [])
    asks = bool(operation.get("requestBody"))
    if asks or any(one["in"] == "query" for one in operation.get("parameters", ())):
        yield "10000"
    if security and {} not in security:
        yield from ("20002", "10009")
    if "{" in path:
        yield "10008"
    if asks:
        yield "10011"


def _declare(responses: dict[str, Any], code: str) -> None:
    kind = _by_code(code)
    responses.setdefault(str(kind.status), _error(f"{kind.code}: {kind.message}"))


def _error(description: str) -> dict[str, Any]:
    body = {"$ref": "#/components/schemas/Error"}
    return {"content": {"application/json": {"schema": body}}, "description": description}


def _by_code(code: str) -> type[GatehouseError]:
    for kind in _kinds(GatehouseError):
        if kind.code == code:
            return kind
    raise KeyError(f"no error has the code {code!r}")


def _kinds(kind: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
