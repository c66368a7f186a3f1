"""The sidebar: what there is, for those who may see it, with live counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project import live_counts
from project.core.errors import GatehouseError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Item:
    """A line of the sidebar: for every member of staff, or those who hold `permission`, or one of several."""

    key: str
    title: Any
    icon: str
    url: str
    permission: str | tuple[str, ...] = ()
    count: Callable[[Any], int] | None = None
    """What stands beside it, of what the person who asks may see."""
    tone: str = ""
    themselves: bool = False
    """Not for who acts as somebody else."""

    def may(self, request: HttpRequest) -> bool:
        """Say whether the person who asks may open it."""
        if self.themselves and is_acted(request):
            return False
        wanted = (self.permission,) if isinstance(self.permission, str) else self.permission
        return not wanted or any(map(request.user.has_perm, wanted))


KEPT_SETTINGS = Item(
    "kept_settings",
    _("Kept settings"),
    "bookmarks",
    "admin:realtime_keptsettings_changelist",
    "realtime.view_keptsettings",
)
KEEPS_SETTINGS = settings.GATEWAY_STORAGE == "realtime.kept.KeptInRows"

SECTIONS: tuple[tuple[str, Any, tuple[Item, ...]], ...] = (
    (
        "overview",
        _("Overview"),
        (
            Item("dashboard", _("Dashboard"), "space_dashboard", "admin:index"),
            Item("devices", _("My devices"), "devices", "dashboard:devices", themselves=True),
            Item("safety", _("Sign-in safety"), "shield_lock", "dashboard:safety", themselves=True),
        ),
    ),
    (
        "people",
        _("People"),
        (
            Item("users", _("Users"), "group", "admin:accounts_user_changelist", "accounts.view_user"),
            Item(
                "departments",
                _("Departments"),
                "account_tree",
                "admin:accounts_department_changelist",
                "accounts.view_department",
            ),
            Item("roles", _("Roles"), "shield_person", "admin:accounts_role_changelist", "accounts.view_role"),
            Item(
                "sessions",
                _("Sessions"),
                "key",
                "admin:accounts_loginsession_changelist",
                "accounts.view_loginsession",
            ),
            Item(
                "sign_ins", _("Sign-ins"), "login", "admin:accounts_loginevent_changelist", "accounts.view_loginevent"
            ),
            Item("locked_out", _("Locked out"), "lock_clock", "dashboard:locked_out", "accounts.unlock_loginevent"),
        ),
    ),
    (
        "realtime",
        _("Realtime"),
        (
            Item(
                "connections",
                _("Connections"),
                "sensors",
                "admin:realtime_connection_changelist",
                "realtime.view_connection",
                count=live_counts.online,
                tone="live",
            ),
            Item("nodes", _("Nodes"), "dns", "admin:realtime_node_changelist", "realtime.view_connection"),
            Item(
                "dead_letters",
                _("Dead letters"),
                "mark_email_unread",
                "admin:realtime_deadletter_changelist",
                "realtime.view_deadletter",
                count=live_counts.dead_letters_waiting,
                tone="warn",
            ),
            Item("console", _("Console"), "terminal", "realtime:console", "realtime.send"),
            *([KEPT_SETTINGS] if KEEPS_SETTINGS else []),
            Item("reference", _("Reference"), "menu_book", "reference", "realtime.send"),
        ),
    ),
    (
        "data",
        _("Data"),
        (
            Item(
                "imports",
                _("Imports"),
                "upload_file",
                "admin:sheets_importjob_changelist",
                "sheets.view_importjob",
                count=live_counts.imports_running,
            ),
            Item("exports", _("Exports"), "file_save", "admin:sheets_exportjob_changelist", "sheets.view_exportjob"),
        ),
    ),
    (
        "messages",
        _("Messages"),
        (
            Item("sms", _("SMS"), "sms", "admin:sms_message_changelist", "sms.view_message"),
            Item(
                "sms_campaigns",
                _("Campaigns"),
                "campaign",
                "admin:sms_campaign_changelist",
                "sms.view_campaign",
                count=live_counts.campaigns_running,
            ),
            Item("sms_templates", _("Templates"), "edit_note", "admin:sms_template_changelist", "sms.view_template"),
            Item("sms_providers", _("Providers"), "cell_tower", "admin:sms_provider_changelist", "sms.view_provider"),
            Item("sms_refused", _("Refused"), "gpp_maybe", "admin:sms_refusal_changelist", "sms.view_refusal"),
        ),
    ),
    (
        "builds",
        _("Builds"),
        (
            Item("jenkins_jobs", _("Jobs"), "deployed_code", "admin:jenkins_job_changelist", "jenkins.view_job"),
            Item(
                "jenkins_builds",
                _("Builds"),
                "play_circle",
                "admin:jenkins_build_changelist",
                "jenkins.view_job",
                count=live_counts.builds_running,
                tone="live",
            ),
            Item("jenkins_queue", _("Queue"), "low_priority", "dashboard:jenkins_queue", "jenkins.view_job"),
            Item(
                "jenkins_approvals",
                _("Approvals"),
                "how_to_reg",
                "dashboard:jenkins_approvals",
                ("jenkins.build_job", "jenkins.approve_build"),
                count=live_counts.builds_waiting,
            ),
            Item(
                "jenkins_schedules",
                _("Schedules"),
                "event_repeat",
                "admin:jenkins_schedule_changelist",
                "jenkins.view_job",
            ),
            Item("jenkins_servers", _("Servers"), "dns", "admin:jenkins_server_changelist", "jenkins.view_server"),
        ),
    ),
    (
        "system",
        _("System"),
        (
            Item("health", _("Health"), "monitor_heart", "dashboard:health", "auditlog.view_logentry"),
            Item(
                "schedules",
                _("Schedules"),
                "schedule",
                "admin:django_celery_beat_periodictask_changelist",
                "django_celery_beat.view_periodictask",
            ),
            Item(
                "addresses",
                _("Address rules"),
                "shield_lock",
                "admin:accounts_addressrule_changelist",
                "accounts.view_addressrule",
            ),
            Item(
                "tokens", _("API tokens"), "smart_toy", "admin:accounts_apitoken_changelist", "accounts.view_apitoken"
            ),
            Item("keys", _("Keys"), "vpn_key", "admin:accounts_signingkey_changelist", "accounts.view_signingkey"),
            Item("audit", _("Audit"), "history", "admin:auditlog_logentry_changelist", "auditlog.view_logentry"),
        ),
    ),
)


def permitted(request: HttpRequest) -> list[tuple[str, Any, list[Item]]]:
    """Return the sections with only what the person who asks may open."""
    sections = [(key, title, [item for item in items if item.may(request)]) for key, title, items in SECTIONS]
    return [section for section in sections if section[2]]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Build the sidebar for one request, in the shape unfold reads."""
    return [
        {"key": key, "title": title, "items": [_line(item, request.user) for item in items]}
        for key, title, items in permitted(request)
    ]


