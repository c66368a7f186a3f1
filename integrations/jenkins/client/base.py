"""What all calls have in common."""

from typing import Any

from integrations.jenkins.client.remote import JSON, Remote
from integrations.jenkins.client.transport import MOST_BYTES, Answer, Transport

XML_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}


class Calls:
    """A part of the client. `remote` is python-jenkins over our transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.remote = Remote(transport)

    def _json(self, path: str, *, tree: str = "", what: str = "", most: int = MOST_BYTES) -> Any:
        query = f"?tree={tree}" if tree else ""
        return self.transport.send("GET", f"{path}api/json{query}", kind=JSON, what=what, most=most).json()

    def _post(self, path: str, *, data: Any = None, xml: str = "", what: str = "") -> Answer:
        if xml:
            return self.transport.send("POST", path, data=xml.encode(), headers=XML_HEADERS, what=what)
        return self.transport.send("POST", path, data=data, what=what)
