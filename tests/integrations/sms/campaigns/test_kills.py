"""A worker is killed over a campaign: everybody gets one message, and nobody two."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.clients import until
from tests.office import Office

RECIPIENTS = 2_000
KILLS = 1
PASSWORD = "correct horse battery"
PREPARE = """
from accounts.models import User
from integrations.sms import campaigns
from project.core import jobs

boss = User.objects.create_superuser("bigboss", password={password!r})
rows = [(f"138{{n:08}}", {{"text": str(n)}}) for n in range({recipients})]
campaign = campaigns.start_from_rows(rows=rows, by=boss, name="", template="notice", parameters={{}})
campaigns.prepare(campaign, by=boss)
jobs.registered()
jobs.run("sms.Campaign", str(campaign.pk))
"""


def ask(home: Path, query: str) -> Any:
    with closing(sqlite3.connect(home / "gatehouse.sqlite3", timeout=10)) as database:
        return database.execute(query).fetchone()[0]


def let_time_pass(home: Path) -> None:
    """Leases of the dead are over."""
    before = str(datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=2))
    with closing(sqlite3.connect(home / "gatehouse.sqlite3", timeout=10)) as database, database:
        for table in ("sms_campaign", "sms_message"):
            database.execute(f"UPDATE {table} SET lease_until = ? WHERE lease_until IS NOT NULL", [before])  # noqa: S608 (our own names)
            database.execute(f"UPDATE {table} SET next_at = ?", [before])  # noqa: S608 (likewise)
        database.execute("UPDATE django_celery_beat_periodictask SET last_run_at = ?", [before])


@pytest.mark.django_db  # so that there are tables to begin with, also when this test runs alone
@pytest.mark.longest
@pytest.mark.attack("T-S-7")
@pytest.mark.timeout(300)
def test_killing_a_worker_writes_each_message_once(django_db_setup, tmp_path):
    office = Office(tmp_path / "home")
    office.home.mkdir()
    office.furnish()
    done = office.manage("shell", "--no-imports", "-c", PREPARE.format(recipients=RECIPIENTS, password=PASSWORD))
    assert done.returncode == 0, done.stderr
    written = []
    with office:
        campaign = str(UUID(ask(office.home, "SELECT id FROM sms_campaign")))
        confirmed = office.sign_in("bigboss", PASSWORD).post(
            f"sms/campaigns/{campaign}/confirm/", {"recipients": RECIPIENTS}
        )
        assert confirmed.status_code == 202, confirmed.text
        for number in range(1, KILLS + 1):
            enough = number * RECIPIENTS // (KILLS + 2)
            until(lambda: ask(office.home, "SELECT count(*) FROM sms_message") >= enough, "some are written", 60)  # noqa: B023 (called at once)
            office.kill()
            written.append(ask(office.home, "SELECT count(*) FROM sms_message"))
            let_time_pass(office.home)
            office.open()
        waits = "SELECT count(*) FROM sms_recipient WHERE NOT queued"
        until(lambda: ask(office.home, waits) == 0, "all are written", 90)

    assert written[0] < RECIPIENTS
    assert ask(office.home, "SELECT count(*) FROM sms_message") == RECIPIENTS
    assert ask(office.home, "SELECT count(DISTINCT phone) FROM sms_message") == RECIPIENTS
    assert ask(office.home, "SELECT count(DISTINCT message_id) FROM sms_recipient") == RECIPIENTS
