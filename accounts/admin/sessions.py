"""Where people are signed in."""

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from accounts import places
from accounts.admin import shown
from accounts.admin.ending import end, end_everybodys
from accounts.admin.filters import LiveFilter
from accounts.models import LoginSession
from project.core.admin import ModelAdmin, ReadOnlyAdmin, ago


@admin.register(LoginSession)
class LoginSessionAdmin(ReadOnlyAdmin, ModelAdmin[LoginSession]):
    """Everybody's sessions; ending one closes its sockets and voids its tokens at once."""

    list_display = (
        "shown_user",
        "shown_state",
        "shown_device",
        "shown_place",
        "shown_seen",
        "shown_created",
        "shown_until",
    )
    list_display_links = ("shown_user",)
    list_filter = (LiveFilter, "scope", "device_kind", "end_reason", ("created_at", RangeDateTimeFilter))
    list_select_related = ("user", "subject")
    search_fields = ("user__username", "user__real_name", "ip", "device", "browser")
    search_help_text = gettext_lazy("User name, name, address or device")
    actions = ("end_sessions",)
    actions_list = ("end_all",)
    fieldsets = (
        (None, {"fields": ("user", "shown_state", "scope", "kind", "sid")}),
        (gettext_lazy("Acting as somebody else"), {"fields": ("subject", "subject_until", "subject_writes")}),
        (
            gettext_lazy("Device"),
            {"fields": ("device", "browser", "os", "device_kind", "shown_country", "ip", "user_agent")},
        ),
        (
            gettext_lazy("Time"),
            {
                "fields": (
                    "created_at",
                    "last_seen_at",
                    "renewed_at",
                    "renew_count",
                    "shown_renewals",
                    "expires_at",
                    "absolute_expires_at",
                )
            },
        ),
        (gettext_lazy("End"), {"fields": ("ended_at", "end_reason", "ended_by", "replaced_by")}),
    )
    readonly_fields = (
        "sid",
        "subject",
        "subject_until",
        "subject_writes",
        "shown_state",
        "shown_country",
        "shown_renewals",
    )
    empty_state = gettext_lazy("A session appears here when somebody signs in, to the back office or to the API.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginSession]:
        return LoginSession.objects.seen_by(request.user)

    @display(description=gettext_lazy("Person"), ordering="user__username")
    def shown_user(self, session: LoginSession) -> SafeString:
        return shown.actor(session)

    @display(description=gettext_lazy("State"), ordering=F("ended_at").asc(nulls_first=True))
    def shown_state(self, session: LoginSession) -> SafeString:
        return shown.session_state(session)

    @display(description=gettext_lazy("Device"))
    def shown_device(self, session: LoginSession) -> SafeString:
        return shown.device(session)

    @display(description=pgettext_lazy("where from", "Place"), ordering="country")
    def shown_place(self, session: LoginSession) -> SafeString:
        return shown.place(session)

    @display(description=pgettext_lazy("where from", "Place"))
    def shown_country(self, session: LoginSession) -> str:
        return places.name_of(session.country, session.region)

    @display(description=gettext_lazy("Renewals left"))
    def shown_renewals(self, session: LoginSession) -> str:
        return shown.renewals(session)

    @display(description=gettext_lazy("Last seen"), ordering="last_seen_at")
    def shown_seen(self, session: LoginSession) -> SafeString:
        return ago(session.last_seen_at)

    @display(description=gettext_lazy("Signed in"), ordering="created_at")
    def shown_created(self, session: LoginSession) -> SafeString:
        return ago(session.created_at)

    @display(description=gettext_lazy("Until"), ordering="expires_at")
    def shown_until(self, session: LoginSession) -> SafeString:
        return ago(session.ended_at or session.runs_out_at)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.end_loginsession")

    @admin.action(description=gettext_lazy("End sessions…"), permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> HttpResponse | None:
        live = queryset.filter(pk__in=LoginSession.objects.live().values("pk")).select_related("user")
        return end(self, request, list(live))

    @action(
        description=gettext_lazy("End everybody's sessions"), icon="key_off", url_path="end-all", permissions=["end"]
    )
    def end_all(self, request: HttpRequest) -> HttpResponse:
        return end_everybodys(self, request) or redirect("admin:accounts_loginsession_changelist")
