"""API tokens: everybody's, for staff, and one's own."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts import services
from accounts.admin import shown
from accounts.admin.filters import LiveFilter
from accounts.admin.forms import acting
from accounts.admin.permissions import PermissionMatrix, grantable
from accounts.admin.step_up import ask
from accounts.models import ApiToken
from project.core.admin import DASH, Confirmed, ModelAdmin, ReadOnlyAdmin, ago, badge, confirmation
from project.core.errors import GatehouseError

SHOWN_SCOPES = 4


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin, ModelAdmin[ApiToken]):
    """Everybody's tokens; revoking one closes its sockets at once."""

    list_display = ("shown_name", "shown_owner", "shown_state", "shown_scopes", "shown_used", "shown_expiry")
    list_display_links = ("shown_name",)
    list_filter = (LiveFilter,)
    list_select_related = ("owner",)
    search_fields = ("name", "key_id", "owner__username", "owner__real_name")
    search_help_text = gettext_lazy("Name, id or owner")
    actions = ("revoke",)
    fieldsets = (
        (None, {"fields": ("name", "key_id", "owner", "shown_state")}),
        (gettext_lazy("What it may"), {"fields": ("all_scopes", "shown_addresses")}),
        (
            gettext_lazy("Time"),
            {"fields": ("created_at", "expires_at", "last_used_at", "last_used_ip", "revoked_at", "revoked_by")},
        ),
    )
    readonly_fields = ("shown_state", "all_scopes", "shown_addresses")
    empty_state = gettext_lazy(
        "People make tokens for their machines under “My API tokens”, in the menu of their name."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        found: QuerySet[ApiToken] = ApiToken.objects.seen_by(request.user)
        return found

    @display(description=gettext_lazy("Token"), ordering="name")
    def shown_name(self, token: ApiToken) -> SafeString:
        return _name(token)

    @display(description=gettext_lazy("Owner"), ordering="owner__username")
    def shown_owner(self, token: ApiToken) -> SafeString:
        return shown.person(token.owner)

    @display(description=gettext_lazy("State"))
    def shown_state(self, token: ApiToken) -> SafeString:
        return _state(token)

    @display(description=gettext_lazy("Scopes"))
    def shown_scopes(self, token: ApiToken) -> SafeString:
        return _few(token.scopes)

    @display(description=gettext_lazy("Scopes"))
    def all_scopes(self, token: ApiToken) -> SafeString:
        return format_html_join("", "<div><code>{}</code></div>", ((one,) for one in token.scopes))

    @display(description=gettext_lazy("Works from"))
    def shown_addresses(self, token: ApiToken) -> str:
        return _addresses(token)

    @display(description=gettext_lazy("Last used"), ordering=F("last_used_at").asc(nulls_first=True))
    def shown_used(self, token: ApiToken) -> SafeString:
        return _used(token)

    @display(description=gettext_lazy("Expires"), ordering="expires_at")
    def shown_expiry(self, token: ApiToken) -> SafeString:
        return ago(token.expires_at)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.revoke_apitoken")

    @admin.action(description=gettext_lazy("Revoke…"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        """Ask, then revoke those whose owners rank below the person who asks, and their own."""
        chosen = [one for one in queryset.select_related("owner") if one.is_live and _may_revoke(request, one)]
        if not chosen:
            text = _("None of these can be revoked by you: they are over, or of people who rank as high as you.")
            self.message_user(request, text, messages.WARNING)
            return None
        number = len(chosen)
        question = ngettext("Revoke %(n)d token", "Revoke %(n)d tokens", number) % {"n": number}
        touched = [format_html("{} {}", _name(one), shown.person(one.owner)) for one in chosen]
        answer = confirmation(self, request, chosen, question=question, touched=touched, button=question)
        if not isinstance(answer, Confirmed):
            return answer
        for one in chosen:
            services.revoke_api_token(token=one, by=acting(request), reason=answer.reason)
        said = ngettext("%(n)d token is dead.", "%(n)d tokens are dead.", number) % {"n": number}
        self.message_user(request, said, messages.SUCCESS)
        return None


class NewTokenForm(forms.Form):
    """What a machine is to get; accounts.services makes the token."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": gettext_lazy("What the machine is called")}),
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Works until"), widget=UnfoldAdminDateWidget(attrs={"type": "date"})
    )
    allowed_addresses = forms.CharField(
        label=gettext_lazy("Works from"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "One on each line: an address, a network, a range or a beginning. Empty: from everywhere."
        ),
    )
    scopes = forms.ModelMultipleChoiceField(grantable(), label=gettext_lazy("Scopes"), widget=PermissionMatrix)

    def __init__(self, request: HttpRequest) -> None:
        month = timezone.localdate() + timedelta(days=min(90, settings.API_TOKEN_MAX_DAYS))
        given = request.POST if request.method == "POST" else None
        super().__init__(given, initial={"expires_on": month.isoformat()})
        self.owner = acting(request)
        self.made: services.NewToken | None = None
        matrix: Any = self.fields["scopes"].widget
        matrix.holder = self.owner

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.errors:
            return given
        end = timezone.make_aware(datetime.combine(given["expires_on"], time.max))
        chosen: QuerySet[Permission] = given["scopes"]
        try:
            self.made = services.create_api_token(
                owner=self.owner,
                name=given["name"],
                scopes=[f"{one.content_type.app_label}.{one.codename}" for one in chosen],
                expires_at=end,
                allowed_addresses=given["allowed_addresses"].splitlines(),
            )
        except ValidationError as problem:
            for name, said in problem.message_dict.items():
                field = {"expires_at": "expires_on"}.get(name, name)
                self.add_error(field if field in self.fields else None, said)
        except GatehouseError as problem:
            self.add_error(None, str(problem))
        return given


def show(request: HttpRequest) -> HttpResponse:
    """List one's own tokens; make one, whose text is shown this once."""
    may_make = request.user.has_perm("accounts.add_apitoken")
    form = None
    if may_make:
        if request.method == "POST" and (page := ask(request)):
            return page
        form = NewTokenForm(request)
        if form.is_bound:
            form.is_valid()
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(owner=request.user.pk)
    about = admin.site.each_context(request) | {
        "title": _("My API tokens"),
        "tokens": [_line(one) for one in tokens],
        "form": form if form and not form.made else None,
        "may_make": may_make,
        "made": form.made if form else None,
    }
    return TemplateResponse(request, "gatehouse/tokens.html", about)


@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke one of one's own tokens."""
    token = ApiToken.objects.live().filter(owner=request.user.pk, key_id=request.POST.get("id", "")).first()
    if token is None:
        raise Http404
    services.revoke_api_token(token=token, by=acting(request))
    messages.success(request, _("%(token)s is dead.") % {"token": token.name})
    return redirect("dashboard:tokens")


def _may_revoke(request: HttpRequest, token: ApiToken) -> bool:
    return token.owner_id == request.user.pk or request.user.has_perm("accounts.revoke_apitoken", token)


def _line(token: ApiToken) -> dict[str, Any]:
    return {
        "token": token,
        "name": _name(token),
        "state": _state(token),
        "scopes": _few(token.scopes),
        "addresses": _addresses(token),
        "used": _used(token),
        "until": ago(token.expires_at),
    }


def _name(token: ApiToken) -> SafeString:
    return format_html(
        '<span class="gh-person-name">{}</span> <small class="gh-mono gh-faint">{}…</small>',
        token.name,
        f"ght_{token.key_id[:6]}",
    )


def _state(token: ApiToken) -> SafeString:
    if token.revoked_at is not None:
        return badge(_("revoked"), "bad", icon="key_off")
    return badge(_("in force"), "ok") if token.is_live else badge(_("expired"), "idle")


def _few(scopes: list[str]) -> SafeString:
    first = format_html_join(" ", "<code>{}</code>", ((one,) for one in scopes[:SHOWN_SCOPES]))
    more = len(scopes) - SHOWN_SCOPES
    rest = format_html('<span title="{}">{}</span>', ", ".join(scopes), _("and %(n)d more") % {"n": more})
    return format_html('<span class="gh-scopes">{} {}</span>', first, rest if more > 0 else "")


def _addresses(token: ApiToken) -> str:
    return pgettext("between the items of a list", ", ").join(token.allowed_addresses) or _("everywhere")


def _used(token: ApiToken) -> SafeString:
    if token.last_used_at is None:
        return SafeString(DASH)
    return format_html("{} <small>{}</small>", ago(token.last_used_at), token.last_used_ip or "")
