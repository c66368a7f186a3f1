"""An import gives places and roles, and nobody more than who imports has."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import Department, User
from integrations.sheets import services
from project.core.errors import GatehouseError
from tests.integrations.conftest import finish
from tests.integrations.importing import errors, role
from tests.integrations.makers import book

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture
def clerk(boss: User) -> User:
    """Somebody of rank 50 who may import."""
    made = User.objects.create_user("theclerk", is_staff=True)
    office = role("clerks", 50)
    office.group.permissions.set(Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"]))
    made.groups.add(office.group)
    return made


class TestPlacesAndRoles:
    def test_departments_come_by_path_or_by_a_name_that_is_plain(self, upload):
        head = Department.objects.create(name="总部")
        Department.objects.create(name="研发", parent=head)
        Department.objects.create(name="研发", parent=Department.objects.create(name="分部"))

        job = upload(
            book(
                ["用户名", "部门"],
                ["people01", "总部/研发"],
                ["people02", "分部 / 研发"],
                ["people03", "总部"],
                ["people04", "研发"],
                ["people05", "nowhere"],
            )
        )

        assert job.counts == {"new": 3, "changed": 0, "unchanged": 0, "bad": 2}
        assert "总部 / 研发" in errors(job)[0]

    def test_roles_come_by_name_or_key_and_go_again(self, take_in):
        role("editors", 10)
        role("readers", 5)

        take_in(book(["用户名", "角色"], ["zhangwei", "Editors，readers"]))
        zhang = User.objects.get(username="zhangwei")
        assert set(zhang.role_keys) == {"editors", "readers"}

        take_in(book(["用户名", "角色"], ["zhangwei", "readers"]))
        zhang = User.objects.get(username="zhangwei")
        assert zhang.role_keys == ("readers",)
        assert zhang.perm_epoch == 2

    def test_nobody_becomes_their_own_manager(self, take_in, upload):
        take_in(book(["用户名"], ["zhangwei"]))

        assert upload(book(["用户名", "上级"], ["zhangwei", "zhangwei"])).bad == 1


@pytest.mark.attack("T-X-6")
class TestRank:
    def test_nobody_changes_a_superuser_or_an_equal(self, upload, clerk, boss):
        twin = User.objects.create_user("the0twin")
        twin.groups.add(Group.objects.get(name="Clerks"))

        job = upload(book(["用户名", "姓名"], ["bigboss", "x"], ["the0twin", "x"], ["theclerk", "x"]), by=clerk)

        assert job.counts == {"new": 0, "changed": 0, "unchanged": 0, "bad": 3}

    def test_a_row_that_says_what_is_there_is_nobodys_offence(self, upload, clerk):
        assert upload(book(["用户名", "姓名"], ["bigboss", "Boss"]), by=clerk).unchanged == 1

    def test_nobody_gives_a_role_of_their_own_rank(self, upload, clerk):
        role("interns", 1)

        job = upload(book(["用户名", "角色"], ["people01", "clerks"], ["people02", "interns"]), by=clerk)

        assert (job.new, job.bad) == (1, 1)

    def test_who_lost_the_permission_meanwhile_imports_nothing(self, upload, clerk):
        job = services.confirm(upload(book(["用户名"], ["people01"]), by=clerk), by=clerk)
        clerk.groups.clear()

        job = finish(job)

        assert job.state == "failed"
        assert not User.objects.filter(username="people01").exists()

    def test_nobody_without_permission_uploads(self, upload):
        with pytest.raises(GatehouseError) as refused:
            upload(book(["用户名"], ["people01"]), by=User.objects.create_user("nobody01"))

        assert refused.value.code == "10009"
