"""Ctrl-K: finds pages, actions and rows, never more than a screenful, and only what the person who asks may open."""

import time
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import SearchResult

from project.sidebar import permitted

ROWS_PER_KIND = 6
MODELS = (
    ("accounts.user", "person"),
    ("accounts.department", "account_tree"),
    ("accounts.role", "shield_person"),
    ("sheets.importjob", "upload_file"),
    ("sheets.exportjob", "file_save"),
    ("sms.campaign", "campaign"),
    ("sms.template", "edit_note"),
    ("jenkins.job", "deployed_code"),
    ("jenkins.build", "play_circle"),
    ("django_celery_beat.periodictask", "schedule"),
)
ACTIONS: tuple[tuple[Any, str, tuple[str, ...], str, str], ...] = (
    (gettext_lazy("Add a user"), "person_add", ("accounts.add_user",), "admin:accounts_user_add", ""),
    (
        gettext_lazy("Import users"),
        "upload_file",
        ("accounts.add_user", "accounts.change_user"),
        "admin:sheets_importjob_add",
        "resource=users",
    ),
    (
        gettext_lazy("Export users"),
        "file_save",
        ("accounts.view_user",),
        "admin:sheets_exportjob_add",
        "resource=users",
    ),
    (gettext_lazy("Send a message"), "send", ("realtime.send",), "realtime:console", ""),
    (gettext_lazy("Send a text message"), "sms", ("sms.send_message",), "admin:sms_message_add", ""),
    (gettext_lazy("New campaign"), "campaign", ("sms.send_campaign",), "admin:sms_campaign_add", ""),
    (gettext_lazy("Change my password"), "password", (), "admin:password_change", ""),
)


def search(request: HttpRequest) -> HttpResponse:
    """Answer the command palette."""
    started = time.perf_counter()
    text = request.GET.get("s", "").strip().replace("\x00", "")[:100]
    if not text:
        return HttpResponse()
    found = [*_pages(request, text), *_actions(request, text), *_rows(request, text)]
    paginator = Paginator(found, 100)
    return TemplateResponse(
        request,
        "unfold/helpers/command_results.html" if "extended" in request.GET else "unfold/helpers/search_results.html",
        {
            "page_obj": paginator,
            "results": paginator.page(1),
            "page_counter": 0,
            "execution_time": time.perf_counter() - started,
        },
        headers={"HX-Trigger": "search", "Cache-Control": "no-store"},
    )


def _pages(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    for _key, section, items in permitted(request):
        for item in items:
            if _matches(text, item.title, item.key):
                yield SearchResult(str(item.title), str(section), reverse(item.url), item.icon)


def _actions(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    for title, icon, permissions, url, query in ACTIONS:
        if _matches(text, title) and request.user.has_perms(permissions):
            yield SearchResult(str(title), _("Action"), f"{reverse(url)}?{query}".rstrip("?"), icon)


def _rows(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    registered = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
    for label, icon in MODELS:
        page = registered.get(label)
        if page is None or not page.has_view_permission(request) or not page.get_search_fields(request):
            continue
        rows, _doubled = page.get_search_results(request, page.get_queryset(request), text)
        options = page.model._meta
        for row in rows.distinct()[:ROWS_PER_KIND]:
            url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=(row.pk,))
            yield SearchResult(str(row), str(options.verbose_name), url, icon)


def _matches(text: str, *names: Any) -> bool:
    return any(text.casefold() in str(name).casefold() for name in names)
