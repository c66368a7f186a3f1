"""Tencent Cloud, through its own SDK, against a gateway that verifies what is signed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.sms import services
from integrations.sms.models import Attempt, Message, Provider, Template, TemplateCode
from integrations.sms.providers.verdicts import TENCENT
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

    def test_calls_back(self, ask, account, tencent, client):
        message = work(ask())

        answer = client.post("/api/v1/sms/receipts/tencent", receipts(tencent), content_type="application/json")

        assert answer.json()["result"] == 0
        message.refresh_from_db()
        assert message.state == "delivered"


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
