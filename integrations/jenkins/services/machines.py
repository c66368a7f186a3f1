"""Machines and plugins of servers."""

from typing import Any

from integrations.jenkins import rights
from integrations.jenkins.client import shapes
from integrations.jenkins.errors import NotAtJenkins
from integrations.jenkins.models import Server
from integrations.jenkins.services.queueing import client_for_people
from project.core import audit

SEE, MANAGE = "jenkins.view_server", "jenkins.manage_server"


def nodes_of(server: Server, *, by: Any) -> list[shapes.Node]:
    """The machines that build for a server.

    :raises NoPermission: without `jenkins.view_server`.
    """
    rights.ensure_holds(by, SEE)
    with client_for_people(server) as client:
        return client.nodes()


def node_of(server: Server, name: str, *, by: Any) -> shapes.Node:
    """One machine.

    :raises NotAtJenkins: when there is none.
    """
    rights.ensure_holds(by, SEE)
    with client_for_people(server) as client:
        return client.node(name)


def create_node(server: Server, *, name: str, by: Any, **about: Any) -> shapes.Node:
    """Add a machine that calls in by itself.

    :param about: `executors`, `description`, `folder`, `labels`.
    :raises NoPermission: without `jenkins.manage_server`.
    """
    rights.ensure_holds(by, MANAGE)
    with client_for_people(server) as client:
        client.create_node(name, **about)
        made = client.node(name)
    audit.record("jenkins_server.node_added", server, actor=by, node=name)
    return made


def delete_node(server: Server, *, name: str, by: Any) -> None:
    """Remove a machine; what runs there is cut.

    :raises NoPermission: without `jenkins.manage_server`.
    """
    rights.ensure_holds(by, MANAGE)
    with client_for_people(server) as client:
        client.delete_node(name)
    audit.record("jenkins_server.node_deleted", server, actor=by, node=name)


def plugins_of(server: Server, *, by: Any) -> list[shapes.Plugin]:
    """The plugins of a server.

    :raises NoPermission: without `jenkins.view_server`.
    """
    rights.ensure_holds(by, SEE)
    with client_for_people(server) as client:
        return client.plugins()


def plugin_of(server: Server, name: str, *, by: Any) -> shapes.Plugin:
    """The plugin of this short name.

    :raises NotAtJenkins: when it is not installed.
    """
    rights.ensure_holds(by, SEE)
    with client_for_people(server) as client:
        found = client.has_plugin(name)
    if found is None:
        raise NotAtJenkins(server=server.name, what=name)
    return found


def install_plugin(server: Server, *, name: str, version: str = "latest", by: Any) -> None:
    """Let a server fetch and install a plugin, in its own time.

    :raises NoPermission: without `jenkins.manage_server`.
    """
    rights.ensure_holds(by, MANAGE)
    with client_for_people(server) as client:
        client.install_plugin(name, version)
    audit.record("jenkins_server.plugin_installed", server, actor=by, plugin=name, version=version)


def uninstall_plugin(server: Server, *, name: str, by: Any) -> None:
    """Remove a plugin; the server forgets it at its next start.

    :raises NoPermission: without `jenkins.manage_server`.
    """
    rights.ensure_holds(by, MANAGE)
    with client_for_people(server) as client:
        client.uninstall_plugin(name)
    audit.record("jenkins_server.plugin_removed", server, actor=by, plugin=name)
