"""Servers: whether they answer, and, for superusers, where they are. A token goes in and never comes out."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from integrations.jenkins import looks, services
from integrations.jenkins.models import Server
from integrations.jenkins.numbers import number_in
from project.core.admin import Confirmed, ServiceAdmin, ServiceForm, ago, confirmation
from project.core.errors import GatehouseError

WRITTEN = ("name", "url", "user", "enabled")
LONGEST_TOKEN = 200
FIELDS = (("name", "url"), ("user", "token"), "enabled", "networks")


class NetworksField(forms.CharField):
    """Networks, a line each; whether each is one, the service says."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return super().clean(value).split()


class ServerForm(ServiceForm[Server]):
    """Where a server is, and as whom we come."""

    token = forms.CharField(
        label=gettext_lazy("API token"),
        required=False,
        max_length=LONGEST_TOKEN,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text=gettext_lazy("Made in Jenkins on the page of this user, under Security. Kept encrypted."),
    )
    forget_token = forms.BooleanField(
        label=gettext_lazy("Remove the API token"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Then nobody in particular asks: leave the user empty too."),
    )
    networks = NetworksField(
        label=gettext_lazy("Allowed addresses"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Networks in which its name must lie, a line each; empty: wherever JENKINS_ALLOWED_SERVERS allows."
        ),
    )

    class Meta:
        model = Server
        fields = WRITTEN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial: Any = self.initial
        initial["networks"] = self.instance.networks
        if self.instance.masked_token and "token" in self.fields:
            masked = self.instance.masked_token
            self.fields["token"].help_text = _("Kept: {masked}. Leave it empty to keep it.").format(masked=masked)

    def clean(self) -> dict[str, Any]:
        """A token is removed or given, and not both."""
        if self.cleaned_data.get("forget_token") and self.cleaned_data.get("token"):
            self.add_error("token", _("Remove it or give it anew, not both."))
        return self.cleaned_data

    def write(self) -> Server:
        given = {name: self.cleaned_data[name] for name in (*WRITTEN, "networks")}
        token: str | None = self.cleaned_data["token"].strip() or None
        known = Server.objects.filter(pk=self.instance.pk).first()
        try:
            if known is None:
                return services.add_server(**given, token=token or "", by=self.actor)
            if self.cleaned_data["forget_token"]:
                token = ""
            return services.change_server(known, by=self.actor, token=token, **given)
        except GatehouseError as problem:
            if not problem.fields:
                raise
            for name, said in problem.fields.items():
                self.add_error(name if name in self.fields else None, said)
            return self.instance


@admin.register(Server)
class ServerAdmin(ServiceAdmin[Server]):
    """Where Jenkins is."""

    form = ServerForm
    list_display = ("shown_name", "shown_health", "version", "shown_jobs", "shown_known", "shown_trouble")
    list_display_links = ("shown_name",)
    search_fields = ("name", "url")
    actions_detail = ("look_again", "machines", "plugins", "restart")
    fieldsets = (
        (None, {"fields": FIELDS}),
        (gettext_lazy("Last known"), {"fields": (("shown_health", "version"), ("shown_known", "shown_trouble"))}),
    )
    readonly_fields = ("shown_health", "version", "shown_known", "shown_trouble")
    change_form_after_template = "jenkins/server_try.html"
    empty_state = gettext_lazy(
        "No Jenkins is known here yet. A superuser adds one with its address, a user and that user's API token; its jobs "
        "show up by themselves."
    )

    class Media:
        css = {"all": ("jenkins/jenkins.css",)}

    # --- who may ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("jenkins.view_server"))

    def has_restart_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request) and bool(request.user.has_perm("jenkins.restart_server"))

    def has_look_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first, *rest = super().get_fieldsets(request, obj)
        if obj is None:
            return [first]
        if obj.sealed_token and request.user.is_superuser:
            first = (None, {"fields": (*FIELDS[:2], "forget_token", *FIELDS[2:])})
        return [first, *rest]

    # --- list ---

    @display(description=gettext_lazy("Jenkins server"), ordering="name")
    def shown_name(self, server: Server) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub gh-mono">{}</span></span>',
            server.name,
            server.url,
        )

    @display(description=gettext_lazy("State"))
    def shown_health(self, server: Server) -> Any:
        return looks.health(server) if server.pk else None

    @display(description=gettext_lazy("Jobs"))
    def shown_jobs(self, server: Server) -> Any:
        return server.state.get("jobs")

    @display(description=gettext_lazy("Last known at"), ordering="fetched_at")
    def shown_known(self, server: Server) -> Any:
        return ago(server.fetched_at) if server.fetched_at else None

    @display(description=gettext_lazy("Trouble"))
    def shown_trouble(self, server: Server) -> Any:
        if server.stale_since is None:
            return None
        return format_html(
            '<span class="jk-why"><b>{} {}</b> {}</span>',
            _("Stale since"),
            ago(server.stale_since),
            looks.trouble(server),
        )

    # --- writing ---

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [path("try/", inside(require_POST(self.try_view)), name="jenkins_server_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Ask Jenkins for its version with what is in the form, saved or not."""
        if not request.user.is_superuser:
            raise PermissionDenied
        known = number_in(request.POST.get("id", ""))
        try:
            info = services.try_server(
                url=request.POST.get("url", "").strip(),
                user=request.POST.get("user", "").strip(),
                token=request.POST.get("token", "").strip() or None,
                networks=request.POST.get("networks", "").split(),
                server=Server.objects.filter(pk=known).first() if known is not None else None,
                by=request.user,
            )
        except GatehouseError as problem:
            said = [str(text) for texts in problem.fields.values() for text in texts]
            parts = [str(problem), *(one for one in said if one not in str(problem))]
            return JsonResponse({"ok": False, "says": " ".join(parts)})
        executors = ngettext("%(n)d executor", "%(n)d executors", info.executors) % {"n": info.executors}
        says = _("Jenkins {version} answers ({executors}).").format(version=info.version or "?", executors=executors)
        return JsonResponse({"ok": True, "says": says})

    def delete_model(self, request: HttpRequest, obj: Server) -> None:
        services.delete_server(obj, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return listed[:1], counts, set(), protected  # its jobs and builds go along: their numbers say enough

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @action(description=gettext_lazy("Ask it now"), icon="refresh", url_path="ask", permissions=["look"])
    def look_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        server = self._found(request, object_id)
        if services.refresh(server):
            self.message_user(request, _("It answers; its jobs are up to date."), messages.SUCCESS)
        else:
            server.refresh_from_db()
            self.message_user(request, looks.trouble(server) or _("It is being asked already."), messages.WARNING)
        return redirect("admin:jenkins_server_change", server.pk)

    @action(
        description=pgettext_lazy("that build", "Machines"), icon="dns", url_path="to-machines", permissions=["look"]
    )
    def machines(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("dashboard:jenkins_machines", self._found(request, object_id).pk, "machines")

    @action(description=gettext_lazy("Plugins"), icon="extension", url_path="to-plugins", permissions=["look"])
    def plugins(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("dashboard:jenkins_machines", self._found(request, object_id).pk, "plugins")

    @action(description=gettext_lazy("Restart…"), icon="restart_alt", url_path="restart", permissions=["restart"])
    def restart(self, request: HttpRequest, object_id: str) -> HttpResponse:
        server = self._found(request, object_id)
        if not self.has_restart_permission(request):
            raise PermissionDenied
        back = reverse("admin:jenkins_server_change", args=(server.pk,))
        answer = confirmation(
            self, request, [], question=_("Restart {server}").format(server=server.name), touched=[server.url],
            button=_("Restart"), back=back,
            note=_("Jenkins takes no new builds from now on, waits for those that run, and restarts."),
        )  # fmt: skip
        if not isinstance(answer, Confirmed):
            return answer
        try:
            services.restart_server(server, by=request.user)
        except GatehouseError as problem:
            self.message_user(request, str(problem), messages.ERROR)
        else:
            self.message_user(request, _("It restarts once its builds are done."), messages.SUCCESS)
        return redirect(back)

    def _found(self, request: HttpRequest, object_id: str) -> Server:
        if not self.has_view_permission(request):
            raise PermissionDenied
        server: Server | None = self.get_object(request, object_id)
        if server is None:
            raise Http404
        return server
