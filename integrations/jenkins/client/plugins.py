"""Plugins of a server."""

import re

from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from project.core.errors import InvalidParameters

STATE = "plugins[shortName,longName,version,enabled,active,hasUpdate,deleted]"
NAME, VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")


class PluginCalls(Calls):
    def plugins(self) -> list[shapes.Plugin]:
        """All plugins that are installed, in one request."""
        return [reading.plugin(one) for one in reading.each(self._json("pluginManager/", tree=STATE), "plugins")]

    def has_plugin(self, name: str) -> shapes.Plugin | None:
        """The plugin of this short name, if it is installed."""
        return next((one for one in self.plugins() if one.name == name and not one.deleted), None)

    def install_plugin(self, name: str, version: str = "latest") -> None:
        """Let the server fetch and install a plugin, in its own time."""
        if not NAME.fullmatch(name) or not VERSION.fullmatch(version):
            raise InvalidParameters
        xml = f'<jenkins><install plugin="{name}@{version}" /></jenkins>'
        self._post("pluginManager/installNecessaryPlugins", xml=xml, what=name)

    def uninstall_plugin(self, name: str) -> None:
        """Remove a plugin; the server forgets it at its next start.

        :raises NotAtJenkins: when it is not installed.
        """
        if not NAME.fullmatch(name):
            raise InvalidParameters
        self._post(f"pluginManager/plugin/{name}/doUninstall", what=name)
