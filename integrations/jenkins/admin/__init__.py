"""Jenkins in the back office."""

from integrations.jenkins.admin.builds import BuildAdmin
from integrations.jenkins.admin.jobs import JobAdmin
from integrations.jenkins.admin.rules import RuleAdmin
from integrations.jenkins.admin.schedules import ScheduleAdmin
from integrations.jenkins.admin.servers import ServerAdmin

__all__ = ["BuildAdmin", "JobAdmin", "RuleAdmin", "ScheduleAdmin", "ServerAdmin"]
