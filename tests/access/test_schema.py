"""What the schema says of each call is true, whatever is sent: requests made up from it, and answers held against it."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from django.core.cache import caches
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.models import User
from tests.access.test_api import Things, person, program_of
from tests.docs.blocks import schema

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "3"))
"""How many requests each call gets; more of them take longer."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NO_GATEWAY = "40005"
"""No socket server runs in the tests' own process, and who asks for its sockets is told so."""


@cache
def calls() -> list[Any]:
    """The calls of the schema, with what to send them."""
    return [found.ok() for found in schemathesis.openapi.from_dict(schema()).get_all_operations()]


def answered(case: Any, client: Client, headers: dict[str, str]) -> Response:
    """Send what was made up in this process, where its effects can be taken back."""
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver", headers=headers)).prepare()
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body or b""
    given_headers = {name: str(value) for name, value in asked.headers.items()}
    kind = given_headers.pop("Content-Type", "application/json")
    for cache_ in caches.all():
        cache_.clear()
    with transaction.atomic():
        answer: Any = client.generic(str(asked.method), asked.path_url, body, kind, headers=given_headers)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    told = {name.lower(): [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, told, content, asked, elapsed=0, verify=False)


def made_up(operation: Any, client: Client, headers: dict[str, str]) -> Callable[[], None]:
    """Return what asks a call again and again, each time with something else; the same things in each run."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = answered(case, client, headers)
        if answer.status_code == 503 and answer.json()["error"]["code"] == NO_GATEWAY:
            return
        case.validate_response(answer, checks=CHECKS)

    return ask


def boss() -> User:
    return person("theboss", is_staff=True, is_superuser=True)


def employee() -> User:
    return person("employee")


@pytest.mark.parametrize("who", [boss, employee], ids=["superuser", "employee"])
def test_describes_every_answer(who):
    Things("meiling", 10)
    headers = {"Authorization": f"Bearer {program_of(who()).tokens['access']}"}
    client = Client(raise_request_exception=False)
    wrong = []
    for operation in calls():
        try:
            made_up(operation, client, headers)()
        except (AssertionError, FailureGroup) as problem:
            wrong.append(f"{operation.label}: {problem}")

    assert not wrong, "\n\n".join(wrong)
