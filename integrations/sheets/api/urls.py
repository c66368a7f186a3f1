"""Where imports and exports stand in the API."""

from django.urls import URLPattern, URLResolver

from integrations.sheets.api.views import ColumnSetViewSet, ExportViewSet, ImportViewSet
from project.core.api import Router

router = Router()
router.register("imports", ImportViewSet, basename="import")
router.register("exports", ExportViewSet, basename="export")
router.register("column-sets", ColumnSetViewSet, basename="column-set")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
