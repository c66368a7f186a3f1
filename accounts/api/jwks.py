"""The public parts of our signing keys, for whoever verifies our tokens."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from accounts import keys

MAX_AGE_SECONDS = 300


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """Answer with the key set (RFC 7517)."""
    headers = {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}", "Access-Control-Allow-Origin": "*"}
    return JsonResponse(keys.jwks(), headers=headers)
