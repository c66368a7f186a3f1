"""Where imports and exports stand in the API."""

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from integrations.sheets.api.views import ExportViewSet, ImportViewSet

router = SimpleRouter()
router.trailing_slash = "/?"  # people forget it
router.register("imports", ImportViewSet, basename="import")
router.register("exports", ExportViewSet, basename="export")

urlpatterns: list[URLPattern | URLResolver] = [path("", include(router.urls))]
