"""Jenkins' interface, typed: the only place that touches python-jenkins.

    with Client(account) as jenkins:
        jenkins.all_jobs()
        number = jenkins.build_job("folder/job", {"BRANCH": "main"})

Every call ends within 10 s (2 to connect, 5 for each silence), reads 5 MB at most, follows no redirect, knows no proxy of
the environment, and goes only to addresses that are on the list. Logs and files have longer, are of any size, and files are
followed to listed hosts. What goes wrong is one of integrations.jenkins.errors.
"""

from types import TracebackType
from typing import Self

from integrations.jenkins.client.builds import BuildCalls
from integrations.jenkins.client.nodes import NodeCalls
from integrations.jenkins.client.plugins import PluginCalls
from integrations.jenkins.client.server import ServerCalls
from integrations.jenkins.client.transport import Account, Transport
from integrations.jenkins.client.views import ViewCalls

__all__ = ["Account", "Client"]


class Client(ServerCalls, BuildCalls, NodeCalls, ViewCalls, PluginCalls):
    """Everything that can be asked of one server. Not for several threads at once."""

    def __init__(self, account: Account) -> None:
        """:raises AddressNotAllowed: when the server may not be there."""
        super().__init__(Transport(account))

    def close(self) -> None:
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
