"""A message is asked for in the transaction that decides it, and its secret is nobody's to read."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from integrations.sms import services
from integrations.sms.errors import BadParameters, NotInThisState, UnknownTemplate
from integrations.sms.models import Message, Provider, Template
from integrations.sms.providers import memory
from integrations.sms.providers.interface import NotSent, Verdict
from tests.integrations.sms.conftest import work


class TestAsking:
    def test_is_undone_with_its_transaction(self, ask):
        with transaction.atomic():
            ask()
            transaction.set_rollback(True)

        assert not Message.objects.exists()

    def test_keeps_what_may_be_read_apart_from_what_may_not(self, ask, outbox):
        message = ask()

        assert message.parameters == {"minutes": "5"}
        assert message.secrets == {"code": "314159"}
        assert "******" in message.text
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM sms_message")
            assert "314159" not in str(cursor.fetchall())

    def test_wants_the_parameters_of_the_template(self, ask):
        with pytest.raises(BadParameters) as refused:
            ask(parameters={"hours": "1"})

        assert set(refused.value.fields["parameters"]) == {"hours", "minutes"}

    @pytest.mark.parametrize("value", ["", "a\nb", "x" * 201])
    def test_takes_plain_lines_only(self, ask_notice, value):
        with pytest.raises(BadParameters):
            ask_notice(parameters={"text": value})

    def test_wants_a_template_in_use(self, ask):
        Template.objects.filter(key="notice").update(enabled=False)

        for key in ("notice", "nonsense"):
            with pytest.raises(UnknownTemplate):
                ask(template=key)

    def test_brings_a_built_in_template_back(self, ask):
        Template.objects.all().delete()

        assert ask().template.key == "verification"

    def test_expects_what_it_will_cost(self, ask_notice, outbox):
        message = ask_notice(parameters={"text": "长" * 71})

        assert (message.segments, message.cost, message.currency) == (2, Decimal("0.10"), "CNY")

    def test_of_many_writes_a_batch_at_a_time(self, outbox):
        many = (
            services.Request(f"+86138{number:08}", {"text": f"Lunch {number}"}, "zh-hans") for number in range(1_100)
        )

        sizes = [len(batch) for batch in services.enqueue_many(many, template="notice", purpose="campaign")]

        assert sizes == [500, 500, 100]
        assert Message.objects.waiting().count() == 1_100


class TestCancelling:
    def test_ends_a_message_that_waits(self, ask, outbox):
        message = services.cancel(ask(), by=None)

        assert work(message).state == "cancelled"
        assert not message.secret
        assert not outbox

    def test_is_too_late_for_one_that_left(self, ask, outbox):
        message = work(ask())

        with pytest.raises(NotInThisState):
            services.cancel(message, by=None)


class TestSending:
    def test_says_the_words_in_the_language_and_forgets_the_secret(self, ask, outbox):
        message = work(ask())

        assert outbox[0].text.startswith("Your code is 314159, valid for 5 minutes.")
        assert message.state == "sent"
        assert message.secret == ""
        assert message.sent_at is not None
        assert [(one.number, one.outcome, one.provider_key) for one in message.tries.all()] == [
            (1, "accepted", "memory")
        ]

    def test_speaks_chinese(self, ask, outbox):
        work(ask(language="zh-hans"))

        assert outbox[0].text.startswith("您的验证码是314159，5分钟内有效")

    def test_happens_once_however_often_the_worker_is_woken(self, ask, outbox):
        message = ask()

        work(message)
        work(message)

        assert len(outbox) == 1

    def test_drops_what_is_too_late(self, ask, outbox):
        message = work(ask(expires_at=timezone.now() - timedelta(seconds=1)))

        assert (message.state, message.secret) == ("expired", "")
        assert not outbox

    def test_ends_what_waits_for_longer_than_it_may(self, ask, outbox):
        late, good = ask(expires_at=timezone.now() - timedelta(seconds=1)), ask()

        assert services.expire() == 1

        late.refresh_from_db()
        good.refresh_from_db()
        assert (late.state, late.secret, good.state) == ("expired", "", "pending")

    def test_tries_again_later_when_a_provider_cannot_now(self, ask, outbox):
        memory.refusals.append(NotSent(Verdict.LATER, "isp.SYSTEM_ERROR", "busy"))
        message = work(ask())

        assert (message.state, message.error, message.error_code) == ("pending", "busy", "isp.SYSTEM_ERROR")
        assert message.secret
        assert message.next_at > timezone.now()

        Message.objects.update(next_at=timezone.now())
        assert work(message).state == "sent"
        assert [one.outcome for one in message.tries.all()] == ["try_again", "accepted"]

    def test_gives_up_after_the_first_try_and_one_after_each_back_off_and_tells_staff(
        self, ask, outbox, django_user_model
    ):
        boss = django_user_model.objects.create_superuser("bigboss", "boss@example.com")
        message = ask()
        waited = []
        for _attempt in range(6):
            memory.refusals.append(NotSent(Verdict.LATER, "isp.SYSTEM_ERROR", "busy"))
            Message.objects.update(next_at=timezone.now())
            began = timezone.now()
            work(message)
            waited.append((message.next_at - began).total_seconds())

        assert (message.state, message.attempts, message.secret) == ("dead", 6, "")
        for seconds, least in zip(waited[:5], (1, 5, 30, 120, 600), strict=True):
            assert least <= seconds <= least * 1.25 + 5
        assert boss.mails.get().name == "sms_given_up"

    def test_ends_a_message_that_nobody_will_carry(self, ask, outbox):
        memory.refusals.append(NotSent(Verdict.MESSAGE, "isv.MOBILE_NUMBER_ILLEGAL", "no such number"))
        message = work(ask())

        assert (message.state, message.error) == ("failed", "no such number")

    def test_never_repeats_a_message_that_may_have_gone_out(self, ask, outbox):
        memory.refusals.append(NotSent(Verdict.NO_ANSWER, "timeout"))
        message = work(ask())

        assert message.state == "unknown"
        Message.objects.update(next_at=timezone.now())
        assert work(message).state == "unknown"
        assert not outbox

    def test_goes_to_the_next_provider_when_one_refuses_us(self, ask, outbox, django_user_model):
        boss = django_user_model.objects.create_superuser("bigboss", "boss@example.com")
        first = Provider.objects.create(key="first", name="First", kind="memory", position=1)
        memory.refusals.append(NotSent(Verdict.ACCOUNT, "isv.AMOUNT_NOT_ENOUGH", "no money"))
        message = work(ask())

        assert (message.state, message.provider.key) == ("sent", "memory")
        assert [(one.provider_key, one.outcome) for one in message.tries.all()] == [
            ("first", "refused"),
            ("memory", "accepted"),
        ]
        first.refresh_from_db()
        assert first.trouble_code == "isv.AMOUNT_NOT_ENOUGH"
        assert boss.mails.get().name == "sms_account_trouble"

    def test_waits_without_losing_an_attempt_while_the_provider_is_left_alone(self, ask, outbox):
        for _number in range(10):
            memory.refusals.append(NotSent(Verdict.LATER, "isp.SYSTEM_ERROR"))
            work(ask())
        message = work(ask())

        assert (message.state, message.attempts) == ("pending", 0)
        assert message.next_at > timezone.now()
        assert not message.tries.exists()


class TestRouting:
    def test_asks_the_provider_of_the_country(self, ask_notice, outbox):
        Provider.objects.create(key="asia", name="Asia", kind="memory", position=1, prefixes=[65])

        assert work(ask_notice(phone="+6581234567")).provider.key == "asia"
        assert work(ask_notice()).provider.key == "memory"

    def test_passes_over_a_provider_of_a_kind_that_is_not_known_any_more(self, ask_notice, outbox):
        old = Provider.objects.create(key="old", name="Old", kind="pigeon", position=1)

        assert work(ask_notice()).provider.key == "memory"
        old.refresh_from_db()
        assert old.trouble_code == "unknown_kind"

    def test_stops_at_the_days_quota(self, ask_notice, outbox):
        Provider.objects.create(key="small", name="Small", kind="memory", position=1, daily_quota=1)

        carriers = [work(ask_notice()).provider.key for _message in range(3)]

        assert carriers == ["small", "memory", "memory"]

    def test_waits_for_tomorrow_when_all_quotas_are_sent(self, ask_notice, outbox, django_user_model):
        boss = django_user_model.objects.create_superuser("bigboss", "boss@example.com")
        Provider.objects.update(daily_quota=1)
        work(ask_notice())
        waiting = work(ask_notice())

        assert (waiting.state, waiting.attempts) == ("pending", 0)
        assert boss.mails.get().name == "sms_account_trouble"
        with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
            assert work(waiting).state == "sent"

    def test_leaves_out_what_is_switched_off(self, ask, outbox):
        Provider.objects.update(enabled=False)
        message = work(ask())

        assert (message.state, message.attempts) == ("pending", 1)
        assert message.error

    def test_prints_on_the_terminal_of_a_fresh_installation_for_development(self, ask, capfd, caplog):
        message = work(ask())

        assert message.provider.kind == "console"
        assert "314159" in capfd.readouterr().out
        assert "314159" not in caplog.text

    def test_never_prints_in_production(self, ask, settings, capfd):
        Provider.objects.create(key="console", name="Terminal", kind="console")
        settings.ENVIRONMENT = "prod"
        message = work(ask())

        assert message.state == "pending"
        assert "314159" not in capfd.readouterr().out


class TestSendingAgain:
    def test_takes_a_message_that_failed(self, ask_notice, outbox):
        memory.refusals.append(NotSent(Verdict.NO_ANSWER, "timeout"))
        message = work(ask_notice())

        services.send_again(message, by=None)

        assert work(message).state == "sent"
        assert [(one.outcome, one.repeats) for one in message.tries.all()] == [("unknown", False), ("accepted", True)]

    def test_does_not_bring_a_code_back(self, ask, outbox):
        memory.refusals.append(NotSent(Verdict.NO_ANSWER, "timeout"))
        message = work(ask())

        with pytest.raises(NotInThisState, match="ask for a new one"):
            services.send_again(message, by=None)

    def test_does_not_repeat_what_arrived(self, ask_notice, outbox):
        message = work(ask_notice())

        with pytest.raises(NotInThisState):
            services.send_again(message, by=None)
