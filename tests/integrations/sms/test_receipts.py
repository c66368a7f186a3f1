"""Receipts come in any order, late, twice, and from people who have no business sending any."""

import hashlib
import hmac
import json
from decimal import Decimal

import pytest

from integrations.sms.models import Message
from tests.fakes.alibaba import FAILED
from tests.integrations.sms.conftest import RECEIPT_SECRET, work

URL = "/api/v1/sms/receipts/aliyun"


def signed(body: bytes, secret: str = RECEIPT_SECRET) -> dict[str, str]:
    return {"X-Signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.fixture
def call_back(client, gateway):
    """The gateway's receipts, as it would send them, signed."""

    def call(rows=None, **headers):
        given = [gateway._receipt(one) for one in gateway.taken] if rows is None else rows
        body = json.dumps(given).encode()
        return client.post(URL, body, content_type="application/json", headers=headers or signed(body))

    return call


class TestReceipts:
    def test_say_that_a_message_arrived(self, ask, aliyun, gateway, call_back):
        message = work(ask())
        gateway.settle()

        assert call_back().json()["code"] == 0

        message.refresh_from_db()
        assert message.state == "delivered"
        assert message.delivered_at is not None
        assert message.look_at is None
        assert message.tries.get().receipt == "delivered"

    def test_say_what_it_really_cost(self, ask, aliyun, gateway, call_back):
        message = work(ask())
        gateway.taken[0].segments = 3
        gateway.settle()
        call_back()

        message.refresh_from_db()
        assert (message.segments, message.cost) == (3, Decimal("0.1350"))

    def test_say_that_it_did_not(self, ask, aliyun, gateway, call_back):
        message = work(ask())
        gateway.settle(FAILED, "UNDELIVERABLE")
        call_back()

        message.refresh_from_db()
        assert (message.state, message.error_code) == ("failed", "UNDELIVERABLE")

    def test_count_once(self, ask, aliyun, gateway, call_back):
        message = work(ask())
        gateway.settle(FAILED, "UNDELIVERABLE")
        late = [gateway._receipt(gateway.taken[0]) | {"success": True, "err_code": "DELIVERED"}]
        for rows in (None, None, late, None):
            call_back(rows)

        message.refresh_from_db()
        assert message.tries.get().receipt == "delivered"
        assert message.state == "delivered"  # that it arrived outweighs that it did not

    def test_settle_what_was_unknown(self, ask, aliyun, gateway, call_back):
        message = work(ask())
        Message.objects.update(state="unknown", remote_id="")
        message.tries.update(outcome="unknown", remote_id="")
        gateway.settle()
        call_back()

        message.refresh_from_db()
        assert message.state == "delivered"
        assert message.remote_id == gateway.taken[0].biz_id

    def test_keep_a_message_from_being_sent_again(self, ask_notice, aliyun, gateway, call_back):
        message = work(ask_notice())
        gateway.settle()
        Message.objects.update(state="pending")
        call_back()

        assert work(message).state == "delivered"
        assert len(gateway.taken) == 1

    @pytest.mark.parametrize(
        "row",
        [
            {},
            {"biz_id": "nobody's"},
            {"out_id": "x" * 32 + "-1"},
            {"out_id": "0" * 32 + "-99999999999999999999"},
            {"out_id": None, "biz_id": 7, "success": "yes", "report_time": "yesterday", "sms_size": "x"},
        ],
    )
    def test_of_messages_nobody_sent_change_nothing(self, ask, aliyun, gateway, call_back, row):
        message = work(ask())

        assert call_back([row]).status_code == 200
        message.refresh_from_db()
        assert message.state == "sent"


class TestWhoMaySendThem:
    def test_is_who_signs(self, aliyun, call_back, client):
        assert call_back([]).status_code == 200
        for headers in ({"X-Signature": "sha256=00"}, {"X-Signature": "ü"}, signed(b"[]", "wrong")):
            answer = call_back([], **headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "50003")

    def test_is_nobody_where_nothing_is_set(self, aliyun, client):
        aliyun.seal({"access_key_id": "x"})
        aliyun.save()
        empty = signed(b"[]", "")

        assert client.post(URL, b"[]", content_type="application/json", headers=empty).status_code == 403

    def test_is_who_calls_from_a_known_address(self, aliyun, client):
        aliyun.receipt_addresses = ["203.0.113.0/24"]
        aliyun.save()

        def status(ip):
            return client.post(URL, b"[]", content_type="application/json", REMOTE_ADDR=ip).status_code

        assert (status("203.0.113.9"), status("203.0.114.9")) == (200, 403)

    @pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b"[" * 5000])
    def test_sends_them_in_the_providers_form(self, aliyun, client, body):
        answer = client.post(URL, body, content_type="application/json", headers=signed(body))

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")

    def test_is_a_provider_we_have(self, db, client):
        answer = client.post("/api/v1/sms/receipts/nobody", b"[]", content_type="application/json")

        assert answer.status_code == 404
