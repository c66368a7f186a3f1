"""The parts of the docs that are written from the code; `python -m tests.docs` writes them, a test compares them.

A block stands in its page between `<!-- name -->` and `<!-- /name -->`.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.utils import translation

from project import env

ROOT = env.ROOT
DOCS = ROOT / "docs"
ENV_EXAMPLE = ROOT / ".env.example"


# --- variables --------------------------------------------------------------------------------------------------------


def variables() -> str:
    """Return the tables of docs/configuration.md."""
    lines = []
    for heading, found in env.areas():
        lines += [
            f"### {heading}",
            "",
            "| variable | default | meaning | expected |",
            "|---|---|---|---|",
        ]
        for name, about in found:
            default = f"`{about['default']}`" if about["default"] else ""
            example = f", e.g. `{about['example']}`" if about["example"] != about["default"] else ""
            lines.append(f"| `{name}` | {default} | {about['help']} | {about['expected']}{example} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def env_example() -> str:
    """Return .env.example: every variable, commented out, with its default or an example."""
    lines = [
        "# Copy to .env and uncomment what you want to change; docs/configuration.md says more.",
        "# Variables of the environment win over this file. A wrong value stops the start with a message that says why.",
    ]
    for heading, found in env.areas():
        lines += ["", f"# --- {heading} ---"]
        for name, about in found:
            lines += ["", f"# {about['help'].replace('`', '')}"]
            lines.append(f"#{name}={about['default'] or about['example']}")
    return "\n".join(lines) + "\n"


# --- errors -----------------------------------------------------------------------------------------------------------


def error_classes() -> list[type[Any]]:
    """Return every error a client may be told, by code."""
    base = importlib.import_module("project.core.errors").GatehouseError
    for path in filter(_is_ours, ROOT.glob("*/**/*.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))

    def family(parent: type[Any]) -> Iterator[type[Any]]:
        yield parent
        for child in parent.__subclasses__():
            yield from family(child)

    def is_told(one: type[Any]) -> bool:
        """Families exist to be derived from; nobody is told them."""
        return one is base or "message" in vars(one) or not one.__subclasses__()

    ours = {one for one in family(base) if is_told(one) and not one.__module__.startswith("tests.")}
    return sorted(ours, key=lambda one: (one.code, one.status, one.__module__, one.__name__))


def _is_ours(path: Path) -> bool:
    inside = path.relative_to(ROOT).parts
    scripts = {"migrations", "management", "__main__.py", "child.py"}
    return inside[0] in {"accounts", "integrations", "realtime", "project"} and not scripts & set(inside)


def errors() -> str:
    """Return the table of docs/errors.md."""
    lines = ["| code | status | level | error | a person reads |", "|---|---|---|---|---|"]
    with translation.override("en"):
        for one in error_classes():
            name = f"`{one.__module__.removesuffix('.errors')}.{one.__name__}`"
            lines.append(f"| {one.code} | {one.status} | {one.level} | {name} | {one.message} |")
    return "\n".join(lines)


# --- endpoints --------------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """Return the OpenAPI schema, in English."""
    generators = importlib.import_module("drf_spectacular.generators")
    with translation.override("en"):
        return dict(generators.SchemaGenerator().get_schema(request=None, public=True))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return method, path and description of every call of the OpenAPI schema."""
    for path, calls in schema()["paths"].items():
        for method, operation in calls.items():
            if method in {"get", "post", "put", "patch", "delete"}:
                yield method.upper(), path, operation


def words_of(operation: dict[str, Any]) -> str:
    """Return what the schema says about a call."""
    return str(operation.get("summary") or operation.get("description") or "")


def endpoints() -> str:
    """Return the table of docs/rest.md."""
    lines = ["| call | what it does |", "|---|---|"]
    for method, path, operation in sorted(operations(), key=lambda one: (one[1], one[0])):
        words = words_of(operation)
        first = re.split(r"(?<=[.:])\s|\n\n", words.strip(), maxsplit=1)[0].replace("\n", " ").replace("|", "\\|")
        lines.append(f"| `{method} {path}` | {first} |")
    return "\n".join(lines)


