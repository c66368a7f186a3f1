"""Imports and exports the invented company has behind it."""

import random
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from integrations.sheets.models import ExportJob, ImportJob

FILES = (
    "新员工名单.xlsx",
    "华东区人员.xlsx",
    "users-2024-09.xlsx",
    "离职更新.xlsx",
    "contractors.xlsx",
    "手机号补录.xlsx",
    "overseas.csv",
)


def imports(people: list[User], chance: random.Random) -> list[Any]:
    """Finished imports of the last weeks, one that failed and one that was cancelled."""
    staff = [one for one in people if one.is_staff]
    rows = [_import(place, chance.choice(staff), chance) for place in range(12)]
    ImportJob.objects.bulk_create(rows)
    return rows


def exports(people: list[User], chance: random.Random) -> list[Any]:
    """Finished exports, whose files have run out."""
    staff = [one for one in people if one.is_staff]
    rows = [_export(place, chance.choice(staff), chance) for place in range(8)]
    ExportJob.objects.bulk_create(rows)
    return rows


def _import(place: int, by: User, chance: random.Random) -> ImportJob:
    began = timezone.now() - timedelta(hours=3 + 31 * place, minutes=chance.randrange(60))
    number = chance.choice((18, 42, 120, 260, 500, 1200))
    new = int(number * chance.random())
    state = {3: "failed", 7: "cancelled"}.get(place, "done")
    job = ImportJob(
        resource="users",
        state=state,
        mode=chance.choice(("all", "valid")),
        file_name=chance.choice(FILES),
        size=number * 61 + 4200,
        total=number,
        done=number if state == "done" else 0,
        created_by=by,
        created_at=began,
        started_at=began + timedelta(seconds=1),
        finished_at=began + timedelta(seconds=4 + number // 90),
    )
    if state == "failed":
        job.error, job.error_code = _missing_column(), "30002"
    else:
        job.new, job.unchanged, job.changed = new, (number - new) // 2, number - new - (number - new) // 2
        job.created_rows, job.updated_rows = (job.new, job.changed) if state == "done" else (0, 0)
    return job


def _missing_column() -> str:
    """What an import without user names is told, in the installation's language."""
    with translation.override(settings.LANGUAGE_CODE):
        text = _("Columns are missing: {columns}. The first row must hold the headers; found: {found}.")
        return text.format(columns=_("user name"), found=f"{_('real name')}, {_('phone')}")


def _export(place: int, by: User, chance: random.Random) -> ExportJob:
    began = timezone.now() - timedelta(hours=26 + 40 * place, minutes=chance.randrange(60))
    number = chance.choice((40, 200, 214, 1800))
    return ExportJob(
        resource="users",
        state="done",
        format=chance.choice(("xlsx", "xlsx", "csv")),
        file_name=f"users-{began:%Y-%m-%d}.xlsx",
        size=number * 88 + 5200,
        total=number,
        done=number,
        created_by=by,
        created_at=began,
        started_at=began + timedelta(seconds=1),
        finished_at=began + timedelta(seconds=2 + number // 400),
        expires_at=began + timedelta(days=1),
    )
