"""Demo data: an invented company that makes every page look alive, and can be taken out again exactly.

What was made is written down in one audit entry (`demo.loaded`): the ids, whatever the rows are called later.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from project.core.errors import Conflict
from project.demo import builds, history, people, texts, work

SEED = 20240917
LOADED = "demo.loaded"
ORDER = (
    "sms.campaign",
    "sms.message",
    "sms.template",
    "sms.provider",
    "jenkins.server",
    "sheets.exportjob",
    "sheets.importjob",
    "accounts.loginevent",
    "accounts.loginsession",
    "accounts.user",
    "auth.group",
    "accounts.department",
)
"""What goes first when all goes: rows before what they point to."""


class NotEmpty(Conflict):
    message = _("There are people here already. Demo data goes into an empty installation, or anywhere with --force.")


@dataclass
class Company:
    """What is being made: rows by kind, and the accounts somebody can sign in with."""

    made: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    accounts: list[people.Account] = field(default_factory=list)

    def note(self, rows: list[Any]) -> None:
        """Remember rows, to be able to take them out."""
        for row in rows:
            self.made[row._meta.label_lower].append(str(row.pk))


@transaction.atomic
def load(*, number: int = 200, force: bool = False) -> list[people.Account]:
    """Fill the installation; return the accounts that have a password, to be told to whoever asked.

    :raises NotEmpty: when people or departments are there already and `force` is not given.
    """
    if not force and not is_empty():
        raise NotEmpty
    chance, company = random.Random(SEED), Company()  # noqa: S311 (invented data, the same every time)
    with disable_auditlog():
        departments = people.departments()
        roles = people.roles()
        staff, company.accounts = people.people(departments, roles, number, chance)
        company.note([*(one.group for one in roles.values()), *departments, *staff])
        company.note(history.sessions(staff, chance))
        company.note(history.sign_ins(staff, chance))
        company.note(work.imports(staff, chance))
        company.note(work.exports(staff, chance))
        company.note(texts.all_of_them(staff, chance))
        jenkins = builds.server()
        company.note([jenkins])  # its jobs and builds go with it
        builds.builds(builds.jobs(jenkins), staff, chance)
        entries = history.audit(staff, chance)
        # MySQL gives no ids back for rows made in bulk: find them by what marks them
        company.made["auditlog.logentry"] = list(LogEntry.objects.filter(pk__in=entries).values_list("pk", flat=True))
        LogEntry.objects.create(**history.marker(LOADED, dict(company.made)))
    return company.accounts


@transaction.atomic
def remove() -> dict[str, int]:
    """Take out what `load` put in, and nothing else; return how many rows of each kind went.

    A department stays when people who are not of the demo have been put into it.
    """
    gone: dict[str, int] = defaultdict(int)
    with disable_auditlog():
        for marker in LogEntry.objects.filter(additional_data__event=LOADED):
            made: dict[str, list[Any]] = marker.additional_data["made"]
            for label in ORDER:
                gone[label] += _delete(apps.get_model(label), made.get(label, []))
            gone["auditlog.logentry"] += LogEntry.objects.filter(pk__in=made.get("auditlog.logentry", [])).delete()[0]
            marker.delete()
    return dict(gone)


def is_empty() -> bool:
    """Tell whether nobody but the first administrator has been here."""
    return not Department.objects.exists() and User.objects.get_queryset().count() <= 1


def is_loaded() -> bool:
    """Tell whether demo data is in."""
    return bool(LogEntry.objects.filter(additional_data__event=LOADED).exists())


def _delete(model: type[models.Model], ids: list[Any]) -> int:
    rows = model._base_manager.filter(pk__in=ids)
    number = rows.count()
    if model is User:
        User.objects.get_queryset().filter(manager__in=ids).exclude(pk__in=ids).update(manager=None)
    if model is Department:
        return _delete_departments(ids)
    rows.delete()
    return number


def _delete_departments(ids: list[Any]) -> int:
    number = 0
    found = Department.objects.filter(pk__in=ids).with_tree_fields()
    for one in sorted(found, key=lambda one: -one.tree_depth):
        keeps = one.people.exists() or Department.objects.filter(parent=one).exists()
        if not keeps:
            one.delete()
            number += 1
    return number
