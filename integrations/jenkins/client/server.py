"""The server itself: what it is, whether it lives, and a restart that waits for what runs."""

import re
from typing import Any
from urllib.parse import quote

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from integrations.jenkins.client.jobs import SERVER
from integrations.jenkins.client.remote import JSON
from integrations.jenkins.errors import NotAtJenkins
from project.core.errors import InvalidParameters

LABEL = "name,offline,nodes[nodeName],tiedJobs[name,fullName]"
FINGERPRINT = re.compile(r"[0-9a-f]{32}")


class ServerCalls(Calls):
    def info(self) -> shapes.Info:
        """What the server says of itself."""
        answer = self.transport.send("GET", f"api/json?tree={SERVER}", kind=JSON)
        return reading.info(answer.json(), answer.headers.get("X-Jenkins", ""))

    def poll(self) -> int:
        """Ask for as little as possible; the status of its answer, 200, as the seed has it."""
        return self.transport.send("GET", "api/json?tree=mode", kind=JSON).status

    def safe_restart(self) -> None:
        """Restart once no build runs any more; new ones wait meanwhile."""
        self._post("safeRestart", what="safeRestart")

    def label(self, name: str) -> shapes.Label:
        """Machines of one kind.

        :raises NotAtJenkins: when nothing has this label.
        """
        path = f"label/{quote(names.checked(name), safe='')}/"
        return reading.label(self._json(path, tree=LABEL, what=name))

    def artifact_data(self, fingerprint: str) -> shapes.Fingerprint:
        """Which build made a file, and which used it.

        :param fingerprint: the MD5 sum of the file.
        :raises NotAtJenkins: when the server does not know the file.
        """
        told: Any = self._json(f"fingerprint/{_checked(fingerprint)}/", what=fingerprint)
        return reading.fingerprint(told)

    def knows_fingerprint(self, fingerprint: str) -> bool:
        """Whether a file with this MD5 sum came from one of the server's builds."""
        try:
            return self.artifact_data(fingerprint).id == fingerprint.lower()
        except NotAtJenkins:
            return False


def _checked(fingerprint: str) -> str:
    if not FINGERPRINT.fullmatch(fingerprint.lower()):
        raise InvalidParameters
    return fingerprint.lower()
