"""Whom a build is told to: those who may decide about it, and whoever asked for it."""

from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from integrations.jenkins import rights, telling
from integrations.jenkins.models import Build
from integrations.sms import phones
from integrations.sms import services as sms
from project.core import messenger
from project.core.errors import GatehouseError, Unreachable

log = structlog.get_logger(__name__)
MOST_APPROVERS = 200


def ask_approvers(build: Build) -> None:
    """Tell everybody who may decide about a build that one waits."""
    staff = get_user_model()._default_manager.filter(is_staff=True)
    for person in rights.approvers_of(build, staff, MOST_APPROVERS):
        telling.person(person.pk, build, "asked")


def have_approvers_asked(build: Build) -> None:
    """Have a worker tell them, once the transaction is through: they may be many, and nobody waits for it."""
    task = {"task": "jenkins.ask_approvers", "kwargs": {"id": str(build.pk)}}
    transaction.on_commit(lambda: messenger.later(_send, task))


def _send(task: dict[str, Any]) -> None:
    with suppress(Unreachable):  # a courtesy: the list of what waits shows it
        messenger.send(**task)


def over(build: Build) -> None:
    """A build is over, in the caller's transaction: tell whoever asked for it, by text message too where they wished so."""
    transaction.on_commit(partial(_push, build))
    person = build.created_by
    if person is None or not build.notify_sms or build.state == Build.State.REJECTED:
        return
    try:
        with transaction.atomic(), translation.override(build.language or None):
            _text(build, person)
    except GatehouseError as problem:  # the build is over whether or not its message can be sent
        log.warning("jenkins.no_text_message", build=str(build.pk), problem=str(problem))


def _push(build: Build) -> None:
    telling.build(build)
    if build.created_by_id:
        telling.person(build.created_by_id, build, "over")


def _text(build: Build, person: Any) -> None:
    text = _("{build}: {state}").format(build=str(build)[:150], state=build.get_state_display())
    sms.enqueue(
        phone=phones.parse(getattr(person, "phone", "") or ""),
        template="notice",
        parameters={"text": text},
        language=build.language or translation.get_language() or "",
        purpose="notice",
        person=person,
    )
