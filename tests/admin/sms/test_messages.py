"""The list of text messages, and the page of each."""

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from integrations.sms import services
from integrations.sms.models import Attempt, Message
from tests.admin.sms.conftest import PHONE, seen

pytestmark = pytest.mark.django_db

LIST = "/admin/sms/message/"


class TestMessages:
    def test_shows_numbers_only_to_those_who_may_see_them(self, browser_of, desk, boss, message):
        assert PHONE not in seen(browser_of(desk).get(LIST))
        assert "+86138****5678" in seen(browser_of(desk).get(LIST))
        assert PHONE in seen(browser_of(boss).get(LIST))
        assert PHONE not in seen(browser_of(desk).get(f"{LIST}{message.pk}/change/"))

    @pytest.mark.parametrize(
        ("asked", "found"),
        [("5678", True), ("1234", False), ("13812345678", False), ("2345", False), ("lunch", False), ("56-78", True)],
    )
    def test_finds_no_number_by_digits_that_are_not_shown(self, browser_of, desk, message, asked, found):
        assert (f"{LIST}{message.pk}/change/" in seen(browser_of(desk).get(LIST, {"q": asked}))) is found

    @pytest.mark.parametrize("asked", ["138 1234", "138-1234", "+86 138", "0086138", "13812345678"])
    def test_finds_numbers_by_any_digits_for_those_who_see_them(self, browser_of, boss, message, asked):
        assert "+8613812345678" in seen(browser_of(boss).get(LIST, {"q": asked}))

    @pytest.mark.parametrize(
        "query",
        [
            "state__exact=pending",
            "purpose=notice",
            "prefix=86",
            "provider__id__exact=1",
            "created_at_from_0=2020-01-01",
        ],
    )
    def test_is_filtered(self, browser_of, boss, message, query):
        assert browser_of(boss).get(f"{LIST}?{query}").status_code == 200

    def test_tells_what_happened_and_why_in_words(self, browser_of, boss, message, provider):
        Attempt.objects.create(
            message=message, number=1, provider=provider, provider_key="memory", ended_at=timezone.now(),
            outcome=Attempt.Outcome.REFUSED, error_code="isv.BUSINESS_LIMIT_CONTROL", error="Permits:10",
        )  # fmt: skip
        Message.objects.update(state="failed", error_code="isv.BUSINESS_LIMIT_CONTROL", error="Permits:10")

        page = seen(browser_of(boss).get(f"{LIST}{message.pk}/change/"))

        assert "The provider lets only so many messages go to one number within a time." in page
        assert "Memory: refused" in page
        assert "isv.BUSINESS_LIMIT_CONTROL" in page

    def test_never_shows_a_code(self, browser_of, boss, provider):
        code = services.enqueue(
            phone=PHONE, template="verification", parameters={"minutes": "5"}, secret={"code": "314159"},
            language="en", purpose="login",
        )  # fmt: skip
        browser = browser_of(boss)

        pages = [seen(browser.get(LIST)), seen(browser.get(f"{LIST}{code.pk}/change/"))]

        assert not any("314159" in page for page in pages)
        assert "******" in pages[1]

    @pytest.mark.parametrize("pk", ["nonsense", "0d9c2f8e-54b7-4c59-9f0e-7a3c1d2b6e10"])
    def test_that_is_not_there_is_not_found(self, browser_of, boss, pk):
        assert browser_of(boss).get(f"{LIST}{pk}/change/").status_code == 404

    def test_costs_what_all_its_sendings_cost(self, browser_of, boss, message, provider):
        for number in (1, 2):
            Attempt.objects.create(
                message=message, number=number, provider=provider, provider_key="memory", ended_at=timezone.now(),
                outcome=Attempt.Outcome.ACCEPTED, cost="0.05",
            )  # fmt: skip
        Message.objects.update(state="sent", sent_at=timezone.now())
        assert "Cost 0.10 CNY" in seen(browser_of(boss).get(f"{LIST}{message.pk}/change/"))

        Message.objects.update(state="pending")
        assert "Expected cost 0.15 CNY" in seen(browser_of(boss).get(f"{LIST}{message.pk}/change/"))

    def test_that_never_left_costs_nothing(self, browser_of, boss, message):
        services.cancel(message, by=boss)

        assert "CNY" not in seen(browser_of(boss).get(LIST))

    def test_cancels_one_that_waits(self, browser_of, desk, message):
        browser = browser_of(desk)
        assert "It is not sent." in seen(browser.get(f"{LIST}{message.pk}/cancel/"))

        browser.post(f"{LIST}{message.pk}/cancel/", {"confirmed": "yes", "reason": "a mistake"})

        message.refresh_from_db()
        assert message.state == "cancelled"
        assert LogEntry.objects.get(additional_data__event="sms.cancelled").additional_data["reason"] == "a mistake"

    def test_sends_an_unknown_one_again_only_when_told_that_it_may_arrive_twice(self, browser_of, desk, message):
        Message.objects.update(state="unknown")
        browser, again = browser_of(desk), f"{LIST}{message.pk}/again/"
        assert "this person may get it twice" in seen(browser.get(again))

        browser.post(again, {"confirmed": "yes"})
        message.refresh_from_db()
        assert message.state == "unknown"

        browser.post(again, {"confirmed": "yes", "twice": "on"})
        message.refresh_from_db()
        assert message.state == "pending"

    def test_sends_many_again(self, browser_of, desk, message):
        Message.objects.update(state="failed")
        given = {"action": "send_again", "_selected_action": [str(message.pk)], "confirmed": "yes"}

        assert "1 message is sent again." in seen(browser_of(desk).post(LIST, given, follow=True))

    @pytest.mark.parametrize("step", ["again", "cancel"])
    def test_does_nothing_for_who_only_looks(self, browser_of, hire, role, message, step):
        reader = hire("reader", is_staff=True, roles=[role("readers", 50, "sms.view_message")])

        answer = browser_of(reader).post(f"{LIST}{message.pk}/{step}/", {"confirmed": "yes", "twice": "on"})

        assert answer.status_code == 403

    def test_is_not_there_for_who_does_not_reach_the_person(self, browser_of, hire, message):
        outsider = hire("outsider", is_staff=True)

        assert browser_of(outsider).get(LIST).status_code == 403
