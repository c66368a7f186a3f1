"""python-jenkins, speaking through our transport: its addresses and calls, our time-outs, limits and errors."""

from typing import Any

import jenkins
import requests

from integrations.jenkins.client.transport import Answer, Transport

JSON = "application/json"


class Remote(jenkins.Jenkins):  # type: ignore[misc]  # has no types
    """The vendor's class; whatever it asks goes through `Transport.send`."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport.url)
        self._transport = transport

    def jenkins_request(
        self, req: requests.Request, add_crumb: bool = True, resolve_auth: bool = True, stream: Any = None
    ) -> Answer:
        """As the vendor's, but for what can come of it."""
        path = req.url.partition("?")[0]
        return self._transport.send(
            req.method,
            req.url,
            data=req.data or None,
            headers=req.headers or None,
            kind=JSON if req.method == "GET" and path.endswith("/api/json") else "",
            what=path.removeprefix(self._transport.url).replace("job/", "").removesuffix("/api/json").strip("/"),
        )
