"""What workers and the scheduler do with Jenkins."""

from celery import shared_task

from integrations.jenkins import services
from integrations.jenkins.models import Build, Server
from project.core import jobs, messenger
from project.core.errors import Unreachable


@jobs.worker(Build)
def run_build(build: Build) -> None:
    """Take a build one step further."""
    services.go_on(build)


@shared_task(name="jenkins.refresh")
def refresh() -> None:
    """Have each server asked whose turn it is: by a task of its own, so that one that is down keeps none waiting."""
    for server in services.servers_due():
        try:
            messenger.send("jenkins.refresh_server", kwargs={"id": server.pk}, expires=30)
        except Unreachable:
            return  # the next tick tries again


@shared_task(name="jenkins.refresh_server")
def refresh_server(*, id: int) -> None:  # noqa: A002 (the message's own field)
    """Ask one server."""
    if server := Server.objects.enabled().filter(pk=id).first():
        services.refresh(server)


@shared_task(name="jenkins.ask_approvers")
def ask_approvers(*, id: str) -> None:  # noqa: A002 (the message's own field)
    """Tell everybody who may decide about a build that it waits."""
    if build := Build.objects.waiting().select_related("job", "server").filter(pk=id).first():
        services.ask_approvers(build)


@shared_task(name="jenkins.expire")
def expire() -> int:
    """End what nobody approved in time."""
    return services.expire_late()


@shared_task(name="jenkins.purge")
def purge() -> int:
    """Delete logs that are kept no longer."""
    return services.forget_old_logs()


@shared_task(name="jenkins.run_due")
def run_due() -> int:
    """Ask for the builds whose time has come."""
    return services.run_due()
