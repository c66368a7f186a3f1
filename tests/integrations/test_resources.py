"""Departments, roles and address rules in sheets: the rules of the back office hold, row by row."""

import csv
import io
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts.models import AddressRule, Department, LoginSession, Role, User
from accounts.services import create_address_rule, create_api_token, create_department, create_role
from integrations.sheets import services
from integrations.sheets.models import ImportJob
from project.core import context
from project.core.errors import InvalidParameters
from tests.accounts.conftest import PASSWORD, Program
from tests.integrations.conftest import finish
from tests.integrations.makers import as_csv

pytestmark = pytest.mark.django_db
EVERYTHING_UNCHANGED = {"new": 0, "changed": 0, "bad": 0}


def errors(job: ImportJob) -> list[str]:
    return [services.error_line(each) for each in services.first_errors(job)]


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def events(prefix: str) -> list[str]:
    found = LogEntry.objects.filter(additional_data__event__startswith=prefix).order_by("pk")
    return [entry.additional_data["event"] for entry in found]


@pytest.fixture
def keeper(boss):
    """Staff of Sales with a role of rank 50 that reaches Sales and what lies below it."""
    sales = Department.objects.create(name="Sales")
    Department.objects.create(name="Finance")
    role = Role.objects.create(
        group=Group.objects.create(name="Keepers"), key="keepers", rank=50, scope="department_tree"
    )
    names = ["add_department", "change_department", "view_department", "add_role", "change_role", "view_role"]
    role.group.permissions.set(Permission.objects.filter(codename__in=[*names, "view_user"]))
    made = User.objects.create(username="thekeeper", is_staff=True, department=sales)
    made.groups.add(role.group)
    return made


class TestDepartments:
    def test_are_made_by_path_with_parents_of_the_same_file(self, take_in, boss):
        content = as_csv(["部门", "负责人"], ["总部", "bigboss"], ["总部/研发", ""], ["总部 / 研发 / 平台", ""])

        job = take_in(content, name="d.csv", resource="departments")

        assert job.created_rows == 3
        platform = Department.objects.get(name="平台")
        assert (platform.parent.name, platform.parent.parent.name) == ("研发", "总部")
        assert platform.parent.parent.head == boss
        assert events("department.") == ["department.created"] * 3

    def test_are_made_below_parents_of_another_chunk_too(self, take_in):
        deep = [f"Top{n}" for n in range(30)]
        rows = [[name] for name in deep] + [[f"{name} / Below"] for name in deep]

        job = take_in(as_csv(["path"], *rows), name="d.csv", resource="departments")

        assert job.created_rows == 60
        assert Department.objects.filter(name="Below", parent__name="Top0").exists()

    def test_want_their_parents_named_before(self, upload):
        job = upload(as_csv(["path"], ["A / B"], ["A"]), name="d.csv", resource="departments")

        assert errors(job) == ["A2: There is no department “A”: give it a row of its own further up."]
        assert not Department.objects.exists(), "what is tried out is taken back"

    def test_are_found_whatever_the_case_and_the_blanks(self, upload):
        create_department(by=None, name="North", parent=create_department(by=None, name="Sales"))
        create_department(by=None, name="R/D")

        job = upload(as_csv(["path"], ["sales/NORTH"], ["r//d"]), name="d.csv", resource="departments")

        assert job.counts == EVERYTHING_UNCHANGED | {"unchanged": 2}

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            (["Finance", "thekeeper"], "A2: The people of this department are out of your reach"),
            (["Finance / New", ""], "A2: Choose a department whose people you reach."),
            (["New", ""], "A2: Choose a department whose people you reach."),
            (["Sales", "bigboss"], "B2: There is nobody of the user name “bigboss”."),
            (["Sales / / North", ""], "A2: Write the names of a path with one slash between them"),
            ([f"Sales / {'x' * 61}", ""], "A2: Ensure this value has at most 60 characters"),
        ],
    )
    def test_out_of_reach_or_wrong_are_refused_with_the_cell(self, upload, keeper, row, said):
        job = upload(as_csv(["path", "head"], row), name="d.csv", resource="departments", by=keeper)

        assert [one[: len(said)] for one in errors(job)] == [said]

    def test_may_be_made_level_by_level_below_ones_own(self, take_in, keeper):
        content = as_csv(["path"], ["Sales / North"], ["Sales / North / Shops"])

        assert take_in(content, name="d.csv", resource="departments", by=keeper).created_rows == 2

    def test_keep_a_head_whom_the_actor_does_not_reach(self, upload, take_out, keeper, boss):
        Department.objects.filter(name="Sales").update(head=boss)

        content = take_out(resource="departments", kind="csv", by=keeper)

        assert "bigboss" not in content.decode("utf-8-sig")
        job = upload(content, name="d.csv", resource="departments", by=keeper)
        assert job.counts == EVERYTHING_UNCHANGED | {"unchanged": 2}

    def test_are_taken_back_children_first_when_something_comes_between(self, upload, boss):
        content = as_csv(["path"], ["A"], ["A / B"], ["C"])
        job = upload(content, name="d.csv", resource="departments")
        services.confirm(job, by=boss)
        ImportJob.objects.filter(pk=job.pk).update(reversing="cancelled")

        done = finish(job)

        assert (done.state, Department.objects.count()) == ("cancelled", 0)


