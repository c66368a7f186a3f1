"""What the three databases do by themselves in three ways, and Gatehouse makes them do in one."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import Department, LoginEvent, User
from integrations.sheets.models import ImportJob
from project import figures
from project.core import audit
from project.core.models import IdempotencyRecord
from tests.accounts.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

ALIKE = ["Arger", "arger", "Ärger", "A\u0308rger", "arger ", " arger", "ARGER", "ａrger", "argér"]
"""Names that some collation takes for one another."""


def hired(*usernames: str) -> list[User]:
    return User.objects.get_queryset().bulk_create([User(username=name) for name in usernames])


def found(**lookup: Any) -> list[str]:
    return list(User.objects.get_queryset().filter(**lookup).values_list("username", flat=True))


class TestTexts:
    def test_are_the_same_only_to_the_letter(self):
        hired(*ALIKE)

        assert [found(username=name) for name in ALIKE] == [[name] for name in ALIKE]
        assert sorted(found(username__in=ALIKE[:3])) == sorted(ALIKE[:3])

    @pytest.mark.parametrize("name", ["Arger", "arger ", "小明🐼"])
    def test_are_unique_to_the_letter(self, name):
        hired(*ALIKE, "小明🐼")

        with pytest.raises(IntegrityError), transaction.atomic():
            hired(name)

    def test_are_counted_apart(self):
        for name in [*ALIKE, *ALIKE[:2]]:
            LoginEvent.objects.create(username=name, succeeded=False, reason="wrong_password", scope="api")

        assert LoginEvent.objects.values("username").distinct().count() == len(ALIKE)
        assert LoginEvent.objects.filter(username="arger").count() == 2

    def test_are_ordered_by_code_point(self):
        names = ["Zoe", "adam", "Ada", "zoe", "Äda", "小明", "🐼"]
        hired(*names)

        ordered = list(User.objects.get_queryset().order_by("username").values_list("username", flat=True))

        assert ordered == sorted(names)

    def test_that_are_missing_come_first(self):
        User.objects.get_queryset().bulk_create(
            User(username=name, phone=phone)
            for name, phone in [("a", "13800138001"), ("b", None), ("c", "13800138000")]
        )

        assert [one.username for one in User.objects.get_queryset().in_order("phone")] == ["b", "c", "a"]
        assert [one.username for one in User.objects.get_queryset().in_order("-phone")] == ["a", "c", "b"]

    @pytest.mark.parametrize("text", ["ARG", "arg", "aRgEr"])
    def test_are_searched_without_regard_to_case(self, text):
        hired("Arger", "arger2", "other")

        assert sorted(one.username for one in User.objects.get_queryset().search(text)) == ["Arger", "arger2"]

    def test_are_searched_for_signs_that_mean_something_in_sql(self):
        hired("50%", "50x", "a_b", "axb", "back\\slash", "it's", 'say "hi"')

        assert found(username__icontains="0%") == ["50%"]
        assert found(username__icontains="A_B") == ["a_b"]
        assert found(username__contains="k\\s") == ["back\\slash"]
        assert found(username__iexact="IT'S") == ["it's"]
        assert found(username__istartswith='SAY "') == ['say "hi"']

    def test_find_other_letters_than_ascii_in_either_case(self):
        if connection.vendor == "sqlite":
            pytest.skip("SQLite knows upper case of ASCII only (docs/databases.md)")
        hired("Müller")

        assert found(username__icontains="MÜLL") == found(username__iexact="müller") == ["Müller"]
        assert found(username__icontains="mull") == []

    def test_of_any_length_and_script_come_back_as_they_went(self):
        text = "🏢👩‍💻" + "长" * 100_000 + "\r\n\t'\"\\%s{}"
        Department.objects.create(name="🏢 Zürich 总部")
        job = ImportJob.objects.create(resource="users", error=text)

        assert Department.objects.filter(name="🏢 Zürich 总部").exists()
        assert ImportJob.objects.get(pk=job.pk).error == text

    def test_that_are_too_long_are_refused_not_cut(self):
        if connection.vendor == "sqlite":
            pytest.skip("SQLite has no lengths")
        with pytest.raises(Exception, match="(?i)too long"), transaction.atomic():
            hired("x" * 151)
        assert not User.objects.get_queryset().exists()


class TestJson:
    def test_comes_back_as_it_went(self, db):
        body = {
            "z": 1,
            "a": [1, 2.5, None, True, "小明🐼", {"deep": {"er": []}}],
            "big": 2**53 - 1,
            "": "empty",
            "é": -0.5,
        }
        now = timezone.now()
        IdempotencyRecord.objects.create(digest="d", user_id=1, key="k", route="r", request_hash="h", body=body,
                                         running_until=now)  # fmt: skip

        assert IdempotencyRecord.objects.get().body == body

    def test_is_looked_into(self):
        department = Department.objects.create(name="Sales")
        for event in ("user.activated", "user.deactivated", "user.activated"):
            audit.record(event, department)

        assert LogEntry.objects.filter(additional_data__event="user.activated").count() == 2
        assert not LogEntry.objects.filter(additional_data__event="User.activated").exists()


class TestDays:
    MOMENTS = (
        datetime(2026, 3, 7, 15, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 7, 16, 0, tzinfo=UTC),
        datetime(2026, 3, 8, 6, 59, tzinfo=UTC),
        datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
    )

    @pytest.fixture(autouse=True)
    def events(self) -> None:
        LoginEvent.objects.bulk_create(
            LoginEvent(username="mei", succeeded=True, reason="ok", scope="api", created_at=moment)
            for moment in self.MOMENTS
        )

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"])
    def test_begin_at_midnight_where_the_person_is(self, zone):
        days = [moment.astimezone(ZoneInfo(zone)).date() for moment in self.MOMENTS]
        wanted = [days.count(day) for day in sorted(set(days))]

        with timezone.override(zone):
            counted = figures.per_day(LoginEvent.objects.all(), sorted(set(days)), n=Q())["n"]
            by_date = [LoginEvent.objects.filter(created_at__date=day).count() for day in sorted(set(days))]
            cut = list(LoginEvent.objects.order_by("created_at").annotate(day=TruncDate("created_at"))
                       .values_list("day", flat=True))  # fmt: skip

        assert counted == by_date == wanted
        assert cut == days

    def test_keep_microseconds(self):
        kept = LoginEvent.objects.order_by("created_at").values_list("created_at", flat=True)

        assert tuple(kept) == self.MOMENTS


class TestNumbers:
    @pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
    def test_that_fit_no_column_find_nothing(self, number):
        assert not User.objects.get_queryset().filter(pk=number).exists()
        assert not Department.objects.filter(position=number).exists()


@pytest.mark.django_db(transaction=True)
class TestWriters:
    def test_count_rows_found_not_rows_changed(self):
        hired("mei")
        rows = User.objects.get_queryset().filter(username="mei")

        assert (rows.update(nickname="m"), rows.update(nickname="m")) == (1, 1)

    def test_that_lock_a_row_lose_no_step(self):
        [mei] = hired("mei")

        def step(_number: int) -> None:
            for _ in range(5):
                with transaction.atomic():
                    person = User.objects.get_queryset().select_for_update().get(pk=mei.pk)
                    User.objects.get_queryset().filter(pk=mei.pk).update(auth_epoch=person.auth_epoch + 1)

        assert together(8, step) == [None] * 8
        assert User.objects.get_queryset().get(pk=mei.pk).auth_epoch == 40

    def test_of_the_same_new_row_leave_one(self):
        answers = together(8, lambda _number: len(hired("mei")))

        assert answers.count(1) == 1
        assert sum(isinstance(answer, IntegrityError) for answer in answers) == 7

    def test_see_what_others_have_committed_meanwhile(self):
        if connection.vendor == "sqlite":
            pytest.skip("SQLite lets nobody commit while another one writes")
        with transaction.atomic():
            before = User.objects.get_queryset().count()
            together(1, lambda _number: hired("mei"))
            after = User.objects.get_queryset().count()

        assert (before, after) == (0, 1)
