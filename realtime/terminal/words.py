"""What a line means that somebody types: a frame as JSON, `topic {json}`, or a short command such as `/join public.x`."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class BadLine(ValueError):
    """Nothing can be sent for this line; says why."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A short command that asks a topic; `field` is the one word that it wants."""

    topic: str
    about: Any
    field: str = ""


QUIT, HELP = "/quit", "/help"
SHORTCUTS = {
    "/join": Shortcut("join", gettext_lazy("join a group"), "group"),
    "/leave": Shortcut("leave", gettext_lazy("leave a group"), "group"),
    "/ping": Shortcut("ping", gettext_lazy("ask for the server's time")),
    "/topics": Shortcut("topics.list", gettext_lazy("list what may be asked")),
    "/whoami": Shortcut("whoami", gettext_lazy("show this connection as the server sees it")),
}


def frame(line: str, number: int) -> str:
    """Return the frame that `line` means, as JSON; what is typed short asks for an answer, under `number`.

    :raises BadLine: for a command that is none.
    """
    if line.startswith(("{", "[", '"')):
        return line
    word, _space, rest = line.partition(" ")
    rest = rest.strip()
    body: dict[str, Any] = {"id": number, "topic": word}
    if word.startswith("/"):
        body |= _shortcut(word, rest)
    elif rest:
        body["data"] = _json_or_text(rest)
    return json.dumps(body, ensure_ascii=False)


def _shortcut(word: str, rest: str) -> dict[str, Any]:
    if (shortcut := SHORTCUTS.get(word)) is None:
        raise BadLine(_("There is no {command}; {help} lists all.").format(command=word, help=HELP))
    if bool(rest) != bool(shortcut.field):
        example = f"{word} public.lobby" if shortcut.field else word
        raise BadLine(_("Type it like this: {example}").format(example=example))
    return {"topic": shortcut.topic} | ({"data": {shortcut.field: rest}} if rest else {})


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def id_of(text: str) -> str | None:
    """Return the id under which a frame wants its answer, as JSON; None when it wants none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return json.dumps(body["id"]) if isinstance(body, dict) and "id" in body else None


def help_text() -> str:
    """Return what may be typed."""
    lines = [
        ("topic", _("ask a topic")),
        ("topic {…}", _("ask it with data; what is no JSON is sent as text")),
        ('{"topic": …}', _("send a frame just as it is")),
        *((f"{name} {one.field}".strip(), str(one.about)) for name, one in SHORTCUTS.items()),
        (HELP, _("show this")),
        (QUIT, _("leave; Ctrl-D does, too")),
    ]
    return "\n".join(f"  {typed:<14} {meaning}" for typed, meaning in lines)
