"""Alibaba Cloud, through its own SDK, against a gateway that verifies what is signed."""

import gc
import logging
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.sms import services
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers.verdicts import ALIBABA
from integrations.sms.services import following
from tests.fakes.alibaba import FAILED, Broken, DropAnswer, Refuse, Slow
from tests.integrations.sms.conftest import account_at, work


def due_again(message):
    Message.objects.filter(pk=message.pk).update(next_at=timezone.now())
    return work(message)


def look_now(message):
    Message.objects.filter(pk=message.pk).update(look_at=timezone.now())
    services.look()
    message.refresh_from_db()
    return message


class TestSending:
    def test_is_signed_and_taken(self, ask, aliyun, gateway):
        message = work(ask())

        (taken,) = gateway.taken
        assert message.state == "sent"
        assert (taken.phone, taken.sign_name, taken.template) == ("13800000000", "Gatehouse", "SMS_100000001")
        assert taken.parameters == {"code": "314159", "minutes": "5"}
        assert message.remote_id == taken.biz_id
        assert message.tries.get().request_id
        assert taken.out_id == message.tries.get().reference

    def test_keeps_country_codes_of_other_countries(self, ask_notice, aliyun, gateway):
        work(ask_notice(phone="+6581234567", parameters={"text": "午饭 & more=yes?"}))

        assert gateway.taken[0].phone == "6581234567"
        assert gateway.taken[0].parameters == {"text": "午饭 & more=yes?"}

    def test_with_a_wrong_secret_is_refused_and_told(self, ask, aliyun, gateway):
        aliyun.seal({"access_key_id": "LTAI5tGatehouseTests", "access_key_secret": "wrong"})
        aliyun.save()
        message = work(ask())

        aliyun.refresh_from_db()
        assert (message.state, message.error_code) == ("failed", "SignatureDoesNotMatch")
        assert aliyun.trouble_code == "SignatureDoesNotMatch"
        assert not gateway.taken

    @pytest.mark.parametrize(("code", "verdict"), sorted(ALIBABA.items()))
    def test_is_tried_again_only_where_the_table_says_so(self, ask, aliyun, gateway, code, verdict):
        gateway.next(Refuse(code))
        message = work(ask())

        assert message.state == ("pending" if verdict.value == "later" else "failed")
        assert message.error_code == code
        assert gateway.asked == 1

    @pytest.mark.parametrize("refusal", [Refuse("Throttling.User", 400), Refuse("ServiceUnavailable", 503)])
    def test_waits_when_the_gateway_is_busy(self, ask, aliyun, gateway, refusal):
        gateway.next(refusal)
        message = work(ask())

        assert message.state == "pending"
        assert due_again(message).state == "sent"
        assert len(gateway.taken) == 1

    def test_comes_through_when_the_gateway_is_back(self, ask, aliyun, gateway):
        aliyun.endpoint = "http://127.0.0.1:1"
        aliyun.save()
        message = work(ask())

        assert (message.state, message.tries.get().outcome) == ("pending", "try_again")
        Provider.objects.update(endpoint=gateway.url)
        assert due_again(message).state == "sent"

    def test_goes_by_another_account_where_one_has_no_money(self, ask, aliyun, gateway):
        second = account_at(gateway.url, key="second", name="Second", position=20)
        gateway.next(Refuse("isv.AMOUNT_NOT_ENOUGH"))
        message = work(ask())

        assert message.provider == second
        assert len(gateway.taken) == 1

    def test_needs_the_templates_id_there(self, ask, aliyun, gateway):
        aliyun.codes.all().delete()
        message = work(ask())

        assert (message.state, message.error_code) == ("failed", "no_template_id")

    def test_writes_no_code_into_any_log(self, ask, aliyun, gateway, caplog, capfd):
        caplog.set_level(logging.INFO)
        gateway.next(DropAnswer(), Refuse("isp.SYSTEM_ERROR"), Broken())
        for _message in range(4):
            work(ask())

        assert "314159" not in caplog.text
        assert "314159" not in str(capfd.readouterr())
        assert "314159" not in str(list(Attempt.objects.values()) + list(Message.objects.values()))


@pytest.mark.attack("T-S-6")
class TestNoAnswer:
    def test_leaves_the_message_unknown_and_never_sends_it_again(self, ask, aliyun, gateway):
        gateway.next(DropAnswer())
        message = work(ask())

        assert message.state == "unknown"
        for _time in range(3):
            assert due_again(message).state == "unknown"
        with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
            services.look()
            assert due_again(message).state in {"unknown", "sent"}
        assert len(gateway.taken) == 1

    def test_in_time_is_no_answer_either(self, ask, aliyun, gateway, settings):
        settings.SMS_READ_SECONDS = 0.3
        gateway.next(Slow(2))
        message = work(ask())

        assert message.state == "unknown"
        assert len(gateway.taken) == 1

    def test_of_a_load_balancer_is_none(self, ask, aliyun, gateway):
        gateway.next(Broken(502, taken=True))

        assert work(ask()).state == "unknown"

    def test_is_reconciled_by_our_own_reference(self, ask, aliyun, gateway):
        gateway.next(DropAnswer())
        message = look_now(work(ask()))

        assert message.state == "sent"
        assert message.tries.get().outcome == "accepted"

        gateway.settle()
        message = look_now(message)
        assert message.state == "delivered"
        assert message.delivered_at is not None
        assert len(gateway.taken) == 1

    def test_about_a_message_that_never_arrived_there_stays_unknown(self, ask_notice, aliyun, gateway):
        gateway.next(Broken(502, taken=False))
        message = look_now(work(ask_notice()))

        assert message.state == "unknown"
        assert not gateway.taken

        services.send_again(message, by=None)
        assert work(message).state == "sent"
        assert message.tries.last().repeats

    def test_of_a_code_is_not_made_good_after_its_time(self, ask, aliyun, gateway):
        gateway.next(Refuse("isp.SYSTEM_ERROR"))
        message = work(ask(expires_at=timezone.now() + timedelta(minutes=5)))

        with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
            message = work(message)

        assert (message.state, message.secret) == ("expired", "")
        assert not gateway.taken


