"""Every way servers, jobs and builds change."""

from integrations.jenkins.services.asking import approval_of, ask, ask_again, last_given, stop
from integrations.jenkins.services.deciding import approve, expire_late, may_decide, reject, want_approval
from integrations.jenkins.services.refreshing import refresh, refresh_job, servers_due
from integrations.jenkins.services.running import go_on
from integrations.jenkins.services.servers import (
    add_server,
    change_server,
    client_of,
    delete_server,
    restart_server,
    try_server,
)

__all__ = [
    "add_server",
    "approval_of",
    "approve",
    "ask",
    "ask_again",
    "change_server",
    "client_of",
    "delete_server",
    "expire_late",
    "go_on",
    "last_given",
    "may_decide",
    "refresh",
    "refresh_job",
    "reject",
    "restart_server",
    "servers_due",
    "stop",
    "try_server",
    "want_approval",
]
