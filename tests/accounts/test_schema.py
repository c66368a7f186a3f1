"""What the OpenAPI schema promises of errors, and that it is kept."""

from typing import Any

import pytest

from tests.docs import blocks

OPERATIONS = {f"{method} {path}": it for method, path, it in blocks.operations() if path.startswith("/api/v1/")}


def lacking(status: str, wanted: Any) -> list[str]:
    return [name for name, it in OPERATIONS.items() if wanted(name, it) and status not in it["responses"]]


def is_for_people(_name: str, operation: dict[str, Any]) -> bool:
    return bool(operation.get("security")) and {} not in operation["security"]


class TestTheSchema:
    def test_has_every_call_for_people_say_401_and_403(self):
        assert len(OPERATIONS) > 60
        assert lacking("401", is_for_people) == []
        assert lacking("403", is_for_people) == []

    def test_has_every_call_with_a_body_say_400_and_413(self):
        def with_body(_name: str, it: dict[str, Any]) -> bool:
            return "requestBody" in it

        assert lacking("400", with_body) == []
        assert lacking("413", with_body) == []

    def test_has_every_list_with_filters_say_400(self):
        assert lacking("400", lambda _name, it: any(one["in"] == "query" for one in it.get("parameters", ()))) == []

    def test_has_every_call_about_one_thing_say_404(self):
        assert lacking("404", lambda name, _it: "{" in name) == []

    def test_has_every_error_in_the_one_envelope(self):
        for name, it in OPERATIONS.items():
            for status, answer in it["responses"].items():
                if status == "default" or int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}, (
                        name
                    )

    def test_names_the_codes_of_each_error(self):
        bare = [
            f"{name} {status}"
            for name, it in OPERATIONS.items()
            for status, answer in it["responses"].items()
            if status.isdigit() and int(status) >= 400 and not answer["description"][:5].isdigit()
        ]

        assert bare == []


@pytest.mark.django_db
def test_is_made_without_a_look_into_any_table(django_assert_num_queries):
    with django_assert_num_queries(0):
        blocks.schema()
