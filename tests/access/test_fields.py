"""Fields that are not one's to set: every call with a body refuses or ignores them, and never writes them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import caches
from django.db import transaction
from django.db.models import Model

from accounts.models import AddressRule, Department, Role, User
from integrations.sheets.models import ImportJob
from tests.access.table import API
from tests.access.test_api import Things, person, program_of
from tests.accounts.conftest import Program
from tests.docs.blocks import schema

pytestmark = [pytest.mark.django_db, pytest.mark.attack("T-F-11")]

AT_ONCE = 20
"""How many unknown fields an answer names."""
ROWS: dict[str, type[Model]] = {
    "users/{id}/": User,
    "roles/{id}/": Role,
    "departments/{id}/": Department,
    "address-rules/{id}/": AddressRule,
    "imports/{id}/": ImportJob,
}


@cache
def bodies() -> dict[tuple[str, str], frozenset[str]]:
    """The names each call with a JSON body takes."""
    whole = schema()
    found = {}
    for path, calls in whole["paths"].items():
        for method, about in calls.items():
            content = about.get("requestBody", {}).get("content", {}) if isinstance(about, dict) else {}
            taken = content.get("application/json", {}).get("schema", {"type": "array"})
            if taken.get("type") != "array":  # what others send us in their form has no names of ours
                found[method.upper(), path] = frozenset(_properties(whole, taken))
    return found


def _properties(whole: dict[str, Any], it: dict[str, Any]) -> Iterator[str]:
    if "$ref" in it:
        it = whole["components"]["schemas"][it["$ref"].rpartition("/")[2]]
    for part in (*it.get("allOf", []), *it.get("oneOf", []), *it.get("anyOf", [])):
        yield from _properties(whole, part)
    yield from it.get("properties", {})


@cache
def columns() -> frozenset[str]:
    """The names of all columns of our own tables, and of what else might be guessed."""
    ours = (model for app in ("accounts", "sheets", "sms") for model in apps.get_app_config(app).get_models())
    return frozenset(
        name for model in ours for field in model._meta.concrete_fields for name in (field.name, field.attname)
    )


def told(program: Program, method: str, path: str, body: dict[str, Any]) -> tuple[int, set[str]]:
    """Status, and the fields an answer finds fault with; whatever was written is taken back."""
    for cache_ in caches.all():
        cache_.clear()
    with transaction.atomic():
        answer = program.call(method, path, body)
        transaction.set_rollback(True)
    given = answer.json() if answer.status_code == 400 else {}
    return answer.status_code, set(given.get("error", {}).get("fields", {}))


@pytest.fixture
def things() -> Things:
    return Things("meiling", 10)


@pytest.fixture
def boss() -> Program:
    """A superuser: what is refused here is not refused for want of permissions."""
    return program_of(person("theboss", is_staff=True, is_superuser=True))


class TestUnknownFields:
    def test_are_refused_by_name_in_every_call(self, boss, things):
        swallowed: dict[str, list[str]] = {}
        for (method, path), known in bodies().items():
            foreign = sorted(columns() - known)[:AT_ONCE] + ["is_superuser"] * ("is_superuser" not in known)
            foreign = sorted(set(foreign))[:AT_ONCE]
            place = things.path(f"{method} {path.removeprefix(API)}")
            status, named = told(boss, method, place, dict.fromkeys(foreign, 1))
            if status != 400 or not named & set(foreign):
                swallowed[f"{method} {place}"] = [str(status), *sorted(named)]

        assert swallowed == {}


class TestColumns:
    @pytest.mark.parametrize("path", ROWS)
    def test_that_are_not_ones_to_set_stay(self, boss, things, path):
        """Each column alone: refused by name, or without effect."""
        model = ROWS[path]
        known = bodies()["PATCH", f"{API}{path}"]
        place = things.path(f"PATCH {path}")
        row = model._base_manager.filter(pk=things.ids[path.partition("/")[0]])
        names = {name for field in model._meta.concrete_fields for name in (field.name, field.attname)} - known
        written = {}
        for name in sorted(names):
            before = row.values().get()
            with transaction.atomic():
                given = _other(before.get(name))
                answer = boss.call("PATCH", place, {name: given})
                after = row.values().get()
                transaction.set_rollback(True)
            assert answer.status_code < 500, answer.content
            # `changed_at` and the like change by themselves, but not to what was sent
            written |= {
                one: after[one]
                for one in (name, f"{name}_id")
                if one in after and after[one] != before[one] and after[one] == given
            }

        assert written == {}


def _other(value: Any) -> Any:
    """Something else of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
    return 1
