"""A campaign is sent: one to each, whatever happens on the way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.sms import campaigns
from integrations.sms.campaigns import sending
from integrations.sms.errors import NotInThisState
from integrations.sms.models import Campaign, Message, Provider, Recipient
from project.core import jobs
from tests.integrations.sms.campaigns.conftest import numbers, run, sent

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


class TestSending:
    def test_sends_one_to_each(self, to_rows, outbox):
        campaign = sent(to_rows(*numbers(12)))

        assert (campaign.state, campaign.done, campaign.total) == ("done", 12, 12)
        assert sorted(one.phone for one in outbox) == [f"+86{one}" for one in numbers(12)]
        assert {one.text for one in outbox} == {f"包裹{n}已到reception。" for n in range(1, 13)}
        assert campaign.recipients.filter(queued=True, message__state="sent").count() == 12

    def test_counts_of_two_confirmations_one(self, to_rows, boss):
        campaign = to_rows("13800000001")
        other = Campaign.objects.get(pk=campaign.pk)
        campaigns.confirm(campaign, by=boss)

        with pytest.raises(NotInThisState):
            campaigns.confirm(other, by=boss)

    def test_is_not_confirmed_as_something_else_than_was_shown(self, to_rows, boss):
        with pytest.raises(NotInThisState):
            campaigns.confirm(to_rows("13800000001"), by=boss, good=2)

    def test_goes_on_where_a_killed_worker_left_it(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(9)), by=boss)
        dead = jobs.claim(Campaign, campaign.pk)
        assert dead is not None
        sending._write(dead, list(sending._waiting(dead)[:4]))
        assert Message.objects.count() == 4
        Campaign.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        run(campaign)

        assert Message.objects.count() == 9
        assert Message.objects.values("phone").distinct().count() == 9

    def test_writes_nothing_for_a_worker_that_woke_too_late(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(3)), by=boss)
        asleep = jobs.claim(Campaign, campaign.pk)
        assert asleep is not None
        Campaign.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        run(campaign)

        with pytest.raises(jobs.LeaseLost):
            sending._write(asleep, list(asleep.recipients.all()))

        assert Message.objects.count() == 3

    def test_leaves_a_fifth_of_the_days_money_to_codes(self, to_rows, boss, settings):
        campaign = campaigns.confirm(to_rows(*numbers(10)), by=boss)
        settings.SMS_DAILY_BUDGET = 0.5  # of which eight can be paid

        campaign = run(campaign)
        assert (campaign.state, campaign.waits_for, Message.objects.count()) == ("sending", "budget", 8)

        settings.SMS_DAILY_BUDGET = 1_000
        campaign = run(campaign)
        assert (campaign.waits_for, Message.objects.count()) == ("", 10)

    def test_asks_again_whom_the_sender_reaches(self, to_rows, clerk):
        near = User.objects.create_user("near", phone="13800000001", department=clerk.department)
        User.objects.create_user("near2", phone="13800000002", department=clerk.department)
        campaign = campaigns.confirm(to_rows("13800000001", "13800000002", by=clerk), by=clerk)
        User.objects.filter(pk=near.pk).update(department=None)

        run(campaign)

        assert [one.phone for one in Message.objects.all()] == ["+8613800000002"]
        assert "reach" in Recipient.objects.get(phone="+8613800000001").problem

    def test_ends_when_the_sender_may_not_any_more(self, to_rows, clerk):
        User.objects.create_user("near", phone="13800000001", department=clerk.department)
        campaign = campaigns.confirm(to_rows("13800000001", by=clerk), by=clerk)
        User.objects.filter(pk=clerk.pk).update(is_active=False)

        assert run(campaign).state == "failed"
        assert not Message.objects.exists()


def test_a_provider_that_is_away_leaves_it_sending(to_rows, boss):
    Provider.objects.update(enabled=False)
    campaign = run(campaigns.confirm(to_rows("13800000001"), by=boss))

    assert (campaign.state, campaign.done) == ("sending", 0)
    assert campaign.attempts == 0
