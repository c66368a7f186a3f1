"""The dashboard, the health page and Ctrl-K show what is there, and nothing made up."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db.models import Q
from django.utils import timezone

from accounts import sessions
from accounts.models import LoginEvent
from integrations.sheets.models import ImportJob
from project import figures, queues
from tests.admin.conftest import flat

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


def attempt(username: str, *, succeeded: bool, days_ago: int = 0) -> LoginEvent:
    return LoginEvent.objects.create(
        username=username,
        succeeded=succeeded,
        reason="ok" if succeeded else "wrong_password",
        scope="api",
        ip="203.0.113.7",
        created_at=timezone.now() - timedelta(days=days_ago),
    )


class TestFigures:
    def test_count_the_rows_of_each_day(self):
        attempt("meiling", succeeded=True)
        attempt("meiling", succeeded=False)
        attempt("meiling", succeeded=True, days_ago=2)
        attempt("meiling", succeeded=True, days_ago=40)
        days = figures.last_days(3)

        found = figures.per_day(LoginEvent.objects.all(), days, ok=Q(succeeded=True), bad=Q(succeeded=False))

        assert found == {"ok": [1, 0, 1], "bad": [0, 0, 1]}

    def test_stand_on_the_dashboard_as_links(self, browser_of, boss, mei):
        sessions.open(user=mei, scope="api")
        attempt("meiling", succeeded=False)

        page = browser_of(boss).get("/admin/").content.decode()

        assert "of 2 people" in flat(page)
        assert 'href="/admin/accounts/loginevent/?succeeded__exact=0"' in page
        assert "203.0.113.7" in page

    def test_say_in_the_feed_what_happened(self, browser_of, boss):
        attempt("stranger", succeeded=False)

        page = flat(browser_of(boss).get("/admin/").content.decode())

        assert "stranger could not sign in: wrong password" in page

    def test_call_no_failure_what_is_none(self, browser_of, boss):
        for reason in ("code_asked", "captcha", "unlocked"):
            LoginEvent.objects.filter(pk=attempt("meiling", succeeded=False).pk).update(reason=reason)

        page = flat(browser_of(boss).get("/admin/").content.decode())

        assert "could not sign in" not in page


@pytest.fixture
def looked_at(rf, boss):
    """What the dashboard asks for, asked by a superuser."""
    request = rf.get("/admin/")
    request.user = boss
    return request


class TestWhereFromAndWhy:
    def test_counts_countries_and_names_them(self, looked_at):
        for country, succeeded in (("CN", True), ("CN", True), ("CN", False), ("DE", True), ("", False)):
            LoginEvent.objects.filter(pk=attempt("meiling", succeeded=succeeded).pk).update(country=country)
        attempt("meiling", succeeded=True, days_ago=30)

        found = figures.countries(looked_at)

        assert [(one.label, one.number, one.failed) for one in found] == [
            ("China", 3, 1),
            ("unknown place", 1, 1),
            ("Germany", 1, 0),
        ]
        assert found[0].url.endswith("?country=CN")
        assert found[1].url.endswith("?country=-")

    def test_counts_why_sign_ins_failed_as_the_chart_does(self, looked_at):
        reasons = ("wrong_password", "wrong_password", "locked", "unlocked", "code_asked", "address")
        for reason in reasons:
            LoginEvent.objects.filter(pk=attempt("meiling", succeeded=False).pk).update(reason=reason)
        attempt("meiling", succeeded=True)

        found = figures.failures(looked_at)

        assert [(one.label, one.number) for one in found] == [
            ("wrong password", 2),
            ("address not allowed", 1),
            ("locked after too many failures", 1),
        ]
        assert figures.sign_ins(looked_at)[-1].bad == 4
        assert figures.sign_ins(looked_at)[-1].ok == 1

    @pytest.mark.parametrize(
        ("zone", "days"), [("Asia/Shanghai", [0, 1]), ("UTC", [1, 0]), ("America/New_York", [1, 0])]
    )
    def test_go_by_the_days_of_who_looks(self, looked_at, zone, days):
        # half past midnight in Shanghai is still the day before farther west
        moment = datetime(2026, 6, 10, 16, 30, tzinfo=UTC)
        with time_machine.travel(moment + timedelta(hours=10), tick=False), timezone.override(zone):
            LoginEvent.objects.filter(pk=attempt("meiling", succeeded=False).pk).update(created_at=moment)

            chart = {one.day: one.bad for one in figures.sign_ins(looked_at)}

        assert [chart[date(2026, 6, 10)], chart.get(date(2026, 6, 11), 0)] == days

    def test_are_for_who_may_read_the_log(self, rf, mei):
        attempt("meiling", succeeded=False)
        request = rf.get("/admin/")
        request.user = mei

        assert figures.countries(request) == figures.failures(request) == figures.addresses(request) == []


class TestHealth:
    def test_names_every_part_and_every_kind_of_work(self, browser_of, boss):
        page = flat(browser_of(boss).get("/admin/health/").content.decode())

        for part in ("Database", "Cache", "Channel layer", "Broker", "Imports", "Exports"):
            assert part in page

    def test_tells_when_work_piles_up(self):
        now = timezone.now()
        ImportJob.objects.create(resource="users", next_at=now - timedelta(minutes=5))
        ImportJob.objects.create(
            resource="users", next_at=now - timedelta(minutes=5), lease_until=now + timedelta(minutes=1)
        )

        found = next(one for one in queues.waiting() if one.label == "Imports")

        assert (found.waiting, found.running) == (1, 1)
        assert "late" in found.badge


class TestSearch:
    def test_finds_pages_people_and_actions(self, browser_of, boss, mei):
        browser = browser_of(boss)

        assert "meiling" in browser.get("/admin/search/?s=meil&extended=1").content.decode()
        assert "/admin/auditlog/logentry/" in browser.get("/admin/search/?s=audit&extended=1").content.decode()
        assert "resource=users" in browser.get("/admin/search/?s=import&extended=1").content.decode()

    def test_never_shows_more_than_a_screenful(self, browser_of, boss, hire):
        for number in range(20):
            hire(f"member{number:03}")

        page = browser_of(boss).get("/admin/search/?s=member&extended=1").content.decode()

        assert page.count("member0") <= 20

    def test_speaks_the_language_of_the_moment(self, browser_of, boss):
        browser = browser_of(boss, "zh-hans")
        assert "审计" in browser.get("/admin/search/?s=审计&extended=1").content.decode()

        browser.cookies["django_language"] = "en"
        assert "Audit" in browser.get("/admin/search/?s=audit&extended=1").content.decode()

    def test_takes_anything_for_a_search(self, browser_of, boss):
        browser = browser_of(boss)

        for text in ("", "%00", "'%22%3B--", "%F0%9F%98%80", "x" * 500, "*", "\\"):
            assert browser.get(f"/admin/search/?s={text}&extended=1").status_code in {200, 400}
