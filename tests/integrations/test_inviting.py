"""People an import adds are invited by mail or text message, when that was asked for."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.models import Machine, Mail, PasswordLink, Role, User
from integrations.sheets import importing, inviting, services
from integrations.sheets.checking import resource_of
from integrations.sheets.models import ImportJob
from integrations.sms import services as text_messages
from integrations.sms.models import Message
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


@pytest.fixture
def mia(boss: User) -> User:
    """Staff who may import, of a rank above who has none; not to send text messages."""
    person = User.objects.create_user("miameyer", is_staff=True)
    group = Group.objects.create(name="Importers")
    group.permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"]))
    Role.objects.create(group=group, key="importers", rank=10)
    person.groups.add(group)
    return User.objects.get(pk=person.pk)


def with_phones() -> bytes:
    return book(
        ["用户名", "邮箱", "手机号"],
        ["liming01", None, "13800138000"],
        ["wangfang", "wang@example.com", "13800138001"],
        ["zhaolei1", None, None],
    )


@pytest.mark.every_database
def test_who_has_a_phone_and_no_address_is_invited_by_text_message(upload, boss):
    job = finish(services.confirm(upload(with_phones()), by=boss, invite=True))

    message = Message.objects.get()
    assert (job.invited_rows, invited()) == (2, {"liming01", "wangfang"})
    assert (message.phone, message.template.key, message.person.username) == (
        "+8613800138000",
        "invitation",
        "liming01",
    )
    assert Mail.objects.get().user.username == "wangfang"


def test_who_may_send_no_text_messages_invites_by_mail_alone(upload, mia):
    job = finish(services.confirm(upload(with_phones(), by=mia), by=mia, invite=True))

    assert (job.state, job.invited_rows, invited()) == ("done", 1, {"wangfang"})
    assert not Message.objects.exists()


def test_money_that_is_spent_keeps_text_messages_back_and_no_mails(upload, boss, settings):
    settings.SMS_DAILY_BUDGET = Decimal("0.01")
    text_messages.enqueue(
        phone="+8613900000000", template="notice", parameters={"text": "x"}, language="en", purpose="notice"
    )
    Message.objects.update(cost=1)

    job = finish(services.confirm(upload(with_phones()), by=boss, invite=True))

    assert (job.state, job.invited_rows, invited()) == ("done", 1, {"wangfang"})


def test_an_undo_takes_invitations_back_that_are_not_sent_yet(upload, boss):
    job = finish(services.confirm(upload(with_phones()), by=boss, invite=True))

    job = finish(services.undo(job, by=boss))

    message = Message.objects.get()
    assert (job.state, User.objects.filter(username="liming01").exists()) == ("undone", False)
    assert (message.state, message.phone, message.secret) == ("cancelled", "…", "")


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