def counts(request: HttpRequest) -> dict[str, int]:
    """Return the live numbers beside the sidebar's items, as far as the person who asks may open them."""
    return {
        item.key: _count(item, request.user)
        for _key, _title, items in permitted(request)
        for item in items
        if item.count
    }


def is_acted(request: HttpRequest) -> bool:
    """Does somebody act as the person who asks?"""
    return getattr(request.user, "impersonator", None) is not None


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """Build the menu under one's own name; nothing of it is for who acts as somebody else."""
    if is_acted(request):
        # not empty: the theme would offer to change the password
        return [{"title": _("Dashboard"), "link": reverse("admin:index")}]
    return [
        {"title": _("My devices"), "link": reverse("dashboard:devices")},
        {"title": _("My API tokens"), "link": reverse("dashboard:tokens")},
        {"title": _("Sign-in safety"), "link": reverse("dashboard:safety")},
        {"title": _("Change password"), "link": reverse("admin:password_change")},
    ]


def _line(item: Item, user: Any) -> dict[str, Any]:
    line: dict[str, Any] = {"key": item.key, "title": item.title, "icon": item.icon, "link": reverse(item.url)}
    if item.count:
        line |= {"counts": True, "count": _count(item, user), "tone": item.tone}
    return line


def _count(item: Item, user: Any) -> int:
    try:
        return item.count(user) if item.count else 0
    except GatehouseError:
        log.warning("sidebar_count_failed", item=item.key)
        return 0
