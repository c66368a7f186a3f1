"""Workers are killed over messages: none is lost, and none goes out twice."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients import until
from tests.fakes.alibaba import KEY_ID, KEY_SECRET, Alibaba
from tests.office import Office

MESSAGES = 60
KILLS = 2
PREPARE = """
from django.db import transaction
from integrations.sms import services
from integrations.sms.models import Provider, Template, TemplateCode

provider = Provider(key="aliyun", name="Alibaba", kind="aliyun", sign_name="Gatehouse", endpoint={url!r})
provider.seal({{"access_key_id": {key_id!r}, "access_key_secret": {key_secret!r}}})
provider.save()
TemplateCode.objects.create(template=Template.objects.get(key="notice"), provider=provider, code="SMS_100000002")
many = (services.Request(f"+86138{{n:08}}", {{"text": str(n)}}, "en") for n in range({messages}))
with transaction.atomic():
    list(services.enqueue_many(many, template="notice", purpose="campaign"))
"""


def let_time_pass(home: Path) -> None:
    """Leases of the dead are over, and it is late enough to believe the gateway."""
    before = str(datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=2))
    with sqlite3.connect(home / "gatehouse.sqlite3") as database:
        database.execute("UPDATE sms_message SET lease_until = ? WHERE lease_until IS NOT NULL", [before])
        database.execute("UPDATE sms_message SET next_at = ?", [before])
        database.execute("UPDATE sms_attempt SET started_at = ?", [before])
        database.execute("UPDATE django_celery_beat_periodictask SET last_run_at = ?", [before])
    database.close()


def states(home: Path) -> dict[str, int]:
    with sqlite3.connect(home / "gatehouse.sqlite3") as database:
        found = dict(database.execute("SELECT state, count(*) FROM sms_message GROUP BY state"))
    database.close()
    return found


def wait_for(gateway: Alibaba, number: int) -> None:
    until(lambda: len(gateway.taken) >= number, f"{number} messages sent", 120)


@pytest.mark.longest
@pytest.mark.attack("T-S-7")
@pytest.mark.timeout(600)
def test_killing_a_worker_loses_no_message_and_repeats_none(django_db_setup, tmp_path):
    with Alibaba(latency=0.03) as gateway:
        office = Office(tmp_path / "home", SMS_AT_ONCE="4")
        office.home.mkdir()
        office.furnish()
        script = PREPARE.format(url=gateway.url, key_id=KEY_ID, key_secret=KEY_SECRET, messages=MESSAGES)
        done = office.manage("shell", "--no-imports", "-c", script)
        assert done.returncode == 0, done.stderr
        with office:
            for number in range(1, KILLS + 1):
                wait_for(gateway, number * MESSAGES // (KILLS + 1))
                office.kill()
                let_time_pass(office.home)
                office.open()
            until(lambda: states(office.home) == {"sent": MESSAGES}, "all messages sent", 120)

        assert {one.parameters["text"] for one in gateway.taken} == {str(n) for n in range(MESSAGES)}
        assert gateway.copies() == 0
