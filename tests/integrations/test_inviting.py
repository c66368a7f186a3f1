"""People an import adds are invited by mail, when that was asked for."""

import pytest
from django.utils import timezone

from accounts.models import Machine, Mail, PasswordLink, User
from integrations.sheets import importing, inviting, services
from integrations.sheets.checking import resource_of
from integrations.sheets.models import ImportJob
from project.core import jobs
from project.core.errors import GatehouseError
from tests.integrations.conftest import finish
from tests.integrations.makers import book

HEADERS = ["用户名", "邮箱", "密码"]
pytestmark = pytest.mark.django_db


def invited() -> set[str]:
    return set(PasswordLink.objects.values_list("user__username", flat=True))


def newcomers(n: int) -> bytes:
    return book(HEADERS[:2], *([f"staff{i:04}", f"staff{i:04}@example.com"] for i in range(1, n + 1)))


def test_who_is_new_has_an_address_and_no_password_is_invited(upload, boss):
    User.objects.create_user("zhangwei", real_name="张伟")
    job = upload(
        book(
            HEADERS,
            ["zhangwei", "zhang@example.com", None],
            ["liming01", "li@example.com", None],
            ["wangfang", None, None],
            ["zhaolei1", "zhao@example.com", "abc12345"],
        )
    )

    job = finish(services.confirm(job, by=boss, invite=True))

    assert (job.state, job.created_rows, job.invited_rows, invited()) == ("done", 3, 1, {"liming01"})
    assert Mail.objects.get(user__username="liming01").name == "password_invitation"


def test_nobody_is_invited_unasked(take_in):
    take_in(newcomers(2))

    assert not invited()


def test_nobody_is_invited_to_what_was_taken_back(upload, boss):
    job = services.confirm(upload(newcomers(300)), by=boss, invite=True)
    User.objects.create_user("staff0299")

    assert finish(job).state == "failed"
    assert not invited()


def test_who_dies_half_way_leaves_the_rest_to_the_next(upload, boss):
    job = services.confirm(upload(newcomers(30)), by=boss, invite=True)
    held = jobs.claim(ImportJob, job.pk)
    assert held
    importing._write_chunks(held)
    inviting._begin(held)
    chunk = held.chunks.get()
    some = resource_of(held).invite(chunk.made[:20])
    held.chunks.update(invited=20)
    ImportJob.objects.update(invited_rows=some, lease_until=timezone.now())

    job = finish(job)

    assert (job.state, job.invited_rows, PasswordLink.objects.count()) == ("done", 30, 30)


def test_once_people_are_invited_there_is_no_cancelling(upload, boss):
    job = services.confirm(upload(newcomers(1)), by=boss, invite=True)
    ImportJob.objects.update(inviting=True)
    job.refresh_from_db()

    assert not job.can_be_cancelled
    with pytest.raises(GatehouseError) as refused:
        services.cancel(job, by=boss)

    assert refused.value.code == "10005"


def test_machines_invite_nobody(upload, boss):
    job = upload(newcomers(1))
    machine = Machine.objects.get(pk=boss.pk)

    with pytest.raises(GatehouseError):
        services.confirm(job, by=machine, invite=True)