# --- sockets ----------------------------------------------------------------------------------------------------------


def described() -> dict[str, Any]:
    """Return the AsyncAPI document, in English, without what tests add to it."""
    with translation.override("en"):
        return dict(importlib.import_module("realtime.asyncapi").document("localhost", secure=False))


def fields(message: str, member: str = "data") -> str:
    """Return the fields of a message's data, in a cell of a table."""
    shapes = importlib.import_module("realtime.shapes")
    components = described()["components"]
    shape = components["messages"][message]["payload"]["properties"][member]
    found = [
        f"`{one.name}` {one.kind.replace('|', 'or')}{'' if one.required else ', optional'}"
        for one in shapes.fields(shape, components["schemas"])
    ]
    return "<br>".join(found)


def topics() -> str:
    """Return the table of client topics in docs/realtime.md."""
    reference = importlib.import_module("realtime.reference")
    lines = ["| topic | what it does | data | who may ask |", "|---|---|---|---|"]
    with translation.override("en"):
        for one in importlib.import_module("realtime.topics").registered():
            if not one.handler.__module__.startswith("tests."):
                who = f"{reference.who_may_ask(one)}{f', {one.rate}' if one.rate else ''}"
                lines.append(f"| `{one.name}` | {one.about} | {fields(f'ask.{one.name}')} | {who} |")
    return "\n".join(lines)


def events() -> str:
    """Return the table of what the server tells in docs/realtime.md."""
    lines = ["| event | when | data |", "|---|---|---|"]
    with translation.override("en"):
        for one in importlib.import_module("realtime.events").declared():
            lines.append(f"| `{one.name}` | {one.about} | {fields(f'event.{one.name}', one.carries)} |")
    return "\n".join(lines)


def error_codes() -> str:
    """Return the table of error codes in docs/realtime.md."""
    lines = ["| code | a person reads |", "|---|---|"]
    with translation.override("en"):
        lines += [f"| {one.code} | {one.message} |" for one in importlib.import_module("realtime.reference").failures()]
    return "\n".join(lines)


def close_codes() -> str:
    """Return the table of close codes in docs/realtime.md."""
    lines = ["| code | name | reason given | connect again? | what to do |", "|---|---|---|---|---|"]
    with translation.override("en"):
        for one in importlib.import_module("realtime.reference").endings():
            again = "yes" if one.reconnect else "no"
            lines.append(f"| {one.code} | {one.name} | {one.reason} | {again} | {one.advice} |")
    return "\n".join(lines)


# --- pages ------------------------------------------------------------------------------------------------------------

BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    ("configuration.md", "variables"): variables,
    ("errors.md", "errors"): errors,
    ("rest.md", "endpoints"): endpoints,
    ("realtime.md", "topics"): topics,
    ("realtime.md", "events"): events,
    ("realtime.md", "error-codes"): error_codes,
    ("realtime.md", "close-codes"): close_codes,
}


def written(page: str, name: str) -> str:
    """Return what a block says now."""
    found = re.search(_pattern(name), (DOCS / page).read_text(), re.DOTALL)
    assert found, f"docs/{page} has no block <!-- {name} --> … <!-- /{name} -->"
    return found[1].strip()


def write(path: Path, name: str, text: str) -> None:
    """Put `text` into a block."""
    page = path.read_text()
    path.write_text(
        re.sub(_pattern(name), lambda _: f"<!-- {name} -->\n{text}\n<!-- /{name} -->", page, flags=re.DOTALL)
    )


def write_all() -> None:
    """Write every generated part."""
    ENV_EXAMPLE.write_text(env_example())
    for (page, name), generate in BLOCKS.items():
        write(DOCS / page, name, generate())


def _pattern(name: str) -> str:
    return rf"<!-- {name} -->\n(.*?)<!-- /{name} -->"
