"""The page on which providers are put in the order in which they are asked: dragged, or moved by buttons, and then saved."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from integrations.sms import looks, proof, services
from integrations.sms.models import Provider
from project.core.errors import InvalidParameters


class Arranging:
    """Mixin before ModelAdmin: the button above the list of providers, and its page."""

    actions_list = ("arrange",)

    @action(description=gettext_lazy("Arrange"), icon="swap_vert", url_path="arrange", permissions=["change"])
    def arrange(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):  # type: ignore[attr-defined]  # ModelAdmin's, after this one
            raise PermissionDenied
        if request.method == "POST":
            if page := proof.ask(request):
                return page
            try:
                services.order_providers(request.POST.getlist("key"), by=request.user)
            except InvalidParameters:
                messages.error(request, _("Providers were added or deleted meanwhile: look at them once more."))
                return redirect("admin:sms_provider_arrange")
            messages.success(request, _("From now on they are asked in this order."))
            return redirect("admin:sms_provider_changelist")
        return self._page(request)

    def _page(self, request: HttpRequest) -> HttpResponse:
        rows = [(one, looks.health(one)) for one in Provider.objects.all()]
        admin: Any = self
        shown = {"title": _("Arrange providers"), "opts": admin.opts, "rows": rows}
        return TemplateResponse(request, "sms/providers_order.html", admin.admin_site.each_context(request) | shown)
