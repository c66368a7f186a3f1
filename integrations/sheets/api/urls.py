"""Where imports and exports stand in the API."""

from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

from integrations.sheets.api.views import ExportViewSet, ImportViewSet


class Router(SimpleRouter):
    """With or without the slash at the end: people forget it."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


router = Router()
router.register("imports", ImportViewSet, basename="import")
router.register("exports", ExportViewSet, basename="export")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
