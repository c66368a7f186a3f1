"""Every page of the back office: it opens, it speaks the reader's language, it asks nobody else."""

import re
from collections.abc import Iterator
from zoneinfo import available_timezones

import pytest
from auditlog.models import LogEntry
from celery import current_app
from django.contrib import admin
from django.test import RequestFactory
from django.urls import URLResolver, get_resolver, reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import LoginEvent, Role, User
from integrations.jenkins.models import Build, Job, Server
from integrations.sheets.models import ExportJob, ImportJob
from integrations.sms import routing
from integrations.sms.models import Provider, Template, TemplateText
from tests.admin.conftest import texts

pytestmark = pytest.mark.django_db

OWN_PAGES = [
    "/admin/",
    "/admin/devices/",
    "/admin/tokens/",
    "/admin/health/",
    "/admin/jenkins/approvals/",
    "/admin/password_change/",
    "/admin/away/",
    "/console/",
]
LATIN = re.compile(r"[A-Za-z][A-Za-z'’]+")
NAMED = """
    Gatehouse English JSON MessagePack API UTF GBK NUL ASCII Excel XML OpenDocument JPEG PNG WebP GIF MB KB xlsx csv Redis Cookie
    Ctrl make run core sweep chores Chrome Firefox Edge Safari Linux Windows iOS iPhone MacBook Pixel Android macOS Mozilla
    AppleWebKit KHTML like Gecko Version Mobile Mac OS Intel NT Win Edg rv python requests RS EdDSA sqlite memory gatehouse
    IPv RabbitMQ public lobby ping title eyJ ms esc manage py jwt_keys rotate SECRET_KEY SMS CNY CSV JWT_KEY_AUTO_ROTATE GATEWAY_KEEP_SETTINGS true
    Jenkins JENKINS_ALLOWED_SERVERS cron
"""
"""Brands, units, formats, commands: they are called so in every language."""
NAMES = set(LATIN.findall(NAMED))


@pytest.fixture
def rows(company: None) -> None:
    """The company, a schedule, and the terminal that carries text messages."""
    routing.providers()
    every, _new = IntervalSchedule.objects.get_or_create(every=10, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="core.sweep", task="core.sweep", interval=every)


def addresses(user: User) -> Iterator[str]:
    """Every address there is a page at, with the rows there are."""
    request = RequestFactory().get("/")
    request.user = user
    yield from OWN_PAGES
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if page.has_add_permission(request):
            yield reverse(f"{name}_add")
        row = model._base_manager.first() if model._meta.managed else None
        if row is not None:
            yield from (reverse(f"{name}_{view}", args=(row.pk,)) for view in ("change", "history"))
    person = User.objects.exclude(is_superuser=True).first()
    if person:
        yield f"/admin/accounts/user/{person.pk}/password/"


def own_words() -> set[str]:
    """The words in the company's own data, and the names of time zones."""
    current_app.loader.import_default_modules()
    found = set(LATIN.findall(" ".join((*available_timezones(), *current_app.tasks))))
    for model, fields in (
        (User, ("username", "real_name", "nickname", "email")),
        (Role, ("key",)),
        (LoginEvent, ("username",)),
        (ImportJob, ("file_name",)),
        (ExportJob, ("file_name",)),
        (LogEntry, ("object_repr",)),
        (Provider, ("key", "name")),
        (Template, ("key",)),
        (TemplateText, ("text",)),
        (Server, ("name",)),
        (Job, ("full_name",)),
        (Build, ("reason",)),
    ):
        for row in model._base_manager.values_list(*fields):
            found |= set(LATIN.findall(" ".join(map(str, row))))
    return found


def english(html: str, allowed: set[str]) -> set[str]:
    """Return the Latin words of a page that are not names."""
    words = {
        word
        for text in texts(html)
        for word in LATIN.findall(re.sub(r"https?://\S+|\b[\w.-]+@[\w.-]+|[0-9a-f]{8,}", "", text))
    }
    return {word for word in words if word.casefold() not in allowed}


class TestEveryPage:
    def test_opens_for_a_superuser_and_asks_no_other_host(self, boss, rows, browser_of):
        browser = browser_of(boss)
        outside = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//(?!127\.0\.0\.1)[^"'\s>]+""")

        pages = {address: browser.get(address) for address in addresses(boss)}

        assert {address: page.status_code for address, page in pages.items() if page.status_code != 200} == {}
        assert len(pages) > 40
        found = {address: outside.findall(page.content.decode()) for address, page in pages.items()}
        assert {address: links for address, links in found.items() if links} == {}

    def test_opens_while_there_is_nothing_to_show(self, boss, browser_of):
        browser = browser_of(boss)

        statuses = {address: browser.get(address).status_code for address in addresses(boss)}

        assert {address: status for address, status in statuses.items() if status != 200} == {}

    def test_has_no_english_word_in_chinese(self, boss, rows, browser_of):
        browser = browser_of(boss, "zh-hans")
        allowed = {word.casefold() for word in NAMES | own_words()}

        left = {address: english(browser.get(address).content.decode(), allowed) for address in addresses(boss)}

        met = {word: address for address, words in left.items() for word in words}
        assert not met, "\n".join(f"{word}: {address}" for word, address in sorted(met.items())[:60])


class TestEmptyLists:
    def test_say_what_would_be_there(self, boss, browser_of):
        page = browser_of(boss).get("/admin/accounts/department/").content.decode()

        assert "No departments yet" in page
        assert "Departments say who belongs together" in page

    def test_offer_the_way_out_of_a_search_without_hits(self, boss, browser_of):
        page = browser_of(boss).get("/admin/accounts/user/?q=nobodyofthisname").content.decode()

        assert "Nothing matches" in page
        assert "Show everything" in page


def patterns(resolver: URLResolver | None = None, before: str = "/") -> Iterator[str]:
    """Every address of the back office that names a row, with something in its place that is no key."""
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        elif route.startswith("/admin/") and re.search("<(path|str):", route):
            yield re.sub("<int:[^>]*>", "1", re.sub("<(path|str):[^>]*>", "nonsense", route))


class TestAddresses:
    def test_that_name_no_row_open_nothing_and_break_nothing(self, boss, browser_of, rows):
        browser = browser_of(boss)
        browser.raise_request_exception = False

        said = {address: browser.get(address).status_code for address in patterns()}

        assert len(said) > 60
        assert {address: status for address, status in said.items() if status not in (302, 403, 404, 405)} == {}
