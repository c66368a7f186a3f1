"""Builds at a time, or again and again; what was missed is said."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.cron import Cron
from integrations.jenkins.errors import BadParameters
from integrations.jenkins.models import HIDDEN, Build, Schedule
from project.core.errors import InvalidParameters, NoPermission

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def at(text):
    return datetime.fromisoformat(text)


class TestCron:
    @pytest.mark.parametrize(
        ("line", "after", "zone", "then"),
        [
            ("30 6 * * 1-5", "2026-05-01T00:00+08:00", SHANGHAI, "2026-05-01T06:30+08:00"),
            ("30 6 * * 1-5", "2026-05-01T06:30+08:00", SHANGHAI, "2026-05-04T06:30+08:00"),
            ("*/15 * * * *", "2026-05-01T00:07+08:00", SHANGHAI, "2026-05-01T00:15+08:00"),
            ("0 0 29 2 *", "2026-05-01T00:00+08:00", SHANGHAI, "2028-02-29T00:00+08:00"),
            ("0 0 13 * 5", "2026-05-02T00:00+08:00", SHANGHAI, "2026-05-08T00:00+08:00"),
            ("0 12 * * 7", "2026-05-01T00:00+08:00", SHANGHAI, "2026-05-03T12:00+08:00"),
            ("30 2 * * *", "2026-03-28T12:00+01:00", BERLIN, "2026-03-30T02:30+02:00"),
            ("5,10 8-9/1 * * *", "2026-05-01T08:07+08:00", SHANGHAI, "2026-05-01T08:10+08:00"),
        ],
    )
    def test_says_when(self, line, after, zone, then):
        assert Cron.parse(line).after(at(after), zone) == at(then)

    @pytest.mark.parametrize(
        "line",
        ["", "* * * *", "60 * * * *", "* 24 * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *", "* * 0 * *", "@daily"],
    )
    def test_refuses_what_is_none(self, line):
        with pytest.raises(ValueError):  # noqa: PT011 (it says the line)
            Cron.parse(line)

    def test_knows_what_never_comes(self):
        assert Cron.parse("0 0 30 2 *").after(datetime(2026, 1, 1, tzinfo=UTC), SHANGHAI) is None


@pytest.fixture
def nightly(known, builder):
    return services.plan(job=known("web"), name="nightly", cron="0 3 * * *", by=builder)


def make_due(schedule, late=timedelta(seconds=1)):
    Schedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - late)


class TestSchedules:
    def test_run_again_and_again(self, nightly, builder):
        make_due(nightly)

        assert services.run_due() == 1
        assert services.run_due() == 0
        build = Build.objects.get()
        assert (build.schedule, build.created_by, build.state, build.reason) == (
            nightly,
            builder,
            "approved",
            "nightly",
        )
        nightly.refresh_from_db()
        assert nightly.next_at > timezone.now()
        assert nightly.last_at is not None

    def test_run_once_at_a_time(self, known, builder):
        schedule = services.plan(job=known("web"), name="once", at=timezone.now() + timedelta(hours=1), by=builder)
        make_due(schedule)

        assert services.run_due() == 1
        schedule.refresh_from_db()
        assert (schedule.enabled, schedule.next_at, services.next_runs(schedule)) == (False, None, [])

    def test_that_were_missed_are_counted_and_not_made_up_for(self, nightly):
        make_due(nightly, timedelta(days=3))

        assert services.run_due() == 0
        nightly.refresh_from_db()
        assert nightly.missed in {3, 4}
        assert nightly.missed_at is not None
        assert not Build.objects.exists()

    def test_say_when_they_run_next(self, nightly):
        runs = services.next_runs(nightly)

        assert len(runs) == 5
        assert runs == sorted(runs)

    def test_want_approval_like_any_build(self, known, builder):
        schedule = services.plan(job=known("deploy", needs_approval=True), name="nightly", cron="0 3 * * *", by=builder)
        make_due(schedule)
        services.run_due()

        assert Build.objects.get().state == "requested"

    def test_end_with_the_right_to_build(self, nightly, builder):
        builder.user_permissions.clear()
        make_due(nightly)

        assert services.run_due() == 0
        nightly.refresh_from_db()
        assert nightly.trouble

    @pytest.mark.parametrize(
        "fields",
        [
            {}, {"cron": "x"}, {"cron": "0 3 * * *", "at": datetime(2099, 1, 1, tzinfo=UTC)},
            {"at": datetime(2020, 1, 1, tzinfo=UTC)}, {"cron": "0 0 30 2 *"}, {"cron": "0 3 * * *", "time_zone": "Mars/Olympus"},
            {"cron": "0 3 * * *", "parameters": {"NOPE": "x"}},
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_refused(self, known, builder, fields):
        with pytest.raises(InvalidParameters):
            services.plan(job=known("web"), name="bad", by=builder, **fields)
        assert not Schedule.objects.exists()

    def test_are_deleted_by_who_made_them(self, nightly, approver, builder):
        with pytest.raises(NoPermission):
            services.unplan(nightly, by=approver)
        services.unplan(nightly, by=builder)

        assert not Schedule.objects.exists()

    def test_of_whoever_changes_them(self, nightly, approver):
        services.replan(nightly, by=approver, cron="0 4 * * *")

        assert Schedule.objects.get().created_by == approver


WANTED = [
    {"name": "TARGET", "kind": "StringParameterDefinition", "default": "staging"},
    {"name": "KEY", "kind": "PasswordParameterDefinition"},
    {"name": "settings.ini", "kind": "FileParameterDefinition"},
]
GIVEN = {"TARGET": "here", "KEY": "swordfish-7", "settings.ini": {"file": "mine.ini", "content": b"pass=swordfish-7"}}


@pytest.mark.attack("T-J-7")
class TestSecretsOfSchedules:
    @pytest.fixture
    def secret(self, known, builder):
        return services.plan(
            job=known("web", parameters=WANTED), name="x", cron="0 3 * * *", parameters=GIVEN, by=builder
        )

    def test_are_sealed_and_masked(self, secret, tmp_path, capfd):
        shown = {"TARGET": "here", "settings.ini": "mine.ini", "KEY": HIDDEN}
        assert secret.shown_parameters == shown
        call_command("dumpdata", "jenkins", output=str(tmp_path / "dump.json"))
        everything = [
            str(Schedule.objects.values().get()),
            str(list(LogEntry.objects.values())),
            (tmp_path / "dump.json").read_text(),
        ]
        printed = capfd.readouterr()

        assert not [one for one in (*everything, printed.out, printed.err) if "swordfish" in one]

    def test_are_given_to_each_build(self, secret):
        for _time in range(2):
            make_due(secret)
            assert services.run_due() == 1

        for build in Build.objects.all():
            assert build.secrets["KEY"] == "swordfish-7"
            assert build.secrets["settings.ini"]["file"] == "mine.ini"
            assert build.shown_parameters["KEY"] == HIDDEN

    def test_stay_where_they_are_given_back_hidden(self, secret, builder):
        services.replan(secret, by=builder, parameters={"TARGET": "there", "KEY": HIDDEN, "settings.ini": "mine.ini"})
        services.replan(Schedule.objects.get(), by=builder, cron="0 4 * * *")
        make_due(secret)
        services.run_due()

        build = Build.objects.get()
        assert (build.parameters["TARGET"], build.secrets["KEY"]) == ("there", "swordfish-7")

    def test_go_where_they_are_left_out(self, secret, builder):
        services.replan(secret, by=builder, parameters={"TARGET": "there"})

        row = Schedule.objects.get()
        assert (row.secret, row.secret_names, row.parameters) == ("", [], {"TARGET": "there"})

    def test_are_of_no_use_to_whoever_else_changes_the_schedule(self, secret, approver):
        for fields in ({"parameters": {"TARGET": "elsewhere", "KEY": HIDDEN}}, {"cron": "0 4 * * *"}):
            with pytest.raises(BadParameters) as refused:
                services.replan(Schedule.objects.get(), by=approver, **fields)
            assert "KEY" in refused.value.fields["parameters"]

        services.replan(Schedule.objects.get(), by=approver, enabled=False)
        with pytest.raises(BadParameters):
            services.replan(Schedule.objects.get(), by=approver, enabled=True)
        services.replan(Schedule.objects.get(), by=approver, enabled=True, parameters={"KEY": "other"})
        assert Schedule.objects.get().secret_names == ["KEY"]

    def test_that_were_never_given_cannot_stay(self, known, builder):
        with pytest.raises(BadParameters):
            services.plan(
                job=known("web", parameters=WANTED), name="x", cron="0 3 * * *", parameters={"KEY": HIDDEN}, by=builder
            )

    def test_that_cannot_be_opened_any_more_are_said(self, secret, settings, builder):
        settings.SECRET_KEY = "another-key-altogether-0123456789-0123456789-0123456789"
        make_due(secret)

        assert services.run_due() == 0
        row = Schedule.objects.get()
        assert "cannot be opened any more" in row.trouble
        with pytest.raises(BadParameters):
            services.replan(row, by=builder, cron="0 4 * * *")
