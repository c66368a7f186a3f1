"""How endpoints tell the OpenAPI schema which errors they answer."""

from collections.abc import Iterator

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from project.core.errors import POPUP, TOAST, GatehouseError


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


def _by_code(code: str) -> type[GatehouseError]:
    for kind in _kinds(GatehouseError):
        if kind.code == code:
            return kind
    raise KeyError(f"no error has the code {code!r}")


def _kinds(kind: type[GatehouseError]) -> Iterator[type[GatehouseError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)
