"""Every call and page there is, asked by who acts as somebody else: taken from the product's own lists, not from ours."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, product

import pytest
from django.contrib import admin
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from accounts.impersonation import rules
from accounts.models import LoginSession, User
from project.core.api import page_not_found
from tests.accounts.conftest import code_of
from tests.accounts.impersonation.test_pages import begin
from tests.accounts.test_back_office import browser_of
from tests.docs.blocks import operations

pytestmark = pytest.mark.django_db

STOPPING = {("DELETE", "/api/v1/auth/impersonation"), ("POST", "/api/v1/auth/logout")}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
IDS = ("1", "abcdefghijkl", "0123456789abcdef" * 2, "00000000-0000-4000-8000-000000000000")


@pytest.fixture
def other(hire) -> User:
    """A superuser: whatever is refused here is not refused for want of permissions."""
    return hire("otherboss", is_staff=True, is_superuser=True)


@cache
def calls() -> list[tuple[str, str]]:
    """All that ask who calls: signing in and what comes before it is about no session."""
    return [(method, path) for method, path, about in operations() if any(about.get("security", []))]


def filled(path: str) -> str:
    """The path with ids of the kind it takes."""
    first, *rest = re.split(r"{[^}]+}", path)
    filled_in = ("".join(chain([first], *zip(ids, rest, strict=True))) for ids in product(IDS, repeat=len(rest)))
    return next(one for one in filled_in if _is_known(one))


def _is_known(address: str) -> bool:
    try:
        found = resolve(address)
    except Resolver404:
        return False
    return bool(found.view_name and inspect.unwrap(found.func) is not page_not_found)


def pages() -> set[str]:
    """Where the pages of the admin are, with an id where they take one."""
    found = {"/admin/", "/admin/devices/end/", "/admin/tokens/revoke/", "/admin/password_change/", "/console/"}
    for model, page in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        routes = [re.sub(r"<[^>]+>", "1", str(one.pattern)) for one in page.get_urls()]
        found |= {address for route in routes if _is_known(address := base + route)}
    return found


def named_paths(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """The names of all paths, as `resolver_match.view_name` has them."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from named_paths(one.url_patterns, f"{one.namespace}:" if one.namespace else space)
        elif one.name:
            yield space + one.name


class TestTheApi:
    def test_changes_nothing_while_one_only_reads(self, phone_of, boss, other):
        program = phone_of(boss)
        assert program.post(f"users/{other.pk}/impersonate", {"reason": "x"}).status_code == 200
        asked = [one for one in calls() if one[0] in UNSAFE and one not in STOPPING]

        let_through = {}
        for method, path in asked:
            answer = program.call(method, filled(path), {})
            if code_of(answer) != (403, "10009"):
                let_through[f"{method} {path}"] = answer.status_code

        assert len(asked) > 25
        assert let_through == {}
        assert LoginSession.objects.live().exclude(subject=None).exists()

    @pytest.mark.parametrize("read_only", [True, False])
    def test_lets_nobody_near_the_subjects_own_sign_in(self, phone_of, boss, other, read_only):
        program = phone_of(boss)
        User.objects.filter(pk=other.pk).update(is_superuser=read_only)  # as a superuser one only looks
        assert program.post(f"users/{other.pk}/impersonate", {"reason": "x", "read_only": read_only}).status_code == 200
        own = [(method, path) for method, path in calls() if path.startswith("/api/v1/auth/")]
        allowed = STOPPING | {("GET", "/api/v1/auth/me")}

        let_through = {
            f"{method} {path}"
            for method, path in own
            if (method, path) not in allowed and program.call(method, filled(path), {}).status_code != 403
        }

        assert len(own) > 15
        assert let_through == set()


class TestTheBackOffice:
    def test_changes_nothing_while_one_only_reads(self, boss, other):
        browser = begin(browser_of(boss), other)
        asked = 0
        let_through = {}

        # one method for all of them, and all of them for one: it is the same gate
        methods: dict[str, tuple[str, ...]] = dict.fromkeys(pages(), ("POST",))
        methods["/admin/"] = UNSAFE
        for address, unsafe in methods.items():
            for method in unsafe:
                answer = browser.generic(method, address)
                asked += 1
                if answer.status_code != 403:
                    let_through[f"{method} {address}"] = answer.status_code

        assert asked > 60
        assert let_through == {}

    def test_has_no_page_of_ones_own_that_is_not_refused(self):
        """A new page there is for oneself until somebody says otherwise."""
        names = set(named_paths(get_resolver().url_patterns))
        own = {one for one in names if one.startswith(rules.ABOUT_ONESELF)}

        assert {"dashboard:devices", "own_password", "auth-password"} <= own
        assert names >= rules.HARMLESS | rules.WAYS_OUT | rules.OF_THE_BROWSER | rules.NEVER

    def test_and_all_calls_about_ones_own_sign_in_begin_alike(self):
        under_auth = {path for _method, path in calls() if path.startswith("/api/v1/auth/")}

        assert under_auth
        assert under_auth == {path for _method, path in calls() if resolve(filled(path)).view_name.startswith("auth-")}