class TestAfterAWorkersDeath:
    def interrupted(self, ask, aliyun, gateway, *, taken):
        """A message whose worker was killed just before the call, or just after."""
        message = ask()
        if taken:
            gateway.next(DropAnswer())
            work(message)
        else:
            Attempt.objects.create(message=message, number=1, provider=aliyun, provider_key=aliyun.key)
        Attempt.objects.update(outcome="open", ended_at=None)
        Message.objects.update(
            tried=1,
            state="sending",
            secret=ask().secret,
            worker="dead",
            lease_until=timezone.now(),
            next_at=timezone.now(),
        )
        return message

    def test_does_not_believe_the_gateway_too_early(self, ask, aliyun, gateway):
        message = self.interrupted(ask, aliyun, gateway, taken=False)

        assert work(message).state == "sending"
        assert message.tries.get().outcome == "open"

    def test_what_left_is_not_sent_again(self, ask, aliyun, gateway):
        message = self.interrupted(ask, aliyun, gateway, taken=True)
        Attempt.objects.update(started_at=timezone.now() - timedelta(seconds=21))

        assert work(message).state == "sent"
        assert len(gateway.taken) == 1

    def test_what_never_left_is_sent(self, ask, aliyun, gateway):
        message = self.interrupted(ask, aliyun, gateway, taken=False)
        Attempt.objects.update(started_at=timezone.now() - timedelta(seconds=21))

        assert work(message).state == "sent"
        assert [(one.outcome, one.repeats) for one in message.tries.all()] == [
            ("never_arrived", False),
            ("accepted", False),
        ]
        assert len(gateway.taken) == 1

    def test_is_settled_when_only_the_last_step_was_missing(self, ask, aliyun, gateway):
        message = work(ask())
        Message.objects.update(state="sending", worker="dead", lease_until=timezone.now(), remote_id="")

        assert work(message).state == "sent"
        assert message.remote_id
        assert len(gateway.taken) == 1

    def test_waits_while_the_gateway_cannot_be_asked(self, ask, aliyun, gateway):
        message = self.interrupted(ask, aliyun, gateway, taken=True)
        Attempt.objects.update(started_at=timezone.now() - timedelta(seconds=21))
        Provider.objects.update(endpoint="http://127.0.0.1:1")

        assert work(message).state == "sending"
        Provider.objects.update(endpoint=gateway.url)
        assert due_again(message).state == "sent"
        assert len(gateway.taken) == 1

    def test_keeps_an_unknown_one_unknown(self, ask, aliyun, gateway):
        message = self.interrupted(ask, aliyun, gateway, taken=True)
        Attempt.objects.update(outcome="unknown")

        assert work(message).state == "unknown"
        assert len(gateway.taken) == 1

    def test_is_told_though_the_account_is_gone(self, ask_notice, aliyun, gateway, outbox):
        message = self.interrupted(ask_notice, aliyun, gateway, taken=False)
        aliyun.delete()

        assert work(message).state == "sent"
        assert [one.outcome for one in message.tries.all()] == ["interrupted", "accepted"]
        assert message.tries.last().repeats


class TestAnotherSecretKey:
    """The rows are those of before; what they sealed cannot be opened any more."""

    def test_sends_by_accounts_that_can_still_be_opened(self, ask_notice, aliyun, gateway, outbox, settings):
        message = ask_notice()
        settings.SECRET_KEY = "another one " * 5

        Provider.objects.filter(key="memory").update(position=20)
        assert work(message).provider.key == "memory"
        aliyun.refresh_from_db()
        assert aliyun.trouble_code == "secret_key"

    def test_ends_messages_whose_code_is_lost(self, ask, outbox, settings):
        message = ask()
        settings.SECRET_KEY = "another one " * 5

        assert (work(message).state, message.error_code) == ("failed", "secret_key")


class TestPolling:
    def test_tells_what_failed_on_its_way(self, ask, aliyun, gateway):
        message = work(ask())
        gateway.settle(FAILED, "MOBILE_NOT_ON_SERVICE")

        assert look_now(message).state == "failed"
        assert message.error_code == "MOBILE_NOT_ON_SERVICE"

    def test_comes_to_an_end(self, ask, aliyun, gateway):
        message = work(ask())
        for _look in following.LOOKS[1:]:
            message = look_now(message)
            assert message.look_at is not None

        assert look_now(message).look_at is None
        assert message.looks == len(following.LOOKS)

    def test_waits_for_the_gateway_to_be_back(self, ask, aliyun, gateway):
        message = work(ask())
        Provider.objects.update(endpoint="http://127.0.0.1:1")

        message = look_now(message)
        assert message.state == "sent"
        assert message.look_at > timezone.now()


def test_the_sdk_leaves_no_connection_open(ask, aliyun, gateway):
    work(ask())
    gc.collect()  # a warning about one would fail this test
