"""Jenkins servers, their jobs, the builds people asked for, and who may do what."""

from integrations.jenkins.models.builds import HIDDEN, Build, BuildQuerySet
from integrations.jenkins.models.jobs import KEY_PARAMETER, Job, JobQuerySet
from integrations.jenkins.models.logs import BuildLog
from integrations.jenkins.models.rules import Rule
from integrations.jenkins.models.schedules import Schedule, ScheduleQuerySet
from integrations.jenkins.models.servers import Server, ServerQuerySet

__all__ = [
    "HIDDEN",
    "KEY_PARAMETER",
    "Build",
    "BuildLog",
    "BuildQuerySet",
    "Job",
    "JobQuerySet",
    "Rule",
    "Schedule",
    "ScheduleQuerySet",
    "Server",
    "ServerQuerySet",
]
