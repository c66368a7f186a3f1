"""Every page and action of every list in the back office, asked by staff who hold no permission for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.access.test_api import Things, person
from tests.accounts.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.attack("T-F-11")]


def lists() -> Iterator[tuple[str, type[Any]]]:
    """Each list of the admin: how its pages are named, and its model."""
    for model in admin.site._registry:
        yield f"admin:{model._meta.app_label}_{model._meta.model_name}", model


def addresses() -> Iterator[str]:
    """Every page of every list, about a row that is there or, where there is none, about any."""
    for name, model in lists():
        row = model._base_manager.first() if model._meta.managed else None
        key = row.pk if row is not None else 1
        for view, given in (
            ("changelist", ()),
            ("add", ()),
            ("change", (key,)),
            ("delete", (key,)),
            ("history", (key,)),
        ):
            try:
                yield reverse(f"{name}_{view}", args=given)
            except NoReverseMatch:
                continue


def browser_of(*permissions: str) -> Client:
    user = person("theporter", *permissions, is_staff=True)
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    assert client.post("/admin/login/", {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def asked(client: Client, method: str, address: str, data: dict[str, Any]) -> int:
    """The status of an answer, whose effects are taken back."""
    with transaction.atomic():
        answer = client.generic(method, address) if method == "GET" else client.post(address, data)
        transaction.set_rollback(True)
    return answer.status_code


@pytest.fixture(autouse=True)
def things() -> Things:
    return Things("meiling", 10)


class TestStaffWithoutPermissions:
    @pytest.mark.parametrize("permissions", [(), ("realtime.send",)], ids=["none", "another"])
    def test_open_no_page_and_send_no_form(self, permissions):
        client = browser_of(*permissions)

        answers = {
            (method, one): asked(client, method, one, {"post": "yes"})
            for one in addresses()
            for method in ("GET", "POST")
        }

        assert len(answers) > 60
        assert {page: status for page, status in answers.items() if status not in {403, 404, 405}} == {}

    def test_start_no_action(self):
        client = browser_of()
        tried = {
            (name, action): asked(
                client,
                "POST",
                reverse(f"{name}_changelist"),
                {"action": action, "_selected_action": ["1"], "index": "0"},
            )
            for name, model in lists()
            for action in [
                one if isinstance(one, str) else one.__name__ for one in admin.site._registry[model].actions or ()
            ]
        }

        assert tried
        assert {one: status for one, status in tried.items() if status != 403} == {}


class TestStaffWhoOnlySee:
    def test_change_nothing(self):
        """With the permission to view each, forms come without fields and are refused when sent."""
        sees = [
            f"{model._meta.app_label}.view_{model._meta.model_name}"
            for _, model in lists()
            if model._meta.app_label == "accounts"
        ]
        client = browser_of(*sees)
        pages = [
            one for one in addresses() if "/admin/accounts/" in one and one.endswith(("/add/", "/change/", "/delete/"))
        ]

        answers = {one: asked(client, "POST", one, {"post": "yes"}) for one in pages}

        assert {page: status for page, status in answers.items() if status not in {403, 404}} == {}
