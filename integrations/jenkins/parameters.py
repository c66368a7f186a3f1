"""What people give for a job's parameters, checked against what the job asks for."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from integrations.jenkins.client.shapes import Parameter
from integrations.jenkins.errors import BadParameters
from integrations.jenkins.models import KEY_PARAMETER, Job

LONGEST, LARGEST_FILE = 10_000, 2 * 1024 * 1024
CHOICE, BOOLEAN, TEXT, FILE = (
    "ChoiceParameterDefinition",
    "BooleanParameterDefinition",
    "TextParameterDefinition",
    "FileParameterDefinition",
)
FILES = frozenset({FILE, "Base64FileParameterDefinition", "StashedFileParameterDefinition"})


@dataclass(frozen=True)
class Given:
    """Parameters, apart by who may read them."""

    plain: dict[str, Any] = field(default_factory=dict)
    secret: dict[str, Any] = field(default_factory=dict, repr=False)
    secret_names: list[str] = field(default_factory=list)


def checked(job: Job, given: Mapping[str, Any]) -> Given:
    """Sort what was given; what is missing stays with the job's own default.

    A file is `{"file": name, "content": bytes or base64}`.

    :raises BadParameters: naming each that is wrong.
    """
    known = {one.name: one for one in job.asks_for}
    wrong: dict[str, Any] = {str(name)[:100]: [_("The job has no such parameter.")] for name in given.keys() - known}
    found = Given()
    for name in given.keys() & known:
        try:
            _sort(found, known[name], given[name])
        except ValueError as problem:
            wrong[name] = [str(problem)]
    if wrong:
        raise BadParameters(fields={"parameters": wrong})
    return Given(found.plain, found.secret, sorted(found.secret_names))


def to_send(build: Any) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What goes to Jenkins: parameters and files; None for a job that asks for none."""
    definitions = build.job.definitions
    if not definitions:
        return None, None
    secrets = build.secrets
    files = {name: (one["file"], base64.b64decode(one["content"])) for name, one in secrets.items() if _is_file(one)}
    values = {name: _sent(one) for name, one in build.parameters.items() if name not in files}
    values |= {name: one for name, one in secrets.items() if name not in files}
    if build.job.takes_key:
        values[KEY_PARAMETER] = str(build.pk)
    return values, files or None


def same(build: Any, told: Mapping[str, Any]) -> bool:
    """Whether what Jenkins tells of a build's parameters is what was given for ours."""
    texts = {name: str(_sent(one)) for name, one in build.parameters.items()}
    files = {one.name for one in build.job.definitions if one.kind in FILES}
    return all(str(_sent(told.get(name))) == text for name, text in texts.items() if name not in files)


def _sort(found: Given, one: Parameter, value: Any) -> None:
    if one.kind in FILES:
        name, content = _file(value)
        found.plain[one.name] = name
        found.secret[one.name] = {"file": name, "content": content}
    elif one.secret:
        found.secret[one.name] = _text(value, one)
        found.secret_names.append(one.name)
    elif one.kind == BOOLEAN:
        found.plain[one.name] = _boolean(value)
    else:
        found.plain[one.name] = _text(value, one)


def _text(value: Any, one: Parameter) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(_("Give a text."))
    text = str(value)
    if len(text) > LONGEST:
        raise ValueError(_("Give at most {n} characters.").format(n=LONGEST))
    lines = one.kind == TEXT
    if any(not (each.isprintable() or (lines and each in "\r\n\t")) for each in text):
        raise ValueError(_("Give a plain text.") if lines else _("Give one line of plain text."))
    if one.kind == CHOICE and text not in one.choices:
        raise ValueError(_("Choose one of: {choices}").format(choices=", ".join(one.choices)[:300]))
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(_("Give true or false."))


def _file(value: Any) -> tuple[str, str]:
    if not isinstance(value, Mapping) or not isinstance(value.get("file"), str):
        raise ValueError(_("Give a file."))
    name = value["file"].replace("\\", "/").rpartition("/")[2]
    content = value.get("content")
    if isinstance(content, str):
        try:
            content = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise ValueError(_("Give the file's content in base64.")) from problem
    if not isinstance(content, bytes) or not name.strip(". ") or not name.isprintable() or len(name) > 200:
        raise ValueError(_("Give a file."))
    if len(content) > LARGEST_FILE:
        raise ValueError(_("Give a file of at most {n} MB.").format(n=LARGEST_FILE // 1024**2))
    return name, base64.b64encode(content).decode()


def _is_file(value: Any) -> bool:
    return isinstance(value, dict)


def _sent(value: Any) -> Any:
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
