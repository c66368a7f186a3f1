"""What the dashboard says of text messages."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from integrations.sms.models import Attempt, Message, Provider
from project import texts
from tests.admin.sms.conftest import seen

pytestmark = pytest.mark.django_db

LIST = "/admin/sms/message/"


def tried(message: Message, provider: Provider, **fields: Any) -> None:
    """It was handed to the provider, who took it."""
    values = {"number": 1, "ended_at": timezone.now(), "outcome": Attempt.Outcome.ACCEPTED, "cost": "0.05"}
    Attempt.objects.create(message=message, provider=provider, provider_key=provider.key, **values | fields)


def asking(person: User) -> HttpRequest:
    request = HttpRequest()
    request.user = person
    return request


class TestDashboard:
    def test_tells_of_todays_messages(self, browser_of, boss, message, provider):
        now = timezone.now()
        Message.objects.update(state="delivered", sent_at=now, delivered_at=now, finished_at=now, provider=provider)
        tried(message, provider, receipt="delivered")

        page = seen(browser_of(boss).get("/admin/"))

        assert "SMS today" in page
        assert "100 % of those sent" in page
        assert "0.05 CNY" in page
        assert "state__exact=delivered&amp;sent_at_from_0=" in page

    def test_counts_each_sending_on_its_day(self, browser_of, boss, message, provider):
        now = timezone.now()
        Message.objects.update(state="sent", sent_at=now, created_at=now - timedelta(days=2), provider=provider)
        for number, days in enumerate((1, 0, 0), start=1):
            tried(message, provider, number=number, started_at=now - timedelta(days=days))

        found = {one.label: one for one in texts.figures(asking(boss))}

        assert found["SMS today"].trend[-2:] == [1, 2]
        assert found["Cost of SMS today"].value == "0.10 CNY"

    def test_warns_of_a_provider_that_refuses_us(self, browser_of, boss, provider):
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        assert "Text messages: no luck with Memory" in seen(browser_of(boss).get("/admin/"))

    def test_says_nothing_to_those_who_may_not_see_messages(self, browser_of, hire, message, provider):
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        page = seen(browser_of(hire("porter2", is_staff=True)).get("/admin/"))

        assert "SMS today" not in page
        assert "no luck" not in page

    @pytest.mark.parametrize(
        ("narrowed", "moment"), [("state__in=failed,dead", "finished_at"), ("state__exact=delivered", "sent_at")]
    )
    def test_leads_to_lists_that_open(self, browser_of, boss, message, narrowed, moment):
        address = f"{LIST}?{narrowed}&{moment}_from_0=2020-01-01&{moment}_from_1=00:00:00"

        assert browser_of(boss).get(address).status_code == 200
