"""A provider that fails is left alone by all processes, and asked by one of them whether it is well again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.sms import breakers, services
from integrations.sms.directory import Directory
from integrations.sms.models import Attempt, Message, Provider
from integrations.sms.providers import NotSent, Verdict, memory
from integrations.sms.services import batches
from integrations.sms.services.sending import STARTS_WITHIN, call
from project.core import breaker, jobs
from project.core.jobs import LeaseLost
from tests.core.threads import in_threads
from tests.integrations.sms.conftest import work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]


def forget_what_this_process_counted():
    """As any other process: it has called nobody."""
    breaker.named("sms-memory").reset()


def fail(ask_notice, times):
    for _time in range(times):
        memory.refusals.append(NotSent(Verdict.LATER, "isp.SYSTEM_ERROR"))
        work(ask_notice())


def its_time_is_over():
    Provider.objects.update(left_alone_until=timezone.now() - timedelta(milliseconds=1))


@pytest.fixture
def sick(ask_notice, outbox):
    forget_what_this_process_counted()  # in the tests before
    fail(ask_notice, 10)
    forget_what_this_process_counted()
    return Provider.objects.get()


class TestAProviderThatFails:
    def test_is_left_alone_by_processes_that_have_not_called_it(self, sick, ask_notice, outbox):
        message = work(ask_notice())

        assert (message.state, message.attempts) == ("pending", 0)
        assert not message.tries.exists()
        assert services.health()[0].breaker == "open"
        assert services.health()[0].failed_lately == 10
        assert services.drain() == 0

    def test_is_asked_by_one_of_all_when_its_time_is_over(self, sick):
        its_time_is_over()

        def ask_as_another_process(_number):
            return breakers.may_be_asked(Provider.objects.get())

        assert sum(in_threads(6, ask_as_another_process)) == 1
        assert services.health()[0].breaker == "open"

    def test_is_asked_by_everybody_once_it_took_a_message(self, sick, ask_notice, outbox):
        its_time_is_over()
        assert services.health()[0].breaker == "half-open"

        assert work(ask_notice()).state == "sent"
        assert services.health()[0].breaker == "closed"
        assert Provider.objects.get().left_alone_since is None
        assert work(ask_notice()).state == "sent"

    def test_is_left_alone_on_when_it_did_not(self, sick, ask_notice, outbox):
        since = sick.left_alone_since
        its_time_is_over()
        fail(ask_notice, 1)

        sick.refresh_from_db()
        assert sick.left_alone_until > timezone.now()
        assert sick.left_alone_since == since


class TestManyAtOnce:
    @pytest.fixture
    def claimed(self, ask_notice, outbox):
        messages = [ask_notice() for _number in range(3)]
        return jobs.claim_many(Message, [one.pk for one in messages])

    def begin(self, claimed):
        return batches.begin(claimed, Directory())

    def test_are_written_down_before_any_is_called_for(self, claimed, outbox):
        begun, others = self.begin(claimed)

        assert (len(begun), others) == (3, [])
        assert list(Attempt.objects.values_list("outcome", "number")) == [("open", 1)] * 3
        assert set(Message.objects.values_list("state", "tried")) == {("sending", 1)}
        assert not outbox

    def test_leaves_out_what_was_cancelled_meanwhile(self, claimed, outbox):
        services.cancel(Message.objects.get(pk=claimed[0].pk), by=None)

        begun, _others = self.begin(claimed)

        assert {one.message.pk for one in begun} == {one.pk for one in claimed[1:]}
        assert Attempt.objects.count() == 2

    def test_that_waited_too_long_are_not_called_for_when_somebody_else_has_them(self, claimed, outbox):
        begun, _others = self.begin(claimed)
        for one in begun:
            one.attempt.started_at -= STARTS_WITHIN
        Message.objects.filter(pk=begun[0].message.pk).update(worker="another")

        with pytest.raises(LeaseLost):
            call(begun[0])
        assert call(begun[1]).remote_id
        renewed = Message.objects.filter(pk=begun[1].message.pk, lease_until__gt=timezone.now() + timedelta(seconds=25))
        assert renewed.exists()
        assert len(outbox) == 1

    def test_keep_what_came_of_a_try_though_somebody_else_has_the_message(self, claimed, outbox):
        begun, _others = self.begin(claimed)
        Message.objects.filter(pk=begun[0].message.pk).update(worker="another")

        batches.end([(one, call(one)) for one in begun])

        assert set(Attempt.objects.values_list("outcome", flat=True)) == {"accepted"}
        assert Message.objects.get(pk=begun[0].message.pk).state == "sending"
        sent = Message.objects.filter(state="sent")
        assert {one.remote_id for one in sent} == {one.outgoing.reference for one in begun[1:]}
        assert {(one.worker, one.lease_until, one.secret) for one in sent} == {("", None, "")}

    def test_of_which_one_may_have_arrived_before_says_so(self, claimed, outbox):
        Attempt.objects.create(message=claimed[0], number=1, provider_key="memory", outcome="interrupted")
        claimed[0].tried = 1
        Message.objects.filter(pk=claimed[0].pk).update(tried=1)

        begun, _others = self.begin(claimed)

        assert {(one.attempt.number, one.attempt.repeats) for one in begun} == {(2, True), (1, False)}
