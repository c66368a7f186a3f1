"""Machines that build."""

import json
from urllib.parse import quote

import jenkins
from django.utils.translation import gettext_lazy as _

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from integrations.jenkins.errors import BadName, TakenName

STATE = "displayName,description,offline,offlineCauseReason,numExecutors,assignedLabels[name],executors[idle]"
TAKEN = _("There is a machine “{name}” already.")
LAUNCHER = "hudson.slaves.JNLPLauncher"
CONTROLLER = frozenset({"Built-In Node", "master", "(master)", "(built-in)"})


class NodeCalls(Calls):
    def nodes(self) -> list[shapes.Node]:
        """All machines, in one request."""
        told = self._json("computer/", tree=f"computer[{STATE}]")
        return [reading.node(one) for one in reading.each(told, "computer")]

    def node(self, name: str) -> shapes.Node:
        """One machine.

        :raises NotAtJenkins: when there is none.
        """
        return reading.node(self._json(_path(name), tree=STATE, what=name))

    def create_node(
        self,
        name: str,
        *,
        executors: int = 2,
        description: str = "",
        folder: str = "/var/lib/jenkins",
        labels: str = "",
    ) -> None:
        """Add a machine that calls in by itself.

        :raises TakenName: when there is one already.
        """
        about = {
            "nodeDescription": description,
            "numExecutors": executors,
            "remoteFS": folder,
            "labelString": labels,
            "mode": "NORMAL",
            "retentionStrategy": {"stapler-class": "hudson.slaves.RetentionStrategy$Always"},
            "nodeProperties": {"stapler-class-bag": "true"},
            "launcher": {"stapler-class": LAUNCHER},
        }
        data = {"name": _checked(name), "type": jenkins.NODE_TYPE, "json": json.dumps(about)}
        try:
            self._post(jenkins.CREATE_NODE, data=data, what=name)
        except TakenName:
            raise TakenName(TAKEN, name=name) from None

    def delete_node(self, name: str) -> None:
        """Remove a machine; what runs there is cut.

        :raises NotAtJenkins: when there is none.
        """
        self._post(f"{_path(name)}doDelete", what=name)


def _checked(name: str) -> str:
    if not names.is_plain(name) or "/" in name or not name.isprintable() or len(name) > 200:
        raise BadName(name=name[:100], fields={"name": [str(BadName(name=name[:100]))]})
    return name


def _path(name: str) -> str:
    return f"computer/{'(built-in)' if name in CONTROLLER else quote(_checked(name), safe='()')}/"
