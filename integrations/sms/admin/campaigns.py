"""Campaigns: a list, and a page on which each is written, counted, confirmed, followed and stopped."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import display

from integrations.sms import campaigns, forms, looks
from integrations.sms.admin.sending import on_the_telephone
from integrations.sms.campaigns import pages
from integrations.sms.models import Campaign
from project.core.admin import ModelAdmin, ReadOnlyAdmin, Tone, ago, badge, row_or_404
from project.core.errors import GatehouseError

TONES: Mapping[str, tuple[Tone, str]] = {
    "draft": ("idle", "edit_note"),
    "counting": ("live", ""),
    "ready": ("warn", ""),
    "sending": ("live", ""),
    "done": ("ok", ""),
    "stopped": ("idle", "cancel"),
    "failed": ("bad", ""),
}


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin, ModelAdmin[Campaign]):
    """Messages to many."""

    list_display = ("shown_name", "shown_state", "template", "shown_sent", "shown_cost", "created_by", "shown_created")
    list_display_links = ("shown_name",)
    list_filter = ("state", "template")
    list_select_related = ("template", "created_by")
    search_fields = ("name", "file_name", "created_by__username")
    search_help_text = gettext_lazy("Name, file or who began it")
    ordering = ("-created_at",)
    list_disable_select_all = True
    actions = None
    empty_state = gettext_lazy(
        "No campaign yet. Upload a sheet with phone numbers, or choose people in the list of users: everything is "
        "counted first, and nothing is sent until you confirm."
    )

    # --- who may ---

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("sms.send_campaign")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return Campaign.objects.seen_by(request.user)

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("sheet/", inside(self.sheet), name="sms_campaign_sheet"),
            path("<uuid:pk>/progress/", inside(self.progress), name="sms_campaign_progress"),
            path("<uuid:pk>/do/<slug:step>/", inside(require_POST(self.step)), name="sms_campaign_step"),
            *super().get_urls(),
        ]

    # --- a new one, of a sheet ---

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        template = forms.chosen(request.POST.get("template") or request.GET.get("template", ""))
        form = forms.UploadForm(request.POST or None, request.FILES or None, template=template)
        if form.is_bound and form.is_valid():
            try:
                campaign = campaigns.start_from_sheet(file=form.cleaned_data["file"], by=request.user, **form.said)
                campaigns.prepare(campaign, by=request.user)
                return HttpResponseRedirect(self._address(campaign))
            except GatehouseError as problem:
                form.add_error("file", _said(problem))
        shown = {
            "form": form,
            "template": template,
            "largest": filesizeformat(settings.IMPORT_MAX_BYTES),
            "most": f"{settings.IMPORT_MAX_ROWS:,}",
        }
        return self._page(request, "sms/campaign_new.html", _("New campaign"), shown | on_the_telephone(template))

    def sheet(self, request: HttpRequest) -> HttpResponseBase:
        """The empty sheet of a template, but for what is the same for all."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        template = forms.offered().filter(key=request.GET.get("template", "")).first()
        if template is None:
            raise Http404
        return campaigns.empty_sheet(template, request.GET.getlist("filled"))

    # --- one campaign ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        campaign = self._found(request, object_id)
        if campaign.state == Campaign.State.DRAFT and self.has_add_permission(request):
            return self._draft(request, campaign)
        template = "sms/campaign_body.html" if "part" in request.GET else "sms/campaign.html"
        page = Paginator(pages.recipients(campaign, request.GET), pages.PAGE).get_page(request.GET.get("page"))
        shown = {"state": shown_state(campaign), "may_send": self.has_add_permission(request), "pages": page}
        return self._page(
            request, template, campaign.name, shown | pages.of_campaign(campaign, request.user, page, request.GET)
        )

    def _draft(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        wanted = request.POST.get("template") or request.GET.get("template") or campaign.template.key
        template = forms.chosen(wanted)
        before = {f"{forms.PARAMETER}{name}": value for name, value in campaign.parameters.items()}
        form = forms.CampaignForm(
            request.POST or None, template=template, initial={"name": campaign.name} | before
        )  # fmt: skip
        if form.is_bound and form.is_valid():
            try:
                campaigns.edit(campaign, by=request.user, **form.said)
                campaigns.prepare(campaign, by=request.user)
                return HttpResponseRedirect(self._address(campaign))
            except GatehouseError as problem:
                form.add_error(None, _said(problem))
        shown = {"form": form, "campaign": campaign, "template": template, "state": shown_state(campaign)}
        shown["chosen"] = pages.chosen(campaign)
        return self._page(request, "sms/campaign_draft.html", campaign.name, shown | on_the_telephone(template))

    def progress(self, request: HttpRequest, pk: Any) -> JsonResponse:
        """What a page without a socket asks now and then."""
        return JsonResponse(campaigns.about(self._found(request, pk)))

    def step(self, request: HttpRequest, pk: Any, step: str) -> HttpResponse:
        """Confirm, change, stop: one call each; what goes wrong is said on the page."""
        campaign = self._found(request, pk)
        taken = getattr(self, f"step_{step}", None)
        if taken is None or not self.has_add_permission(request):
            raise PermissionDenied
        try:
            taken(request, campaign)
        except GatehouseError as problem:
            messages.error(request, str(problem))
        return HttpResponseRedirect(self._address(campaign))

    def step_confirm(self, request: HttpRequest, campaign: Campaign) -> None:
        good = request.POST.get("good", "")
        campaigns.confirm(campaign, by=request.user, good=int(good) if good.isdecimal() and len(good) < 9 else -1)

    def step_change(self, request: HttpRequest, campaign: Campaign) -> None:
        campaigns.prepare_again(campaign, by=request.user)

    def step_stop(self, request: HttpRequest, campaign: Campaign) -> None:
        campaigns.stop(campaign, by=request.user)

    def _found(self, request: HttpRequest, pk: Any) -> Campaign:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("template", "created_by", "confirmed_by")
        rows = rows.prefetch_related("template__texts")
        return row_or_404(rows, pk)

    def _address(self, campaign: Campaign) -> str:
        return reverse("admin:sms_campaign_change", args=[campaign.pk])

    def _page(self, request: HttpRequest, template: str, title: str, shown: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"title": title, "opts": self.opts} | shown
        return TemplateResponse(request, template, context)

    # --- list ---

    @display(description=gettext_lazy("Campaign"), ordering="name")
    def shown_name(self, campaign: Campaign) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{}</span></span>',
            campaign.name,
            pages.chosen(campaign),
        )

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, campaign: Campaign) -> SafeString:
        return shown_state(campaign)

    @display(description=gettext_lazy("Sent"), ordering="good")
    def shown_sent(self, campaign: Campaign) -> SafeString:
        return format_html('<span class="gh-nowrap">{}</span>', pages.in_a_word(campaign))

    @display(description=gettext_lazy("Expected cost"), ordering="cost")
    def shown_cost(self, campaign: Campaign) -> Any:
        cost = looks.money(campaign.cost, campaign.currency) if campaign.good else ""
        return format_html('<span class="gh-nowrap">{}</span>', cost) if cost else None

    @display(description=gettext_lazy("Begun"), ordering="created_at")
    def shown_created(self, campaign: Campaign) -> SafeString:
        return ago(campaign.created_at)


def shown_state(campaign: Campaign) -> SafeString:
    """A campaign's state as icon, word and colour."""
    tone, icon = TONES[campaign.state]
    if campaign.waits_for:
        return badge(_("waits for money"), "warn", icon="payments")
    return badge(campaign.get_state_display(), tone, icon=icon)


def _said(problem: GatehouseError) -> list[str]:
    found: list[str] = []
    for said in problem.fields.values():
        each = said.items() if isinstance(said, Mapping) else [("", said)]
        found += [f"{name}: {' '.join(map(str, texts))}".removeprefix(": ") for name, texts in each]
    return found or [str(problem)]
