"""How a test asks for errands, beside everything the product answers."""

import json
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from project import urls
from project.core import jobs
from tests.brokers.errands.models import Errand


@csrf_exempt
def errands(request: HttpRequest) -> JsonResponse:
    """POST one, with `forgotten` as if the message that wakes a worker were lost; GET all."""
    if request.method == "POST":
        asked = json.loads(request.body)
        forgotten = asked.pop("forgotten", False)
        errand = Errand.objects.create(**asked)
        if not forgotten:
            jobs.wake(errand)
        return JsonResponse({"id": str(errand.pk)}, status=202)
    fields = ("id", "what", "state", "attempts", "runs", "worker")
    return JsonResponse({str(one["id"]): one for one in Errand.objects.values(*fields)})


@csrf_exempt
def end(_request: HttpRequest, pk: UUID) -> JsonResponse:
    """Let a long errand end."""
    return JsonResponse({"found": Errand.objects.filter(pk=pk).update(may_end=True)})


urlpatterns = [path("errands/", errands), path("errands/<uuid:pk>", end), *urls.urlpatterns]
