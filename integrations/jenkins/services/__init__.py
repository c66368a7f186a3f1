"""Every way servers, jobs and builds change."""

from integrations.jenkins.services.artifacts import open_artifact
from integrations.jenkins.services.asking import (
    approval_of,
    ask,
    ask_again,
    last_given,
    may_stop,
    not_kept,
    stop,
    withdraw,
)
from integrations.jenkins.services.configuring import (
    copy_job,
    create_folder,
    create_job,
    delete_job,
    difference,
    enable_job,
    rename_job,
    update_job,
    xml_of,
)
from integrations.jenkins.services.deciding import approve, expire_late, may_decide, reject, waiting_for, want_approval
from integrations.jenkins.services.finding import (
    build_at,
    create_view,
    fingerprint_of,
    label_of,
    last_log,
    numbers_of,
    view_of,
    views_of,
)
from integrations.jenkins.services.machines import (
    create_node,
    delete_node,
    install_plugin,
    node_of,
    nodes_of,
    plugin_of,
    plugins_of,
    uninstall_plugin,
)
from integrations.jenkins.services.noticing import ask_approvers
from integrations.jenkins.services.queueing import Waiting, cancel_all, cancel_item, item_of, may_cancel, queue_of
from integrations.jenkins.services.reading import earlier_part as earlier_log_part
from integrations.jenkins.services.reading import forget_old as forget_old_logs
from integrations.jenkins.services.reading import log_of, whole_log
from integrations.jenkins.services.reading import part_of as log_part
from integrations.jenkins.services.reading import read_on as read_log_on
from integrations.jenkins.services.reading import release as release_log
from integrations.jenkins.services.reading import take as take_log
from integrations.jenkins.services.refreshing import refresh, refresh_job, servers_due
from integrations.jenkins.services.ruling import delete_rule, write_rule
from integrations.jenkins.services.running import go_on
from integrations.jenkins.services.scheduling import (
    hand_schedules_over,
    next_runs,
    plan,
    replan,
    run_due,
    schedules_of,
    unplan,
)
from integrations.jenkins.services.servers import (
    add_server,
    change_server,
    client_of,
    delete_server,
    restart_server,
    try_server,
)

__all__ = [
    "Waiting",
    "add_server",
    "approval_of",
    "approve",
    "ask",
    "ask_again",
    "ask_approvers",
    "build_at",
    "cancel_all",
    "cancel_item",
    "change_server",
    "client_of",
    "copy_job",
    "create_folder",
    "create_job",
    "create_node",
    "create_view",
    "delete_job",
    "delete_node",
    "delete_rule",
    "delete_server",
    "difference",
    "earlier_log_part",
    "enable_job",
    "expire_late",
    "fingerprint_of",
    "forget_old_logs",
    "hand_schedules_over",
    "go_on",
    "install_plugin",
    "item_of",
    "label_of",
    "last_given",
    "last_log",
    "log_of",
    "log_part",
    "may_cancel",
    "may_decide",
    "may_stop",
    "next_runs",
    "node_of",
    "nodes_of",
    "not_kept",
    "numbers_of",
    "open_artifact",
    "plan",
    "plugin_of",
    "plugins_of",
    "queue_of",
    "read_log_on",
    "refresh",
    "refresh_job",
    "reject",
    "release_log",
    "rename_job",
    "replan",
    "restart_server",
    "run_due",
    "schedules_of",
    "servers_due",
    "stop",
    "take_log",
    "try_server",
    "uninstall_plugin",
    "unplan",
    "update_job",
    "view_of",
    "views_of",
    "waiting_for",
    "want_approval",
    "whole_log",
    "withdraw",
    "write_rule",
    "xml_of",
]
