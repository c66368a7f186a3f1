"""A finished import is taken back: what is as it left it, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.models import AddressRule, Department, LoginEvent, Role, User
from accounts.services import invite
from integrations.sheets import services, undoing
from integrations.sheets.models import ImportChunk, ImportJob
from project.core import jobs
from project.core.errors import GatehouseError, NoPermission
from tests.accounts.together import together
from tests.integrations.conftest import finish
from tests.integrations.makers import as_csv, book

HEADERS = ["用户名", "姓名", "手机号", "部门", "角色"]


@pytest.fixture
def helpers(db: None) -> Role:
    Department.objects.create(name="Sales")
    return Role.objects.create(
        group=Group.objects.create(name="Helpers"), key="helpers", rank=5, scope="department_tree"
    )


@pytest.fixture
def three(helpers: Role, take_in: Any) -> ImportJob:
    """An import that changed Zhang (name, phone, department, role) and added Li and Wang."""
    User.objects.create_user("zhangwei", real_name="张伟", phone="13900000000")
    job: ImportJob = take_in(
        book(
            HEADERS,
            ["zhangwei", "张大伟", "13911111111", "Sales", "helpers"],
            ["liming01", "李明", "13922222222", "Sales", "helpers"],
            ["wangfang", "王芳", None, None, None],
        )
    )
    assert (job.created_rows, job.updated_rows) == (2, 1)
    return job


def undo(job: ImportJob, by: User, mode: str = "all") -> ImportJob:
    undone: ImportJob = finish(services.undo(job, by=by, mode=mode))
    return undone


def left(job: ImportJob) -> dict[str, str]:
    return {each["key"]: each["reason"] for each in job.undo["seen"]["first"]}


def names(n: int, name: str = "张伟") -> bytes:
    return book(["用户名", "姓名"], *([f"staff{i:04}", name] for i in range(1, n + 1)))


def imported() -> int:
    return User.objects.filter(username__startswith="staff").count()


@pytest.mark.every_database
@pytest.mark.django_db
class TestUntouched:
    def test_rows_are_as_they_were_before(self, three, boss):
        job = undo(three, boss)

        assert (job.state, job.removed_rows, job.restored_rows, job.left_rows) == ("undone", 2, 1, 0)
        zhang = User.objects.get(username="zhangwei")
        assert (zhang.real_name, zhang.phone, zhang.department, zhang.roles) == ("张伟", "13900000000", None, [])
        assert not User.objects.filter(username__in=["liming01", "wangfang"]).exists()

    def test_what_was_no_good_by_todays_rules_comes_back_all_the_same(self, take_in, boss):
        User.objects.create_user("zhangwei", email="no mail", real_name="x\ty")
        job = take_in(book(["用户名", "姓名", "邮箱"], ["zhangwei", "张伟", "zhang@example.com"]))

        undo(job, boss)

        assert User.objects.get(username="zhangwei").email == "no mail"

    def test_other_fields_of_a_changed_row_keep_what_they_got_since(self, three, boss):
        User.objects.filter(username="zhangwei").update(nickname="Z")

        undo(three, boss)

        zhang = User.objects.get(username="zhangwei")
        assert (zhang.nickname, zhang.real_name) == ("Z", "张伟")

    def test_an_invitation_nobody_followed_is_no_hindrance(self, take_in, boss):
        job = take_in(book(["用户名", "邮箱"], ["liming01", "li@example.com"]))
        invite(user=User.objects.get(username="liming01"), by=boss)

        assert undo(job, boss).removed_rows == 1

    def test_the_trail_names_who_did_it(self, three, boss):
        other = User.objects.create_superuser("otherboss")

        undo(three, other)

        entry = LogEntry.objects.get(additional_data__event="import.undone")
        assert (entry.actor, entry.additional_data["details"]["rows"]["removed"]) == (other, 2)
        assert LogEntry.objects.filter(actor=other, action=LogEntry.Action.DELETE).count() == 2


@pytest.mark.every_database
@pytest.mark.django_db
class TestTouched:
    @pytest.fixture
    def touched(self, three: ImportJob) -> ImportJob:
        User.objects.filter(username="zhangwei").update(real_name="张小伟")
        li = User.objects.get(username="liming01")
        LoginEvent.objects.create(user=li, username="liming01", succeeded=True, reason="ok", scope="api")
        return three

    def test_nothing_is_undone_and_it_is_said_why(self, touched, boss):
        job = undo(touched, boss)

        assert (job.state, job.undo["seen"]["removes"], job.undo["seen"]["left"]) == ("done", 1, 2)
        assert left(job) == {
            "zhangwei": "“Real name” was changed since",
            "liming01": "is in use by now: sign-ins",
        }
        assert User.objects.filter(username__in=["liming01", "wangfang"]).count() == 2
        assert job.can_be_undone

    def test_the_rest_is_undone_when_asked_so(self, touched, boss):
        job = undo(touched, boss, "rest")

        assert (job.state, job.removed_rows, job.restored_rows, job.left_rows) == ("undone", 1, 0, 2)
        assert [each["key"] for each in job.undo["left"]] == ["zhangwei", "liming01"]
        assert User.objects.get(username="zhangwei").phone == "13911111111"
        assert not User.objects.filter(username="wangfang").exists()

    def test_looking_changes_nothing(self, three, boss):
        ended = three.finished_at

        job = undo(three, boss, "check")

        assert (job.state, job.finished_at) == ("done", ended)
        assert {name: job.undo["seen"][name] for name in ("removes", "restores", "left")} == {
            "removes": 2, "restores": 1, "left": 0,
        }  # fmt: skip
        assert User.objects.filter(username="liming01").exists()

    @pytest.mark.parametrize(
        "change",
        [
            {"nickname": "Ming"},
            {"is_staff": True},
            {"is_active": False},
            {"phone": None},
            {"username": "liming02"},
            {"password_changed_at": timezone.now()},
            {"last_login": timezone.now()},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_a_person_somebody_worked_on_is_not_removed(self, three, boss, change):
        User.objects.filter(username="liming01").update(**change)

        assert list(left(undo(three, boss))) == ["liming01"]

    def test_a_person_somebody_depends_on_is_not_removed(self, three, boss):
        li, wang = User.objects.get(username="liming01"), User.objects.get(username="wangfang")
        Department.objects.update(head=li)
        wang.user_permissions.add(Permission.objects.get(codename="view_user"))

        reasons = left(undo(three, boss))

        assert reasons == {
            "liming01": "is in use by now: departments",
            "wangfang": "is in use by now: user permissions",
        }

    def test_a_role_given_since_stays(self, three, boss, helpers):
        User.objects.get(username="wangfang").groups.add(helpers.group)

        assert left(undo(three, boss)) == {"wangfang": "“Roles” was changed since"}

    def test_what_a_later_import_changed_is_its_own(self, three, take_in, boss):
        later = take_in(book(HEADERS[:2], ["zhangwei", "张三"], ["liming01", "李四"]))

        assert set(left(undo(three, boss))) == {"zhangwei", "liming01"}
        assert undo(later, boss).restored_rows == 2
        assert undo(three, boss).state == "undone"
        assert User.objects.get(username="zhangwei").real_name == "张伟"

    def test_what_is_gone_or_back_already_counts_as_done(self, three, boss):
        User.objects.get(username="wangfang").delete()
        zhang = User.objects.get(username="zhangwei")
        zhang.groups.clear()
        User.objects.filter(pk=zhang.pk).update(real_name="张伟", phone="13900000000", department=None)

        job = undo(three, boss)

        assert (job.state, job.removed_rows, job.restored_rows, job.undo["settled"]) == ("undone", 1, 0, 2)

    def test_a_phone_somebody_else_has_by_now_does_not_come_back(self, three, boss):
        User.objects.create_user("somebody", phone="13900000000")

        assert left(undo(three, boss)) == {"zhangwei": "belongs to somebody else already"}


@pytest.mark.django_db
class TestWho:
    @pytest.fixture
    def clerk(self, helpers: Role) -> User:
        """Rank 50; reaches the people of Sales."""
        office = Group.objects.create(name="Clerks")
        Role.objects.create(group=office, key="clerks", rank=50, scope="department_tree")
        office.permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"]))
        made = User.objects.create_user("theclerk", is_staff=True, department=Department.objects.get(name="Sales"))
        made.groups.add(office)
        return made

    @pytest.fixture
    def clerks(self, clerk: User, take_in: Any) -> ImportJob:
        rows = [["liming01", "李明", "", "Sales", "helpers"], ["wangfang", "王芳", "", "Sales", ""]]
        job: ImportJob = take_in(as_csv(HEADERS, *rows), name="p.csv", by=clerk)
        return job

    def test_who_may_import_may_undo(self, clerks, clerk):
        assert undo(clerks, clerk).removed_rows == 2

    def test_nobody_undoes_what_rose_to_their_own_rank(self, clerks, clerk):
        User.objects.get(username="liming01").groups.set(clerk.groups.all())

        assert left(undo(clerks, clerk))["liming01"] == "stands at or above your own rank"

    def test_nobody_undoes_what_left_their_reach(self, clerks, clerk):
        finance = Department.objects.create(name="Finance")
        User.objects.filter(username="liming01").update(department=finance)

        assert left(undo(clerks, clerk))["liming01"] == "was renamed since, or is out of your reach"

    def test_nobody_undoes_who_may_not_import_any_more(self, clerks, clerk):
        clerk.groups.clear()
        clerk = User.objects.get(pk=clerk.pk)

        with pytest.raises(NoPermission):
            services.undo(clerks, by=clerk)

    def test_the_right_is_asked_for_again_at_work(self, clerks, clerk):
        services.undo(clerks, by=clerk)
        clerk.groups.clear()

        job = finish(clerks)

        assert (job.state, job.undo["problem"], job.removed_rows) == ("done", str(NoPermission()), 0)


@pytest.mark.django_db
class TestWhen:
    @pytest.mark.attack("T-X-8")
    def test_twice_is_refused(self, three, boss):
        job = undo(three, boss)

        with pytest.raises(GatehouseError) as refused:
            services.undo(job, by=boss)

        assert refused.value.code == "10005"

    def test_a_preview_has_nothing_to_undo(self, upload, boss):
        with pytest.raises(GatehouseError):
            services.undo(upload(names(1)), by=boss)

    def test_it_ends_when_the_rows_are_let_go_of(self, three, boss, settings):
        settings.IMPORT_UNDO_DAYS = 7
        ImportJob.objects.filter(pk=three.pk).update(finished_at=timezone.now() - timedelta(days=6))
        services.purge()
        assert three.chunks.exists()
        ImportJob.objects.filter(pk=three.pk).update(finished_at=timezone.now() - timedelta(days=8))
        services.purge()
        three.refresh_from_db()

        with pytest.raises(GatehouseError) as refused:
            services.undo(three, by=boss)

        assert "until" in str(refused.value)
        assert not ImportChunk.objects.exists()

    def test_cancelled_half_way_it_goes_on_another_time(self, take_in, boss):
        job = services.undo(take_in(names(600)), by=boss)
        held = jobs.claim(ImportJob, job.pk)
        assert held
        undo_last_rows(held, boss)

        services.cancel(ImportJob.objects.get(pk=job.pk), by=boss)
        undoing.undo(held)

        job.refresh_from_db()
        assert (job.state, job.removed_rows, imported(), job.can_be_undone) == ("done", 50, 550, True)
        assert undo(job, boss).state == "undone"
        assert imported() == 0

    def test_what_stopped_on_the_way_can_be_undone_too(self, take_in, boss):
        job = take_in(names(2))
        ImportJob.objects.filter(pk=job.pk).update(state="failed", error="the worker died five times")
        job.refresh_from_db()

        assert undo(job, boss).state == "undone"


def undo_last_rows(job: ImportJob, by: User) -> None:
    """Do what a worker does before it dies or is told to stop."""
    resource = undoing._resource(job, by)
    undoing._undo_some(job, job.chunks.filter(applied=True).latest("number"), resource)


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestDeath:
    @pytest.mark.attack("T-X-9")
    def test_another_worker_goes_on_where_the_first_one_died(self, take_in, boss):
        job = services.undo(take_in(names(600)), by=boss)
        first = jobs.claim(ImportJob, job.pk)
        assert first
        undo_last_rows(first, boss)
        assert imported() == 550
        ImportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

        job = finish(job)

        assert (job.state, job.removed_rows, imported()) == ("undone", 600, 0)

    @pytest.mark.attack("T-X-9")
    def test_a_worker_that_wakes_up_late_undoes_nothing(self, take_in, boss):
        job = services.undo(take_in(names(3)), by=boss)
        late = jobs.claim(ImportJob, job.pk)
        assert late
        ImportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert jobs.claim(ImportJob, job.pk)

        with pytest.raises(jobs.LeaseLost):
            undo_last_rows(late, boss)

        assert imported() == 3

    @pytest.mark.attack("T-X-9")
    def test_somebody_who_touches_a_row_after_the_look_stops_it(self, take_in, boss):
        job = services.undo(take_in(names(300)), by=boss)
        held = jobs.claim(ImportJob, job.pk)
        assert held
        undo_last_rows(held, boss)
        User.objects.filter(username="staff0001").update(nickname="one")

        undoing.undo(held)

        job.refresh_from_db()
        assert (job.state, job.removed_rows, imported()) == ("done", 50, 250)
        assert left(job) == {"staff0001": "“Nickname” was changed since"}
        assert job.undo["seen"]["removes"] == 249


@pytest.mark.django_db
class TestOtherRows:
    def test_departments_made_below_each_other_go_together(self, take_in, boss):
        rows = [[f"Head office / Part {n}"] for n in range(1, 31)]
        job = take_in(
            book(["department path"], ["Head office"], *rows, ["Head office / Part 9 / Team"]), resource="departments"
        )
        assert job.created_rows == 32

        job = undo(job, boss)

        assert (job.state, job.removed_rows, Department.objects.count()) == ("undone", 32, 0)

    def test_a_department_somebody_sits_in_stays_with_those_above_it(self, take_in, boss):
        job = take_in(book(["department path"], ["A"], ["A / B"], ["A / B / C"], ["A / D"]), resource="departments")
        User.objects.create_user("zhangwei", department=Department.objects.get(name="B"))

        job = undo(job, boss)

        assert left(job) == {"A": "is in use by now: departments", "A / B": "is in use by now: users"}
        assert undo(job, boss, "rest").removed_rows == 2
        assert set(Department.objects.values_list("name", flat=True)) == {"A", "B"}

    def test_a_role_goes_unless_somebody_has_it(self, take_in, boss):
        rows = [["key", "name", "rank"], ["helpers", "Helpers", "5"], ["keepers", "Keepers", "7"]]
        job = take_in(book(*rows), resource="roles")
        boss.groups.add(Group.objects.get(name="Keepers"))

        job = undo(job, boss)

        assert left(job) == {"keepers": "is in use by now: users"}
        assert undo(job, boss, "rest").removed_rows == 1
        assert not Group.objects.filter(name="Helpers").exists()

    def test_an_address_rule_that_was_hit_goes_all_the_same(self, take_in, boss):
        job = take_in(book(["effect", "addresses"], ["allow", "10.0.0.0/8"]), resource="address_rules")
        AddressRule.objects.update(hits=3, last_hit_at=timezone.now())

        assert undo(job, boss).removed_rows == 1


@pytest.mark.attack("T-X-8")
@pytest.mark.django_db(transaction=True)
def test_eight_undos_at_once_undo_once(take_in, boss):
    job = take_in(names(20))

    answers = together(8, lambda _n: services.undo(ImportJob.objects.get(pk=job.pk), by=boss))

    assert sorted(getattr(answer, "code", "ok") for answer in answers) == ["10005"] * 7 + ["ok"]
    assert finish(job).removed_rows == 20
