"""What comes between a preview and its result: impatience, other people, a worker's death."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from integrations.sheets import importing, services
from integrations.sheets.checking import resource_of, saved_headers
from integrations.sheets.models import ImportJob
from integrations.sheets.tasks import work_on_import
from project.core import jobs
from project.core.errors import GatehouseError
from tests.accounts.together import together
from tests.clients import until
from tests.core.redis_server import RedisServer
from tests.integrations.conftest import finish
from tests.integrations.makers import book, people

HEADERS = ["用户名", "姓名", "密码", "性别", "手机号", "邮箱"]


def names(n: int, name: str = "张伟") -> bytes:
    return book(["用户名", "姓名"], *([f"staff{i:04}", name] for i in range(1, n + 1)))


def write_first_chunk(job: ImportJob) -> None:
    """Do what a worker does before it dies, falls asleep or is told to stop."""
    resource = resource_of(job, saved_headers(job))
    importing.write_chunk(job, job.chunks.earliest("number"), resource, {})


def imported() -> int:
    return User.objects.filter(username__startswith="staff").count()


@pytest.mark.every_database
@pytest.mark.django_db
class TestOtherPeople:
    def test_a_name_taken_since_the_preview_stops_all_rows(self, upload, boss):
        job = services.confirm(upload(names(600)), by=boss)
        User.objects.create_user("staff0599")

        job = finish(job)

        assert (job.state, job.error_code) == ("failed", "30001")
        assert "600" in job.error
        assert (imported(), job.written) == (1, 0)

    def test_a_person_changed_since_the_preview_keeps_what_somebody_else_wrote(self, take_in, upload, boss):
        take_in(names(300))
        job = upload(names(300, "李明"), mode="valid")
        User.objects.filter(username="staff0002").update(real_name="王芳")

        job = finish(services.confirm(job, by=boss))

        assert (job.state, job.updated_rows, job.skipped_rows) == ("done", 299, 1)
        assert User.objects.get(username="staff0002").real_name == "王芳"

    def test_what_is_taken_back_brings_old_values_back(self, take_in, upload, boss):
        take_in(names(600))
        job = upload(names(600, "李明"))
        User.objects.filter(username="staff0599").update(real_name="王芳")

        job = finish(services.confirm(job, by=boss))

        assert job.state == "failed"
        assert User.objects.filter(username__startswith="staff", real_name="张伟").count() == 599


@pytest.mark.django_db
class TestImpatience:
    @pytest.mark.attack("T-X-8")
    def test_a_second_confirmation_is_told_that_one_counted(self, upload, boss):
        job = upload(names(3))
        twin = ImportJob.objects.get(pk=job.pk)
        services.confirm(job, by=boss)

        with pytest.raises(GatehouseError) as refused:
            services.confirm(twin, by=boss)

        assert refused.value.code == "10005"
        finish(job)
        assert imported() == 3

    def test_cancelling_a_preview_changes_nothing_and_forgets_the_file(self, upload, boss, private_files):
        job = services.cancel(upload(names(3)), by=boss)

        assert job.state == "cancelled"
        assert not [path for path in private_files.rglob("*") if path.is_file()]
        with pytest.raises(GatehouseError):
            services.confirm(job, by=boss)

    def test_cancelling_while_the_file_is_read_forgets_it(self, boss, private_files):
        file = SimpleUploadedFile("people.xlsx", names(600))
        job = services.start_import(resource="users", file=file, mode="all", by=boss)
        held = jobs.claim(ImportJob, job.pk)
        assert held
        held.move("reading")

        services.cancel(ImportJob.objects.get(pk=job.pk), by=boss)
        work_on_import(held)

        job.refresh_from_db()
        assert (job.state, job.rows, job.chunks.count(), job.error) == ("cancelled", 0, 0, "")
        assert not [path for path in private_files.rglob("*") if path.is_file()]

    def test_cancelling_while_rows_are_written_takes_them_back(self, upload, boss):
        job = services.confirm(upload(names(600)), by=boss)
        held = jobs.claim(ImportJob, job.pk)
        assert held
        write_first_chunk(held)  # a worker that got so far
        assert imported() == 250

        services.cancel(ImportJob.objects.get(pk=job.pk), by=boss)
        importing.write(held)

        job.refresh_from_db()
        assert (job.state, imported(), job.written) == ("cancelled", 0, 0)

    def test_cancelling_what_is_done_is_refused(self, take_in, boss):
        with pytest.raises(GatehouseError) as refused:
            services.cancel(take_in(names(1)), by=boss)

        assert refused.value.code == "10005"

    def test_what_nobody_confirms_is_forgotten_after_a_day(self, upload, private_files):
        job = upload(names(3))
        ImportJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=2))

        services.purge()

        job.refresh_from_db()
        assert job.state == "cancelled"
        assert not [path for path in private_files.rglob("*") if path.is_file()]


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestDeath:
    @pytest.mark.attack("T-X-9")
    def test_another_worker_goes_on_where_the_first_one_died(self, upload, boss):
        job = services.confirm(upload(names(600)), by=boss)
        first = jobs.claim(ImportJob, job.pk)
        assert first
        write_first_chunk(first)
        ImportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

        job = finish(job)

        assert (job.state, job.created_rows, imported()) == ("done", 600, 600)

    @pytest.mark.attack("T-X-9")
    def test_a_worker_that_wakes_up_late_writes_nothing(self, upload, boss):
        job = services.confirm(upload(names(600)), by=boss)
        late = jobs.claim(ImportJob, job.pk)
        assert late
        ImportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert jobs.claim(ImportJob, job.pk)

        with pytest.raises(jobs.LeaseLost):
            write_first_chunk(late)

        assert imported() == 0


PEOPLE = 600
WITH_PASSWORD = 25
"""The last ones: of the first chunk nobody, so that it is written at once, and the next one takes a moment."""
WRITTEN = "SELECT created_rows FROM sheets_importjob"
REMOVED = "SELECT removed_rows FROM sheets_importjob"


@pytest.mark.attack("T-X-9")
class TestKill:
    """In a process of its own, that is killed while it works and opened again when its lease is over."""

    def test_minus_nine_in_the_middle_ends_in_all_rows_and_of_an_undo_in_none(self, new_office: Any):
        office = new_office(DJANGO_SUPERUSER_PASSWORD="Gate-house-1")
        caller = office.sign_in("admin", "Gate-house-1")
        address = uploaded(caller)

        assert caller.post(f"{address}/confirm/", {}).json()["state"] == "importing"
        written = killed_in_the_middle(office, WRITTEN)
        assert 0 < written == people_in(office) < PEOPLE

        caller = office.open().sign_in("admin", "Gate-house-1")
        done = once_no_longer(caller, address, "importing")
        assert (done["state"], done["result"]["created"], people_in(office)) == ("done", PEOPLE, PEOPLE)

        assert caller.post(f"{address}/undo/", {}).json()["state"] == "undoing"
        removed = killed_in_the_middle(office, REMOVED)
        assert 0 < removed == PEOPLE - people_in(office) < PEOPLE

        undone = once_no_longer(office.open().sign_in("admin", "Gate-house-1"), address, "undoing")
        assert (undone["state"], undone["undo"]["removed"], people_in(office)) == ("undone", PEOPLE, 0)


@pytest.fixture
def redis(tmp_path: Any) -> Iterator[RedisServer]:
    """A Redis of the test's own; whoever works on it is closed before."""
    server = RedisServer(tmp_path).start()
    yield server
    server.stop()


