"""What becomes of a leaver's builds and schedules."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from integrations.jenkins import services
from integrations.jenkins.models import Build, Schedule, ScheduleQuerySet
from project.core import leaving
from project.core.leaving import Handed


def register() -> None:
    """Called once, when the app starts."""
    leaving.owns(
        "builds",
        title=_("Builds that did not start"),
        becomes=_("They are withdrawn; what runs already goes on."),
        rows=_builds,
        hand_over=_withdraw_builds,
    )
    leaving.owns(
        "build_schedules",
        title=_("Schedules of builds"),
        becomes=_("The successor asks for their builds from then on; without one, they are switched off."),
        rows=_schedules,
        hand_over=_hand_schedules_over,
    )


def _builds(person: Any) -> QuerySet[Build]:
    return Build.objects.not_started().filter(created_by=person)


def _schedules(person: Any) -> ScheduleQuerySet:
    return Schedule.objects.filter(created_by=person, enabled=True)


def _withdraw_builds(person: Any, _successor: Any, by: Any) -> Handed:
    return Handed(sum(services.withdraw(build, by=by) for build in _builds(person)))


def _hand_schedules_over(person: Any, successor: Any, by: Any) -> Handed:
    return Handed(services.hand_schedules_over(_schedules(person), to=successor, by=by))
