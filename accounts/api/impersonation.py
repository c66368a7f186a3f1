"""Acting as somebody else, over the API: how it ends. How it begins: `users/{id}/impersonate`."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import errors, services
from accounts.api import asking
from accounts.api.auth import TAGS
from project.core.api import error_responses


class ImpersonationView(APIView):
    @extend_schema(
        operation_id="auth_impersonation_end",
        summary="Be myself again",
        description="Ends `users/{id}/impersonate`. Does nothing when there is nothing to end.",
        tags=TAGS,
        responses={204: None, **error_responses(errors.NotSignedIn)},
    )
    def delete(self, request: Request) -> Response:
        services.stop_impersonating(session=asking.session(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
