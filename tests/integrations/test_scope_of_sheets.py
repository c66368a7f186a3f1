"""Staff who reach some people only, at imports and exports."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import Department, LoginEvent, Role, User
from accounts.resources import SignInResource
from integrations.sheets import services
from integrations.sheets.models import ImportJob
from tests.integrations.conftest import finish
from tests.integrations.makers import as_csv

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def role(key: str, rank: int, scope: str) -> Role:
    return Role.objects.create(group=Group.objects.create(name=key.title()), key=key, rank=rank, scope=scope)


@pytest.fixture
def keeper(boss: User) -> User:
    """Staff of Sales who reach Sales and North below it; Finance is elsewhere."""
    sales = Department.objects.create(name="Sales")
    north = Department.objects.create(name="North", parent=sales)
    finance = Department.objects.create(name="Finance")
    keepers = role("keepers", 50, "department_tree")
    names = ["add_user", "change_user", "view_user", "view_loginevent"]
    keepers.group.permissions.set(Permission.objects.filter(codename__in=names))
    role("helpers", 5, "department_tree")
    role("everywhere", 5, "all")
    made = User.objects.create(username="thekeeper", is_staff=True, department=sales)
    made.groups.add(keepers.group)
    User.objects.create(username="insales1", department=sales)
    User.objects.create(username="innorth1", department=north)
    User.objects.create(username="infinance1", nickname="old", department=finance)
    return made


def errors(job: ImportJob) -> list[str]:
    return [services.error_line(each) for each in services.first_errors(job)]


def sheet(*rows: list[str]) -> bytes:
    return as_csv(["用户名", "昵称", "部门", "主管", "角色"], *rows)


class TestImport:
    def test_changes_people_in_reach(self, take_in, keeper):
        job = take_in(sheet(["insales1", "new", "North", "innorth1", "helpers"]), name="p.csv", by=keeper)

        assert job.counts == {"new": 0, "changed": 1, "unchanged": 0, "bad": 0}, errors(job)
        changed = User.objects.get(username="insales1")
        assert (changed.nickname, changed.department.name, changed.manager.username) == ("new", "North", "innorth1")

    def test_adds_people_in_reach(self, take_in, keeper):
        job = take_in(sheet(["newcomer1", "", "North", "", ""]), name="p.csv", by=keeper)

        assert job.created_rows == 1

    def test_says_of_people_out_of_reach_only_that_the_name_is_taken(self, upload, keeper):
        job = upload(sheet(["infinance1", "new", "Sales", "", ""]), name="p.csv", by=keeper)

        assert errors(job) == ["A2: belongs to somebody else already"]
        assert job.counts["changed"] == 0
        assert "old" not in str(services.preview(job, "bad", offset=0, limit=5))

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            (["insales1", "", "Finance", "", ""], "C2: put people into departments whose people you reach"),
            (["newcomer1", "", "", "", ""], "C2: put people into departments whose people you reach"),
            (["newcomer1", "", "Finance", "", ""], "C2: put people into departments whose people you reach"),
            (["insales1", "", "Sales", "infinance1", ""], "D2: There is nobody of the user name “infinance1”."),
            (["insales1", "", "Sales", "nobody99", ""], "D2: There is nobody of the user name “nobody99”."),
            (["insales1", "", "Sales", "", "everywhere"], "E2: would reach people whom you do not reach yourself"),
        ],
    )
    def test_moves_nobody_and_gives_nothing_out_of_reach(self, upload, keeper, row, said):
        assert errors(upload(sheet(row), name="p.csv", by=keeper)) == [said]

    def test_asks_again_before_it_writes(self, upload, keeper):
        job = upload(sheet(["insales1", "new", "Sales", "", ""]), name="p.csv", by=keeper)
        User.objects.filter(username="insales1").update(department=Department.objects.get(name="Finance"))

        done = finish(services.confirm(job, by=keeper))

        assert done.state == "failed"
        assert User.objects.get(username="insales1").nickname == ""


class TestExport:
    def test_takes_out_people_in_reach(self, take_out, keeper):
        text = take_out(by=keeper, kind="csv").decode("utf-8-sig")

        assert "innorth1" in text
        assert "infinance1" not in text

    def test_takes_out_sign_ins_of_people_in_reach(self, keeper):
        for user in User.objects.exclude(pk=keeper.pk):
            LoginEvent.objects.create(user=user, username=user.username, succeeded=True, reason="ok", scope="api")
        LoginEvent.objects.create(username="nobody", succeeded=False, reason="unknown_user", scope="api")

        found = SignInResource(actor=keeper).filtered({})

        assert {one.username for one in found} == {"insales1", "innorth1"}
