"""What is documented is what there is."""

import re
from inspect import iscoroutinefunction, isfunction

import pytest
from django.core.management import get_commands

from project import env
from realtime import events, gateway, reference, topics
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


class TestRealtimePage:
    def test_says_what_every_topic_does(self):
        assert [one.name for one in topics.registered() if not one.about] == [], "give the handler a docstring"

    def test_names_every_topic_event_and_code(self):
        page = (DOCS / "realtime.md").read_text()
        named = [
            *(f"| `{one.name}` |" for one in topics.registered()),
            *(f"| `{one.name}` |" for one in events.declared()),
            *(f"| {one.code} |" for one in reference.endings()),
            *(f"| {one.code} |" for one in reference.failures()),
        ]

        assert [one for one in named if one not in page] == []

    def test_names_every_limit(self):
        page = (DOCS / "realtime.md").read_text()

        assert [one.variable for one in reference.limits() if f"`{one.variable}`" not in page] == []


class TestPythonPage:
    def test_names_every_call_of_the_gateway(self):
        page = (DOCS / "python-api.md").read_text()
        calls = [
            name for name, it in vars(gateway).items() if isfunction(it) and it.__module__.startswith(gateway.__name__)
        ]

        plain = [name for name in calls if not name.startswith("_") and name.removeprefix("a") not in calls]
        assert [name for name in plain if f"`{name}(" not in page] == []

    def test_is_right_that_every_call_has_an_async_twin(self):
        for name in (
            "send",
            "send_batch",
            "send_user",
            "send_group",
            "broadcast",
            "join",
            "leave",
            "set",
            "disconnect",
        ):
            assert iscoroutinefunction(getattr(gateway, f"a{name}"))


class TestOperationsPage:
    def test_names_every_command(self):
        page = (DOCS / "operations.md").read_text()
        ours = [path.stem for path in blocks.ROOT.glob("*/management/commands/[a-z]*.py")]

        assert [name for name in ours if f"`{name}" not in page] == []

    def test_names_no_command_that_is_not_there(self):
        page = (DOCS / "operations.md").read_text()
        named = set(re.findall(r"(?:^|`|\$\S+ )gatehouse ([a-z_]+)", page, re.MULTILINE))

        assert {"rescue", "sendtestemail"} <= named
        assert named - get_commands().keys() == set()


class TestContributing:
    def test_leads_to_files_that_exist(self):
        page = (blocks.ROOT / "CONTRIBUTING.md").read_text()
        named = re.findall(r"`((?:project|docs|tests|locale|integrations|realtime|accounts)/[\w./]+)`", page)
        to_be_made = {"tests/fakes/", "tests/parcels/"}

        assert [name for name in named if name not in to_be_made and not (blocks.ROOT / name).exists()] == []
