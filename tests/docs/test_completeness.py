"""What is documented is what there is."""

import re

import pytest

from project import env
from tests.docs import blocks

DOCS = blocks.DOCS


class TestGeneratedParts:
    @pytest.mark.parametrize(("page", "name"), blocks.BLOCKS, ids=[f"{page}-{name}" for page, name in blocks.BLOCKS])
    def test_say_what_the_code_says(self, page, name):
        assert blocks.written(page, name) == blocks.BLOCKS[page, name](), "run `make docs`"

    def test_of_the_example_environment_say_what_the_code_says(self):
        assert blocks.ENV_EXAMPLE.read_text() == blocks.env_example(), "run `make docs`"


class TestConfigurationPage:
    def test_names_every_variable(self):
        page = (DOCS / "configuration.md").read_text()

        assert [name for name, _ in env.about() if f"| `{name}` |" not in page] == []


class TestErrorsPage:
    def test_names_every_code(self):
        page = (DOCS / "errors.md").read_text()

        assert [one for one in blocks.error_classes() if f"| {one.code} |" not in page] == []

    def test_has_codes_of_five_digits_only(self):
        odd = {one.code for one in blocks.error_classes() if not re.fullmatch(r"[1-7]\d{4}", one.code)}

        assert odd == set()


class TestRestPage:
    def test_says_what_every_call_does(self):
        silent = [f"{method} {path}" for method, path, it in blocks.operations() if not blocks.words_of(it)]

        assert silent == [], "give the view a docstring"


class TestWebSocketPage:
    def test_says_what_every_topic_does(self):
        assert "|  |" not in blocks.topics(), "give the handler a docstring"
