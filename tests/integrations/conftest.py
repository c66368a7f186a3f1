"""People who import and export, and the worker that does it for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from accounts.models import User
from integrations.sheets import services
from integrations.sheets.models import ExportJob, ImportJob
from project.core import jobs
from tests.integrations.makers import WORKBOOKS

Upload = Callable[..., ImportJob]


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Path) -> Path:
    """Files of a test stay with the test."""
    folder = tmp_path / "private"
    private = settings.STORAGES["private"]
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": {"location": folder}}}
    return folder


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    """Five hundred good password hashes are slow on purpose; these tests are about who gets one."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def boss(db: None) -> User:
    """A superuser."""
    return User.objects.create_user("bigboss", real_name="Boss", is_staff=True, is_superuser=True)


def finish(job: Any) -> Any:
    """Do what the worker would; return the job as the database knows it afterwards."""
    jobs.registered()
    jobs.run(job._meta.label, str(job.pk))
    job.refresh_from_db()
    return job


def content_of(answer: Any) -> bytes:
    """The bytes of a file that was answered."""
    with answer.file_to_stream as file:
        return bytes(file.read())


@pytest.fixture
def upload(boss: User) -> Upload:
    """Upload bytes (or a committed workbook by name) and have them read: `upload(content, name=…, mode=…, by=…)`."""

    def start(
        content: bytes | str, *, name: str = "", mode: str = "all", by: User | None = None, **how: Any
    ) -> ImportJob:
        name = name or (content if isinstance(content, str) else "people.xlsx")
        data = (WORKBOOKS / content).read_bytes() if isinstance(content, str) else content
        with translation.override(how.get("language", "en")):
            file = SimpleUploadedFile(name, data)
            job = services.start_import(resource=how.get("resource", "users"), file=file, mode=mode, by=by or boss)
        finished: ImportJob = finish(job)
        return finished

    return start


@pytest.fixture
def take_in(upload: Upload, boss: User) -> Upload:
    """Upload, check and confirm."""

    def start(content: bytes | str, **how: Any) -> ImportJob:
        job = upload(content, **how)
        assert job.state == "ready", (job.state, job.error)
        finished: ImportJob = finish(services.confirm(job, by=how.get("by") or boss))
        return finished

    return start


@pytest.fixture
def take_out(boss: User) -> Callable[..., bytes]:
    """Export people, or what `resource` names, and return the file's bytes."""

    def start(
        *, by: User | None = None, resource: str = "users", kind: str = "xlsx", language: str = "en", **how: Any
    ) -> bytes:
        with translation.override(language):
            job: ExportJob = finish(services.start_export(resource=resource, by=by or boss, kind=kind, **how))
        assert job.state == "done", job.error
        with job.file.open("rb") as file:
            return bytes(file.read())

    return start
