"""Where everything stands."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.urls import well_known
from project import dashboard, health, metrics
from project.core.api import page_not_found
from realtime.api.document import AsyncApiView
from realtime.web import reference

handler400 = "project.core.api.bad_request"
handler403 = "project.core.api.permission_denied"
handler404 = "project.core.api.page_not_found"
handler500 = "project.core.api.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("integrations.sheets.api.urls")),
    path("", include("integrations.sms.api.urls")),
    path("", include("integrations.jenkins.api.urls")),
    path("realtime/", include("realtime.api.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", include(dashboard.urlpatterns)),
    path("admin/", admin.site.urls),
    path("console/", include("realtime.web.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("i18n/catalogue.js", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    path("api/v1/", include(api)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/asyncapi/", AsyncApiView.as_view(), name="asyncapi"),
    path("api/realtime/", reference.page, name="reference"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(metadata_class=None), name="docs"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path(".well-known/", include(well_known)),
    # also where Django would show its own page for developers (GATEHOUSE_ENV=debug)
    re_path("^api/", csrf_exempt(page_not_found)),
]
