"""Gatehouse as its worker works: `python -m benchmarks.sheets.product import|export|passwords …`."""

import importlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sheets import ground, meter


def take_in(path: str) -> Mapping[str, float]:
    """Upload, check, confirm, write; everything is on that is on in service."""
    return _taken_in(path, new=True)


def change(path: str) -> Mapping[str, float]:
    """The same with people who are all there already."""
    return _taken_in(path, new=False)


def _taken_in(path: str, *, new: bool) -> Mapping[str, float]:
    costs: dict[str, float] = {}
    services = importlib.import_module("integrations.sheets.services")
    files = importlib.import_module("django.core.files")
    boss = importlib.import_module("accounts.models").User.objects.get(username=ground.BOSS)
    with Path(path).open("rb") as file:
        upload = files.File(file, name="people.xlsx")
        with meter.counted(costs, "check"):
            job = services.start_import(resource="users", file=upload, mode="all", by=boss)
            _work(job)
    services.confirm(job, by=boss)
    with meter.counted(costs, "write"), transactions() as lengths:
        _work(job)
    assert (job.state, job.bad, job.skipped_rows) == ("done", 0, 0), (job.state, job.error, job.bad)
    written = job.created_rows if new else job.updated_rows
    assert written == job.rows, (job.created_rows, job.updated_rows, job.rows)
    return costs | {
        "rows": float(written),
        "longest": 1000 * max(lengths)[0],
        "busiest": 1000 * max(own for _clock, own in lengths),
    }


def take_out(path: str, number: str) -> Mapping[str, float]:
    """Ask for an export and write it."""
    services = importlib.import_module("integrations.sheets.services")
    boss = importlib.import_module("accounts.models").User.objects.get(username=ground.BOSS)
    columns = ground.HEADERS
    job = services.start_export(resource="users", by=boss, columns=columns, filters={"search": "bench"})
    _work(job)
    assert job.state == "done", job.error
    assert job.done == int(number) + 1, job.done
    os.replace(job.file.path, path)
    return {"rows": float(job.done)}


def hash_passwords(number: str) -> Mapping[str, float]:
    """What passwords of new people cost on top."""
    resource = importlib.import_module("accounts.resources").UserResource(actor=None, trusted=True)
    resource.seal({n: {"password": f"Bench{n}word"} for n in range(int(number))}, lambda: None)
    return {"rows": float(number)}


@contextmanager
def transactions() -> Iterator[list[tuple[float, float]]]:
    """Tell how long each transaction of the block lasted: by the clock and by its own CPU, in seconds."""
    atomic = importlib.import_module("django.db.transaction").Atomic
    enter, leave, lengths = atomic.__enter__, atomic.__exit__, [(0.0, 0.0)]
    began: list[tuple[float, float]] = []

    def entered(self: object) -> None:
        began.append((time.perf_counter(), time.thread_time()))
        enter(self)

    def left(self: object, *how: object) -> None:
        leave(self, *how)
        clock, own = began.pop()
        if not began:
            lengths.append((time.perf_counter() - clock, time.thread_time() - own))

    atomic.__enter__, atomic.__exit__ = entered, left
    yield lengths
    atomic.__enter__, atomic.__exit__ = enter, leave


def _work(job: Any) -> None:
    jobs = importlib.import_module("project.core.jobs")
    jobs.registered()
    jobs.run(job._meta.label, str(job.pk))
    job.refresh_from_db()


if __name__ == "__main__":
    importlib.import_module("django").setup()
    importlib.import_module("project.core.jobs").registered()
    importlib.import_module("accounts.resources")
    meter.contest({"import": take_in, "change": change, "export": take_out, "passwords": hash_passwords})
