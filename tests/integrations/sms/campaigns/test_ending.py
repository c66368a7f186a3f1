"""A campaign is stopped at any moment, and leaves nothing behind that is not needed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.sms import campaigns, services
from integrations.sms.campaigns import sending
from integrations.sms.errors import TemplateInUse
from integrations.sms.models import Campaign, Message, Recipient
from project.core import jobs
from project.core.errors import InvalidParameters
from tests.integrations.sms.campaigns.conftest import numbers, run
from tests.integrations.sms.conftest import work

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


class TestStopping:
    def test_stops_with_what_waits_cancelled(self, to_rows, boss, outbox):
        campaign = run(campaigns.confirm(to_rows(*numbers(5)), by=boss))
        for message in Message.objects.all()[:2]:
            work(message)

        campaigns.stop(campaign, by=boss)
        for message in Message.objects.all():
            work(message)

        assert len(outbox) == 2
        assert campaigns.tallies(campaign) == {"sent": 2, "cancelled": 3}

    def test_writes_nothing_once_it_is_stopped(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(3)), by=boss)
        busy = jobs.claim(Campaign, campaign.pk)
        assert busy is not None
        campaigns.stop(Campaign.objects.get(pk=campaign.pk), by=boss)

        with pytest.raises(jobs.LeaseLost):
            sending._write(busy, list(busy.recipients.all()))

        assert not Message.objects.exists()


class TestAfterwards:
    def test_keeps_the_template_while_it_goes_on(self, to_rows, parcel):
        to_rows("13800000001")

        with pytest.raises(InvalidParameters):
            services.check_texts(parcel, {"en": "Nothing"})
        with pytest.raises(TemplateInUse):
            services.delete_template(parcel, by=None)

    def test_forgets_a_recipient_who_is_forgotten(self, to_rows, boss):
        person = User.objects.create_user("ann", phone="13800000001")
        campaign = to_rows("13800000001", "13800000002")

        services.forget(person)
        run(campaigns.confirm(campaign, by=boss))

        forgotten = Recipient.objects.get(person=person)
        assert (forgotten.phone, forgotten.parameters, forgotten.queued) == (None, {}, False)
        assert [one.phone for one in Message.objects.all()] == ["+8613800000002"]

    def test_keeps_nothing_that_was_sent_along_once_it_has_ended(self, to_sheet, to_rows, boss):
        ended = [to_sheet(["phone", "number"], ["13800000001", "A1"]), to_rows("13800000001")]
        file = ended[0].file
        assert file.storage.exists(file.name)

        for one in ended:
            campaigns.stop(one, by=boss)

        assert not file.storage.exists(file.name)
        assert Campaign.objects.get(pk=ended[1].pk).audience == {"rows": []}

    def test_is_forgotten_after_a_while(self, to_rows, settings):
        campaign = to_rows("13800000001")
        Campaign.objects.update(created_at=timezone.now() - timedelta(days=settings.SMS_DAYS + 1))

        assert campaigns.purge() == 1
        assert not Recipient.objects.filter(campaign=campaign.pk).exists()
