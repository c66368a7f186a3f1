"""JSON Schemas of what travels on sockets, as drf-spectacular reads them from serializers and type hints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from drf_spectacular.drainage import get_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, UnableToProceedError, resolve_type_hint
from rest_framework.views import APIView

JsonSchema = dict[str, Any]
POINTER = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or a field of a field (`user.id`), as a person reads it."""

    name: str
    kind: str
    required: bool
    about: str


class Shapes:
    """Collects schemas under the names of their serializers; each is asked for by `$ref`."""

    def __init__(self) -> None:
        self._inspector = AutoSchema()
        self._inspector.registry = ComponentRegistry()
        self._inspector.view = APIView(request=None)
        self._inspector.path, self._inspector.method = "/ws/", "POST"

    def sent(self, serializer: Any) -> JsonSchema:
        """Return the schema of what a client may send; without a serializer it is any JSON."""
        return dict(draft_7(self._inspector.resolve_serializer(serializer, "request").ref)) if serializer else {}

    def example(self, serializer: Any) -> Any:
        """Return the example that a serializer has (`extend_schema_serializer(examples=…)`), or make one up."""
        given = get_override(serializer, "examples", [])
        return given[0].value if given else example(self.sent(serializer), self.collected())

    def told(self, serializer: Any) -> JsonSchema:
        """Return the schema of what the server sends."""
        return dict(draft_7(self._inspector.resolve_serializer(serializer, "response").ref))

    @staticmethod
    def answered(handler: Any) -> JsonSchema:
        """Return the schema of what a handler answers, from the type it declares; any JSON when that says too little."""
        try:
            hint = get_type_hints(handler).get("return", Any)
            if hint is type(None):
                return {"type": "null"}
            found: Any = resolve_type_hint(hint)  # type: ignore[no-untyped-call]  # has no type hints of its own
            return dict(draft_7(found))
        except (NameError, UnableToProceedError):  # a name only type checkers see, or a class that is no data
            return {}

    def collected(self) -> dict[str, JsonSchema]:
        """Return all that was asked for, by name."""
        found = self._inspector.registry.build({}).get("schemas", {})
        return {name: draft_7(schema) for name, schema in found.items()}


def draft_7(schema: Any) -> Any:
    """Translate OpenAPI 3.0's `nullable` into JSON Schema, which AsyncAPI speaks."""
    if isinstance(schema, list):
        return [draft_7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: draft_7(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is not True:
        return plain
    if "enum" in plain:
        plain["enum"] = [*plain["enum"], None]
    if isinstance(plain.get("type"), str):
        return plain | {"type": [plain["type"], "null"]}
    if "allOf" in plain:
        return {**plain, "anyOf": [*plain.pop("allOf"), {"type": "null"}]}
    return plain


def resolved(schema: JsonSchema, known: Mapping[str, JsonSchema]) -> JsonSchema:
    """Follow a `$ref`, also behind `allOf` or `anyOf` with null."""
    if "$ref" in schema:
        return known[schema["$ref"].removeprefix(POINTER)]
    for key in ("allOf", "anyOf"):
        if key in schema:
            return resolved(schema[key][0], known)
    return schema


def fields(schema: JsonSchema, known: Mapping[str, JsonSchema], inside: str = "") -> Iterator[Field]:
    """Yield every field of an object, or of the objects in a list; those of objects in it behind their own."""
    whole = resolved(schema, known)
    if "items" in whole:
        yield from fields(whole["items"], known, f"{inside.removesuffix('.')}[].")
    for name, one in whole.get("properties", {}).items():
        about = "" if "properties" in one else str(one.get("description", ""))  # of an object: its docstring
        yield Field(inside + name, kind(one, known), name in whole.get("required", ()), about)
        yield from fields(one, known, f"{inside}{name}.")


def kind(schema: JsonSchema, known: Mapping[str, JsonSchema]) -> str:
    """Return the type of a value in JSON's words, such as `string | null` or `integer[]`."""
    whole = resolved(schema, known)
    named = whole.get("type", "any")
    words = list(named) if isinstance(named, list) else [named]
    if {"type": "null"} in schema.get("anyOf", ()):
        words.append("null")
    shown = [f"{kind(whole['items'], known)}[]" if one == "array" and "items" in whole else one for one in words]
    return " | ".join(shown)


def example(schema: JsonSchema, known: Mapping[str, JsonSchema]) -> Any:
    """Make up a value that fits a schema."""
    whole = resolved(schema, known)
    for key in ("example", "default", "const"):
        if key in whole:
            return whole[key]
    if "enum" in whole:
        return whole["enum"][0]
    named = whole.get("type")
    first = named[0] if isinstance(named, list) else named
    if first == "object":
        required = whole.get("required", ())
        return {name: example(one, known) for name, one in whole.get("properties", {}).items() if name in required}
    if first == "array":
        return [example(whole.get("items", {}), known)]
    made_up = {"string": "…", "integer": max(1, whole.get("minimum", 1)), "number": 1.5, "boolean": True}
    return made_up.get(str(first))
