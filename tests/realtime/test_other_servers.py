"""Servers that know nothing of raw writes."""

import json

import pytest
from asgiref.testing import ApplicationCommunicator

from realtime import cluster, gateway
from realtime.transport.routing import application
from tests.clients import PATIENCE
from tests.realtime.conftest import until
from tests.realtime.server import GatehouseThread


class TestAnotherProtocol:
    @pytest.fixture
    def gatehouse(self, gate_settings):
        with GatehouseThread("websockets-sansio") as server:
            yield server

    def test_serves_the_same(self, gatehouse, mei, hans):
        assert mei.is_alive()
        for number in range(100):
            gateway.send_user(1, "count", number)
        gateway.broadcast("note", "all")

        assert [mei.next("count") for _ in range(100)] == list(range(100))
        assert hans.next("note") == "all"
        gateway.send_user(1, "blob", b"\xff")
        assert mei.next("note") == "all"
        assert mei.raw.recv(timeout=PATIENCE) == b"\xff"

    def test_closes_with_our_codes(self, gatehouse, mei, opener):
        gateway.disconnect(mei.id, reason="Lunch.")

        assert mei.end() == (4503, "Lunch.")
        assert opener(gatehouse, bearer="stranger").end()[0] == 4500
        assert until(lambda: gateway.connections() == [])

    def test_evicts_a_slow_reader(self, gatehouse, gate_settings, opener, mei):
        gate_settings.GATEWAY_MAX_BUFFER = 200_000
        opener(gatehouse, bearer="lost", max_queue=1).greeted()

        for _ in range(400):
            gateway.broadcast("news", "x" * 50_000)
            assert len(mei.next("news")) == 50_000
            if not gateway.is_online(4):
                break

        assert not gateway.is_online(4)
        assert mei.is_alive()


class TestBareAsgi:
    """The same calls Channels' own test client makes."""

    HEADERS = [(b"authorization", b"Bearer mei"), (b"accept-language", b"en")]

    def scope(self, path):
        return {"type": "websocket", "path": path, "query_string": b"", "headers": self.HEADERS, "subprotocols": []}

    async def test_is_served_like_everybody(self, gate_settings):
        mei = ApplicationCommunicator(application, self.scope("/ws/"))

        await mei.send_input({"type": "websocket.connect"})
        assert (await mei.receive_output(10))["type"] == "websocket.accept"
        assert json.loads((await mei.receive_output(10))["text"])["topic"] == "welcome"
        await mei.send_input({"type": "websocket.receive", "text": '{"id": 1, "topic": "echo", "data": "hi"}'})
        assert json.loads((await mei.receive_output(10))["text"]) == {"id": 1, "topic": "echo", "data": "hi"}
        await gateway.asend_user(1, "note", 7)
        assert json.loads((await mei.receive_output(10))["text"]) == {"topic": "note", "data": 7}
        assert await gateway.ais_online(1)
        await gateway.adisconnect(user_id=1)
        assert json.loads((await mei.receive_output(10))["text"])["topic"] == "kick"
        assert (await mei.receive_output(10))["code"] == 4503
        assert not await gateway.ais_online(1)

        await mei.send_input({"type": "websocket.disconnect", "code": 4503})
        await mei.wait(10)
        await cluster.stop()

    async def test_finds_no_socket_elsewhere(self):
        lost = ApplicationCommunicator(application, self.scope("/elsewhere/"))

        await lost.send_input({"type": "websocket.connect"})

        assert await lost.receive_output(10) == {"type": "websocket.close", "code": 4404}
