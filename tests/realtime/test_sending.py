"""Staff send messages, over HTTP."""

import pytest
from auditlog.models import LogEntry
from rest_framework.test import APIClient

from tests.clients import PATIENCE
from tests.realtime.staff import MESSAGES, client, person, send

pytestmark = pytest.mark.django_db(transaction=True)


class TestSending:
    def test_reaches_each_audience(self, sender, mei, hans):
        assert send(sender, {"user": 1}, data=1).status_code == 202
        assert send(sender, {"users": [1, 2, 2]}, data=2).status_code == 202
        assert send(sender, {"group": "role.guard"}, data=3).status_code == 202
        assert send(sender, {"groups": ["user.1", "department.0"]}, data=4).status_code == 202
        assert send(sender, {"connection": mei.id}, data=5).status_code == 202
        assert send(sender, {"all": True}, data=6, exclude_user=2).status_code == 202

        assert [mei.next("note") for _ in range(5)] == [1, 2, 4, 5, 6]
        assert [hans.next("note") for _ in range(3)] == [2, 3, 4]
        assert hans.is_alive()
        assert hans.kept == []

    def test_answers_with_an_id_that_the_audit_trail_knows(self, sender, mei):
        known = send(sender, {"user": 1}).json()["id"]

        entry = LogEntry.objects.filter(additional_data__event="realtime.message_sent").get()
        assert entry.additional_data["details"]["message_id"] == known

    def test_takes_any_json(self, sender, mei):
        for data in (None, [], {"a": [1, None]}, "文", 0, False):
            assert send(sender, {"user": 1}, data=data).status_code == 202
            assert mei.next("note") == data

    @pytest.mark.parametrize(
        ("to", "field"),
        [
            ({}, "to"),
            ({"user": 1, "all": True}, "to"),
            ({"user": 0}, "to"),
            ({"user": -1}, "to"),
            ({"user": "1"}, "to"),
            ({"user": True}, "to"),
            ({"user": 1.0}, "to"),
            ({"user": 1, "group": "a b"}, "to"),
            ({"user": 1, "group": "a", "all": True}, "to"),
            ({"users": [1], "group": "a"}, "to"),
            ({"users": []}, "to"),
            ({"users": ["x"]}, "to"),
            ({"users": list(range(1, 1002))}, "to"),
            ({"group": "a b"}, "to"),
            ({"group": "public.x\n"}, "to"),
            ({"groups": "public.x"}, "to"),
            ({"connection": "../../x"}, "to"),
            ({"all": False}, "to"),
            ({"all": 1}, "to"),
            ({"everyone": True}, "to"),
            ("all", "to"),
            (None, "to"),
        ],
    )
    def test_wants_exactly_one_audience(self, sender, gatehouse, to, field):
        answer = send(sender, to)

        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "10000"
        assert field in answer.json()["error"]["fields"]

    @pytest.mark.parametrize("topic", ["", "Loud", "a b", "x" * 101, None, 7, "note\n"])
    def test_wants_a_topic(self, sender, gatehouse, topic):
        assert "topic" in send(sender, {"all": True}, topic=topic).json()["error"]["fields"]

    def test_reaches_a_user_inside_a_group_only(self, sender, mei, hans):
        assert send(sender, {"group": "role.guard", "user": 1}, data=1, receipt=True).json()["delivered"] == 0
        assert send(sender, {"group": "role.guard", "user": 2}, data=2, receipt=True).json()["delivered"] == 1

        assert hans.next("note") == 2
        assert mei.is_alive()
        assert mei.kept == []

    def test_tells_who_got_it_when_asked(self, sender, mei, hans):
        told = send(sender, {"all": True}, receipt=True).json()

        assert told.keys() == {"id", "delivered", "nodes", "silent"}
        assert (told["delivered"], list(told["nodes"].values()), told["silent"]) == (2, [2], [])
        assert send(sender, {"all": True}).json().keys() == {"id"}
        assert "receipt" in send(sender, {"all": True}, receipt="yes").json()["error"]["fields"]

    def test_takes_bytes(self, sender, mei):
        body = {"to": {"user": 1}, "topic": "blob", "data_base64": "AP8="}

        assert sender.post(MESSAGES, body, format="json").status_code == 202
        assert mei.raw.recv(timeout=PATIENCE) == b"\x00\xff"

    def test_of_an_id_happens_once_for_each_sender(self, sender, mei):
        other = client(person("other", "realtime.send", is_superuser=True))

        assert send(sender, {"user": 1}, data=1, id="order-7").json() == {"id": "order-7"}
        assert send(sender, {"user": 1}, data="again", id="order-7").json() == {"id": "order-7", "duplicate": True}
        assert send(other, {"user": 1}, data=2, id="order-7").json() == {"id": "order-7"}

        assert [mei.next("note") for _ in range(2)] == [1, 2]
        assert mei.is_alive()
        assert mei.kept == []

    def test_is_refused_once_it_has_run_out(self, sender, mei):
        late = send(sender, {"user": 1}, expires_at="2020-01-31T08:00:00Z")

        assert (late.status_code, late.json()["error"]["fields"].keys()) == (400, {"expires_at"})
        assert send(sender, {"user": 1}, expires_at="2100-01-31T08:00:00+08:00").status_code == 202

    @pytest.mark.parametrize(
        "odd", [{"topic": "note\u0000"}, {"to": {"user": 2**63}}, {"data": "\u0000", "to": {"user": -(2**70)}}]
    )
    def test_takes_nothing_that_could_not_be_stored(self, sender, gatehouse, odd):
        answer = sender.post(MESSAGES, {"to": {"all": True}, "topic": "note", **odd}, format="json")

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")

    def test_reaches_a_member_of_several_groups_once(self, sender, mei, hans):
        several = {"groups": ["everyone", "user.1", "department.1"]}

        assert send(sender, several, data=1).status_code == 202
        assert send(sender, several, data=2, exclude_user=1).status_code == 202
        assert send(sender, several, data=3).status_code == 202

        assert [mei.next("note") for _ in range(2)] == [1, 3]
        assert [hans.next("note") for _ in range(3)] == [1, 2, 3]
        assert mei.is_alive()
        assert hans.is_alive()
        assert mei.kept == hans.kept == []

    @pytest.mark.parametrize("topic", ["welcome", "kick", "error"])
    def test_does_not_speak_for_the_gateway(self, sender, mei, topic):
        answer = send(sender, {"all": True}, topic=topic)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")
        assert answer.json()["error"]["fields"].keys() == {"topic"}
        assert mei.is_alive()
        assert mei.kept == []

    @pytest.mark.parametrize("to", [{"connection": "0-0"}, {"user": 1}, {"users": [1, 2]}])
    def test_leaves_nobody_out_of_those_it_names(self, sender, gatehouse, to):
        answer = send(sender, to, exclude_user=1)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "10000")
        assert answer.json()["error"]["fields"].keys() == {"exclude_user"}
        assert send(sender, to, exclude_user=None).status_code == 202

    def test_takes_no_more_than_a_connection_may_hold(self, gate_settings, sender, mei):
        gate_settings.GATEWAY_MAX_BUFFER = 2_000

        answer = send(sender, {"all": True}, data="x" * 2_000)

        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "10011")
        assert "KB" in answer.json()["error"]["message"]
        assert send(sender, {"all": True}, data="x" * 1_900).status_code == 202
        assert len(mei.next("note")) == 1_900

    def test_refuses_what_it_does_not_know(self, sender, gatehouse):
        assert send(sender, {"all": True}, urgent=True).json()["error"]["fields"].keys() == {"urgent"}

    def test_is_for_those_who_may(self, watcher, gatehouse, mei):
        assert send(watcher, {"all": True}).json()["error"]["code"] == "10009"
        assert APIClient().post(MESSAGES, {}, format="json").status_code == 401

    def test_says_when_nobody_can_be_reached(self):
        boss = person("theboss", is_superuser=True)

        answer = send(client(boss), {"all": True})

        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "40005"