class TestRoles:
    HEADERS = ("key", "name", "rank", "people in reach", "departments in reach", "permissions")

    def sheet(self, *rows: list[str]) -> bytes:
        return as_csv(list(self.HEADERS), *rows)

    def test_say_what_they_permit_as_people_read_it(self, take_in, take_out):
        create_department(by=None, name="R;D")
        content = self.sheet(
            ["helpers", "Helpers", "5", "chosen departments and those below them", "R;;D", "Users: View; 部门：添加"],
            ["viewers", "Viewers", "1", "everybody", "", "accounts.view_user\naccounts.view_department"],
        )
        content = content.replace("部门：添加".encode(), b"Departments: Add")

        job = take_in(content, name="r.csv", resource="roles")

        helpers = Role.objects.get(key="helpers")
        assert job.created_rows == 2
        assert {one.codename for one in helpers.group.permissions.all()} == {"view_user", "add_department"}
        assert [one.name for one in helpers.departments.all()] == ["R;D"]
        assert lines(take_out(resource="roles", kind="csv"))[1][:6] == [
            "helpers", "Helpers", "5", "chosen departments and those below them", "R;;D",
            "Departments: Add; Users: View",
        ]  # fmt: skip
        assert events("role.") == ["role.created"] * 2

    @pytest.mark.attack("T-F-11")
    @pytest.mark.parametrize(
        ("row", "said"),
        [
            (["new1", "New", "50", "only themselves", "", ""], "A2: This person or role stands at or above"),
            (["keepers", "Keepers", "50", "only themselves", "", ""], "A2: "),
            (["new1", "New", "1", "everybody", "", ""], "A2: You cannot let anybody reach people"),
            (["new1", "New", "1", "only themselves", "", "Users: Delete"], "A2: You cannot grant what you do not have"),
            (["new1", "New", "1", "only themselves", "", "sheets.nothing"], "F2: There is no permission called"),
            (["new1", "Keepers", "1", "only themselves", "", ""], "B2: There is already a role of this name."),
            (["new 1", "New", "1", "only themselves", "", ""], "A2: Enter a valid"),
            (["new1", "New", "many", "only themselves", "", ""], "C2: “many” is not a whole number"),
        ],
    )
    def test_grant_nothing_that_the_actor_may_not_grant(self, upload, keeper, row, said):
        before = list(Role.objects.values_list("key", "rank", "scope"))

        job = upload(self.sheet(row), name="r.csv", resource="roles", by=keeper)

        assert job.counts["bad"] == 1
        assert [one[:4] for one in errors(job)] == [said[:4]]
        assert list(Role.objects.values_list("key", "rank", "scope")) == before

    def test_are_changed_for_their_people_at_once(self, take_in, boss):
        role = create_role(by=None, key="helpers", name="Helpers", rank=5)
        person = User.objects.create_user("helper01")
        person.groups.add(role.group)

        take_in(
            as_csv(["key", "name", "permissions"], ["helpers", "Helpers", "Users: View"]),
            name="r.csv",
            resource="roles",
        )

        person.refresh_from_db()
        assert person.perm_epoch > 0
        assert User.objects.get(pk=person.pk).has_perm("accounts.view_user")


class TestProof:
    """Roles are confirmed by who has shown of late that it is them, in the back office and over the API alike."""

    @pytest.fixture
    def job(self, upload, boss):
        return upload(as_csv(["key", "name"], ["helpers", "Helpers"]), name="r.csv", resource="roles")

    @pytest.fixture(autouse=True)
    def long_ago(self, settings, boss):
        boss.set_password(PASSWORD)
        boss.save()
        settings.STEP_UP_SECONDS = 0

    def test_is_asked_for_over_the_api(self, job, boss):
        answer = Program().sign_in(boss).post(f"imports/{job.pk}/confirm/")

        job.refresh_from_db()
        assert (answer.status_code, answer.json()["error"]["code"], job.state) == (403, "20008", "ready")

    def test_cannot_be_given_by_a_machine(self, job, boss):
        scopes = ["accounts.add_role", "accounts.change_role"]
        token = create_api_token(
            owner=boss, scopes=scopes, name="nightly", expires_at=timezone.now() + timedelta(days=1)
        )
        program = Program()
        program.tokens = {"access": token.text}

        answer = program.post(f"imports/{job.pk}/confirm/")

        job.refresh_from_db()
        assert (answer.status_code, job.state) == (403, "ready")

    def test_is_asked_for_by_a_page_that_goes_on(self, job, boss):
        browser = Client(headers={"accept-language": "en"})
        browser.post("/admin/login/", {"username": boss.username, "password": PASSWORD})
        path = f"/admin/sheets/importjob/{job.pk}/do/confirm/"

        page = browser.post(path)
        job.refresh_from_db()
        assert (page.status_code, job.state) == (200, "ready")
        assert "Is it you?" in page.content.decode()
        browser.post(path, {"proof-password": PASSWORD, "proof-then": "post"})

        job.refresh_from_db()
        assert job.state == "importing"


