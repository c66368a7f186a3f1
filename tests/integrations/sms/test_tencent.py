"""Tencent Cloud, through its own SDK, against a gateway that verifies what is signed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.sms import services
from integrations.sms.models import Attempt, Campaign, Message, Provider, Template, TemplateCode
from integrations.sms.providers import client_of
from integrations.sms.providers.tencent import Tencent as TencentClient
from integrations.sms.providers.verdicts import TENCENT
from integrations.sms.services import following, polling
from tests.fakes.tencent import APP, SECRET_ID, SECRET_KEY, Tencent, receipts
from tests.integrations.sms.conftest import work


@pytest.fixture
def tencent() -> Iterator[Tencent]:
    with Tencent() as opened:
        yield opened


@pytest.fixture
def account(tencent: Tencent, db: None) -> Provider:
    provider = Provider(key="tencent", name="Tencent", kind="tencent", sign_name="Gatehouse", endpoint=tencent.url)
    provider.options = {"sdk_app_id": APP}
    provider.receipt_addresses = ["127.0.0.1"]
    provider.seal({"secret_id": SECRET_ID, "secret_key": SECRET_KEY})
    provider.save()
    template = Template.objects.get(key="verification")
    TemplateCode.objects.create(template=template, provider=provider, code="449739", order=["code", "minutes"])
    return provider


class TestTencent:
    def test_takes_parameters_in_their_order(self, ask, account, tencent):
        message = work(ask())

        (taken,) = tencent.taken
        assert message.state == "sent"
        assert (taken.phone, taken.template, taken.parameters) == ("+8613800000000", "449739", ["314159", "5"])
        assert message.remote_id == taken.serial

    def test_refuses_a_wrong_key(self, ask, account, tencent):
        account.seal({"secret_id": SECRET_ID, "secret_key": "wrong"})
        account.save()
        message = work(ask())

        assert (message.state, message.error_code) == ("failed", "AuthFailure.SignatureFailure")

    @pytest.mark.parametrize(("code", "verdict"), sorted(TENCENT.items()))
    def test_is_tried_again_only_where_the_table_says_so(self, ask, account, tencent, code, verdict):
        tencent.refuse(code, whole=code.startswith(("AuthFailure", "InternalError", "RequestLimit")))
        message = work(ask())

        assert message.state == ("pending" if verdict.value == "later" else "failed")
        assert message.error_code == code

    def test_answers_in_its_form_or_not_at_all(self, ask, account, tencent):
        tencent.page = b"<html>busy</html>"

        assert work(ask()).state == "unknown"

    def test_that_cannot_be_reached_is_tried_again(self, ask, account, tencent):
        Provider.objects.update(endpoint="http://127.0.0.1:1")

        assert work(ask()).state == "pending"

    def test_tells_when_asked(self, ask, account, tencent):
        message = work(ask())
        tencent.delivered.add(tencent.taken[0].serial)
        Message.objects.update(look_at=timezone.now())

        assert services.look() == 1
        message.refresh_from_db()
        assert message.state == "delivered"

    def test_is_asked_about_no_message_that_is_too_old_for_it(self, ask, account, tencent):
        message = work(ask())
        Attempt.objects.update(started_at=timezone.now() - timedelta(days=8))
        tencent.delivered.add(tencent.taken[0].serial)
        Message.objects.update(look_at=timezone.now())

        assert services.look() == 1
        message.refresh_from_db()
        assert message.state == "delivered"

    def test_calls_back(self, ask, account, tencent, client):
        message = work(ask())

        answer = client.post("/api/v1/sms/receipts/tencent", receipts(tencent), content_type="application/json")

        assert answer.json()["result"] == 0
        message.refresh_from_db()
        assert message.state == "delivered"


class TestQueue:
    """Receipts of many are taken with one question, where Tencent has opened that for the app."""

    @pytest.fixture(autouse=True)
    def _opened(self, tencent):
        tencent.has_queue = True

    def sent(self, ask, tencent, number):
        messages = [work(ask()) for _number in range(number)]
        Message.objects.update(look_at=timezone.now())
        return messages

    def test_tells_of_many_at_once(self, ask, account, tencent):
        self.sent(ask, tencent, 5)
        tencent.delivered.update(one.serial for one in tencent.taken)

        assert services.look() == 5
        assert set(Message.objects.values_list("state", flat=True)) == {"delivered"}
        assert (tencent.asked["PullSmsSendStatus"], tencent.asked["PullSmsSendStatusByPhoneNumber"]) == (1, 0)

    def test_is_emptied_page_by_page(self, ask, account, tencent, monkeypatch):
        monkeypatch.setattr(TencentClient, "pulled_at_once", 2)
        monkeypatch.setattr("integrations.sms.providers.tencent.PAGE", 2)
        self.sent(ask, tencent, 5)
        tencent.delivered.update(one.serial for one in tencent.taken)

        assert services.look() == 5
        assert tencent.asked["PullSmsSendStatus"] == 3

    def test_leaves_out_what_is_too_young_to_be_asked_about_by_itself(self, ask, account, tencent):
        (message,) = self.sent(ask, tencent, 1)

        assert services.look() == 0
        message.refresh_from_db()
        assert (message.state, message.looks, tencent.asked["PullSmsSendStatusByPhoneNumber"]) == ("sent", 1, 0)
        assert timezone.now() < message.look_at <= timezone.now() + following.LOOKS[1]

    def test_of_which_a_receipt_was_lost_is_made_up_for(self, ask, account, tencent):
        (message,) = self.sent(ask, tencent, 1)
        tencent.delivered.add(tencent.taken[0].serial)
        client_of(account).pull()  # and then the process died
        for _look in range(polling.BY_NUMBER_FROM):
            assert services.look() == 0
            Message.objects.update(look_at=timezone.now())

        assert services.look() == 1
        message.refresh_from_db()
        assert message.state == "delivered"

    def test_holds_the_receipts_of_an_account_that_stands_here_twice(self, ask, account, tencent):
        (message,) = self.sent(ask, tencent, 1)
        tencent.delivered.add(tencent.taken[0].serial)
        other = Provider.objects.get(pk=account.pk)
        other.pk, other.key = None, "other"
        other.save()
        work(ask(only=other))
        Message.objects.exclude(pk=message.pk).update(look_at=timezone.now())
        Message.objects.filter(pk=message.pk).update(look_at=timezone.now() + timedelta(hours=1))

        assert services.look() == 1
        message.refresh_from_db()
        assert message.state == "delivered"


class TestAskingOneByOne:
    def test_stops_at_a_provider_that_does_not_answer(self, ask, account, tencent):
        messages = [work(ask()) for _number in range(3)]
        Message.objects.update(look_at=timezone.now())
        tencent.page = b"<html>busy</html>"

        assert services.look() == 0
        # one question for the queue, one about a message; the others are asked about next time
        assert tencent.pages == 2
        assert sorted(Message.objects.values_list("looks", flat=True)) == [0, 0, 1]
        assert len(messages) == 3

    def test_asks_about_what_somebody_waits_for_before_campaigns(self, ask, ask_notice, account, tencent, monkeypatch):
        monkeypatch.setattr(polling, "AT_ONCE", 1)
        code = work(ask())
        of_many = Message.objects.get(pk=work(ask()).pk)
        campaign = Campaign.objects.create(name="Many", template=of_many.template)
        Message.objects.filter(pk=of_many.pk).update(campaign=campaign, look_at=timezone.now() - timedelta(hours=1))
        Message.objects.filter(pk=code.pk).update(look_at=timezone.now())
        tencent.delivered.update(one.serial for one in tencent.taken)

        assert services.look() == 1
        code.refresh_from_db()
        assert code.state == "delivered"
        assert services.look() == 1
        of_many.refresh_from_db()
        assert of_many.state == "delivered"

    def test_waits_for_an_account_that_is_mended(self, ask, account, tencent, settings):
        work(ask())
        tencent.delivered.add(tencent.taken[0].serial)
        Message.objects.update(look_at=timezone.now())
        key, settings.SECRET_KEY = settings.SECRET_KEY, "another one " * 5

        assert services.look() == 0
        settings.SECRET_KEY = key
        assert services.look() == 1

    def test_asks_nobody_about_messages_of_an_account_that_is_gone(self, ask, account, tencent):
        message = work(ask())
        account.delete()
        Message.objects.update(look_at=timezone.now())

        assert services.look() == 0
        message.refresh_from_db()
        assert message.look_at is None


@pytest.mark.attack("T-S-7")
def test_a_copy_is_counted_where_nobody_can_tell_whether_there_is_one(ask, account, tencent):
    message = ask()
    Attempt.objects.create(
        message=message,
        number=1,
        provider=account,
        provider_key="tencent",
        started_at=timezone.now() - timedelta(minutes=1),
    )
    Message.objects.update(tried=1, state="sending", worker="dead", lease_until=timezone.now())

    assert work(message).state == "sent"
    assert [(one.outcome, one.repeats) for one in message.tries.all()] == [("interrupted", False), ("accepted", True)]
