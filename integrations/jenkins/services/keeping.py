"""The parameters of schedules: plain ones as they are, secret ones and files sealed until they are given anew.

Who gave the secret ones is sealed with them: whoever else changes the schedule could have them sent to a place of their own.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.jenkins import parameters, sealing
from integrations.jenkins.errors import BadParameters
from integrations.jenkins.models import HIDDEN, Schedule
from project.core.errors import Conflict


def keep(schedule: Schedule, given: Mapping[str, Any], *, by: Any) -> None:
    """Let a schedule have these parameters. A secret one given as “******” stays as it is, and so does a file given by its name.

    :raises BadParameters: for what the job does not ask for; and for what stays, unless `by` gave it or the schedule is off.
    """
    giver, sealed = _opened(schedule)
    stays = {name: sealed[name] for name, value in given.items() if name in sealed and _is_same(schedule, name, value)}
    secret = {one.name for one in schedule.job.asks_for if one.secret}
    wrong = {name: [_("It was not kept: give it anew.")] for name in secret - stays.keys() if given.get(name) == HIDDEN}
    if stays and schedule.enabled and giver != by.pk:
        wrong |= {name: [_("Somebody else gave it: give it anew.")] for name in stays}
    if wrong:
        raise BadParameters(fields={"parameters": wrong})
    found = parameters.checked(schedule.job, {**given, **stays})
    schedule.parameters, schedule.secret_names = found.plain, found.secret_names
    values = {"by": giver if stays else by.pk, "values": found.secret} if found.secret else {}
    schedule.secret = sealing.close(sealing.PARAMETERS, values)


def given_by(schedule: Schedule) -> dict[str, Any]:
    """What its builds are asked for with.

    :raises Conflict: when what is sealed cannot be opened any more.
    """
    giver, sealed = _opened(schedule)
    if giver is None and schedule.secret:
        raise Conflict(_("Its secret parameters cannot be opened any more: give them anew."))
    return {**schedule.parameters, **sealed}


def _is_same(schedule: Schedule, name: str, value: Any) -> bool:
    return isinstance(value, str) and value == (
        HIDDEN if name in schedule.secret_names else schedule.parameters.get(name)
    )


def _opened(schedule: Schedule) -> tuple[int | None, dict[str, Any]]:
    """Who gave what is sealed, and that; nobody and nothing where it cannot be opened."""
    try:
        found = sealing.reveal(sealing.PARAMETERS, schedule.secret, {})
    except sealing.Unreadable:
        return None, {}
    return found.get("by"), found.get("values", {})