@pytest.mark.services
def test_who_imports_while_redis_dies_loses_nothing(redis: RedisServer, new_office: Any):
    office = new_office(DJANGO_SUPERUSER_PASSWORD="Gate-house-1", REDIS_URL=redis.url)
    caller = office.sign_in("admin", "Gate-house-1")
    address = uploaded(caller)
    caller.post(f"{address}/confirm/", {})
    until_counted(office, WRITTEN)
    redis.stop()

    done = once_no_longer(caller, address, "importing")
    answer = caller.post(f"{address}/undo/", {"mode": "check"})

    assert (done["state"], people_in(office)) == ("done", PEOPLE)
    assert (answer.status_code, answer.json()["state"]) == (202, "undoing"), "it waits for a worker"
    redis.start()
    assert once_no_longer(caller, address, "undoing")["undo"]["outlook"]["removes"] == PEOPLE


def uploaded(caller: Any) -> str:
    """Have PEOPLE read; return where the import is."""
    rows = people(PEOPLE)
    for row in rows[:-WITH_PASSWORD]:
        row[HEADERS.index("密码")] = ""
    file = ("people.xlsx", book(HEADERS, *rows))
    answer = caller.ask("POST", "imports/", files={"file": file}, data={"resource": "users"})
    assert answer.status_code == 202, answer.text
    address = f"imports/{answer.json()['id']}"
    once_no_longer(caller, address, "queued", "reading")
    return address


def once_no_longer(caller: Any, address: str, *busy: str) -> Any:
    """What the import says of itself as soon as it is none of `busy` any more."""

    def look() -> Any:
        job = caller.get(f"{address}/").json()
        return {} if job["state"] in busy else job

    return until(look, f"it is no longer {busy}")


def rows_of(office: Any, sql: str) -> int:
    """Ask the database of an office for a number, whether the office is open or not."""
    with closing(sqlite3.connect(office.home / "gatehouse.sqlite3", timeout=30)) as database, database:
        return int(database.execute(sql).fetchone()[0])


def people_in(office: Any) -> int:
    return rows_of(office, "SELECT count(*) FROM accounts_user WHERE username LIKE 'staff0%'")


def until_counted(office: Any, counting: str) -> None:
    """Wait until an office's import counts something: more closely than `until`, for it goes on meanwhile."""
    while not rows_of(office, counting):
        time.sleep(0.002)


def killed_in_the_middle(office: Any, counting: str) -> int:
    """Kill an office as soon as its import counts something; return how much it counts, once its lease is over."""
    until_counted(office, counting)
    office.kill()
    rows_of(office, "UPDATE sheets_importjob SET lease_until = '2020-01-01 00:00:00' RETURNING 1")
    return rows_of(office, counting)


@pytest.mark.django_db(transaction=True)
def test_eight_confirmations_at_once_import_once(upload, boss):
    job = upload(names(20))

    answers = together(8, lambda _n: services.confirm(ImportJob.objects.get(pk=job.pk), by=boss))

    assert sorted(getattr(answer, "code", "ok") for answer in answers) == ["10005"] * 7 + ["ok"]
    finish(job)
    assert imported() == 20