class TestAddressRules:
    def test_come_in_and_count(self, take_in):
        content = as_csv(
            ["effect", "addresses", "API", "comment", "expires"],
            ["deny", "203.0.113.0/24", "no", "noisy", "2030-01-02 03:04:05"],
            ["拒绝", "10.1.*", "", "", ""],
        )

        job = take_in(content, name="a.csv", resource="address_rules")

        noisy, star = AddressRule.objects.get(pattern="203.0.113.0/24"), AddressRule.objects.get(pattern="10.1.*")
        assert job.created_rows == 2
        assert (noisy.for_api, noisy.for_admin, noisy.comment) == (False, True, "noisy")
        assert (star.effect, star.for_api, star.expires_at) == ("deny", True, None)
        assert events("address_rule.") == ["address_rule.created"] * 2

    def test_lock_nobody_out_who_brings_them(self, upload, boss):
        LoginSession.objects.create(user=boss, scope="admin", ip="203.0.113.7", expires_at="2099-01-01T00:00:00Z",
                                    absolute_expires_at="2099-01-01T00:00:00Z")  # fmt: skip
        with context.entered(None):
            job = upload(
                as_csv(["effect", "addresses"], ["deny", "203.0.113.*"]), name="a.csv", resource="address_rules"
            )

        assert [one[:30] for one in errors(job)] == ["B2: This would lock you out: 2"]

    def test_of_several_with_the_same_addresses_are_left_to_their_pages(self, upload):
        for place in ("for_api", "for_admin"):
            create_address_rule(by=None, effect="deny", pattern="203.0.113.7", **{place: False})

        job = upload(as_csv(["effect", "addresses"], ["allow", "203.0.113.7"]), name="a.csv", resource="address_rules")

        assert errors(job) == ["B2: several rules have these addresses; change them on their pages"]


@pytest.fixture
def everything(boss):
    """Some of each, with what is hard to write down."""
    head = create_department(by=None, name="总部", head=boss)
    create_department(by=None, name="=1+1", parent=head)
    create_department(by=None, name="a/b;c, d", parent=head)
    chosen = create_department(by=None, name="@SUM(A1)")
    create_role(
        by=None,
        key="all",
        name="+1",
        rank=999,
        permissions=Permission.objects.filter(codename__in=["view_user", "send"]),
    )
    create_role(by=None, key="some", name="|cmd", scope="chosen", departments=[chosen, head])
    create_address_rule(by=None, effect="deny", pattern="10.0.0.1-10.0.0.9", comment="-1", expires_at=boss.date_joined)
    create_address_rule(by=None, effect="allow", pattern="2001:db8::/32", is_active=False)


class TestRoundTrip:
    @pytest.mark.attack("T-X-5")
    @pytest.mark.parametrize("resource", ["departments", "roles", "address_rules"])
    @pytest.mark.parametrize(("kind", "language"), [("xlsx", "en"), ("csv", "zh-hans")])
    def test_changes_nothing(self, everything, take_out, upload, resource, kind, language):
        content = take_out(resource=resource, kind=kind, language=language)

        job = upload(content, name=f"x.{kind}", resource=resource, language=language)

        assert errors(job) == []
        assert job.counts == EVERYTHING_UNCHANGED | {"unchanged": job.rows}
        assert job.rows >= 2


class TestFilters:
    @pytest.mark.parametrize(
        ("resource", "filters", "found"),
        [
            ("departments", {"search": "总"}, 1),
            ("roles", {"scope": "chosen"}, 1),
            ("roles", {"second_factor_required": "0", "search": "cmd"}, 1),
            ("address_rules", {"effect": "deny", "is_active": "1"}, 1),
            ("address_rules", {"for_api": True}, 2),
        ],
    )
    def test_are_those_of_the_list(self, everything, take_out, resource, filters, found):
        assert len(lines(take_out(resource=resource, kind="csv", filters=filters))) == found + 1

    @pytest.mark.parametrize(
        ("resource", "filters"),
        [
            ("departments", {"name__startswith": "a"}),
            ("roles", {"scope": "none"}),
            ("address_rules", {"is_active": "maybe"}),
            ("users", {"role": "nobody"}),
            ("users", {"department": "999999"}),
            ("users", {"ids": "1,x"}),
            ("users", {"left": "perhaps"}),
            ("users", {"is_active": None}),
            ("users", {"gender": "9"}),
            ("users", {"search": "a\0b"}),
            ("roles", {"search": "x" * 101}),
            ("sign_ins", {"created_at_from_0": "2026-13-99"}),
            ("sign_ins", {"reason": ["a"]}),
        ],
    )
    def test_that_nobody_knows_are_refused_by_name(self, boss, resource, filters):
        with pytest.raises(InvalidParameters) as refused:
            services.start_export(resource=resource, by=boss, filters=filters)

        name = "since" if resource == "sign_ins" and "created" in str(filters) else next(iter(filters))
        assert f"“{name}”" in refused.value.fields["filters"][0]
