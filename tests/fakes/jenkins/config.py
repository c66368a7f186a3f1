"""`config.xml`: what the simulator reads of it, and how Jenkins gives it back."""

import base64
import re
from collections.abc import Iterator
from http import HTTPStatus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.fakes.jenkins.stapler import Refused

HEADER = "<?xml version='1.1' encoding='UTF-8'?>\n"
"""Of `hudson.XmlFile.write`; version 1.1, which many a parser refuses."""


class Config:
    """An XML text, its root and the questions asked about it."""

    def __init__(self, text: str) -> None:
        """:raises Refused: with 500, as `AbstractItem.updateByXml` does where it "Failed to process config.xml"."""
        body = re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", text)
        try:
            self.root = ElementTree.fromstring(body)  # noqa: S314 (only tests and the person at the machine send any)
        except ElementTree.ParseError as error:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Failed to process config.xml") from error
        self.text = HEADER + _with_sealed_passwords(body)

    def get(self, path: str, default: str = "") -> str:
        found = self.root.find(path)
        return default if found is None or found.text is None else found.text

    def is_true(self, path: str) -> bool:
        return self.get(path).strip() == "true"

    def each(self, path: str) -> Iterator[ElementTree.Element]:
        yield from self.root.iterfind(path)

    def with_value(self, tag: str, value: str) -> "Config":
        """The same with `<tag>value</tag>` directly below the root."""
        said = f"<{tag}>{escape(value)}</{tag}>"
        pattern = re.compile(rf"<{tag}\s*/>|<{tag}>[^<]*</{tag}>")
        if self.root.find(tag) is not None:
            return Config(pattern.sub(lambda _: said, self.text, count=1))
        opening = re.compile(rf"(<{re.escape(self.root.tag)}\b[^>]*?)(/?)>")
        return Config(
            opening.sub(
                lambda found: f"{found[1]}>{said}" + (f"</{self.root.tag}>" if found[2] else ""), self.text, count=1
            )
        )


def _with_sealed_passwords(body: str) -> str:
    """`hudson.util.Secret`: a default password is kept, and given back, encrypted."""

    def seal(found: re.Match[str]) -> str:
        before, secret, after = found.groups()
        if re.fullmatch(r"\{[A-Za-z0-9+/=]+\}", secret):
            return found[0]
        return f"{before}{{{base64.b64encode(secret.encode()[::-1]).decode()}}}{after}"

    definition = r"<hudson\.model\.PasswordParameterDefinition\b.*?</hudson\.model\.PasswordParameterDefinition>"
    return re.sub(
        definition,
        lambda found: re.sub(r"(<defaultValue>)([^<]+)(</defaultValue>)", seal, found[0]),
        body,
        flags=re.DOTALL,
    )


def unsealed(secret: str) -> str:
    found = re.fullmatch(r"\{([A-Za-z0-9+/=]+)\}", secret)
    return base64.b64decode(found[1]).decode()[::-1] if found else secret
