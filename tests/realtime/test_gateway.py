"""The door: from any thread of the serving process."""

import asyncio
import datetime
import decimal
import json
import threading
import uuid

import pytest

from realtime import gateway, topics
from realtime.core.connection import Identity
from realtime.errors import GatewayUnreachable
from tests.clients import PATIENCE
from tests.realtime.conftest import until


class TestSending:
    def test_reaches_one_connection(self, mei, hans):
        gateway.send(mei.id, "note", 1)
        gateway.send("00000000-gone", "note", 2)

        assert mei.next("note") == 1
        assert hans.is_alive()
        assert hans.kept == []

    def test_reaches_all_connections_of_a_user(self, gatehouse, opener, mei):
        second = opener(gatehouse, bearer="mei").greeted()

        gateway.send_user(1, "note", {"id": 7})

        assert mei.next("note") == second.next("note") == {"id": 7}

    def test_reaches_those_of_a_user_that_are_in_a_group(self, gatehouse, opener, mei):
        second = opener(gatehouse, bearer="mei").greeted()
        second.ask("join", {"group": "public.desk"})

        gateway.send_user(1, "note", "at the desk", group="public.desk")

        assert second.next("note") == "at the desk"
        assert mei.is_alive()
        assert mei.kept == []

    def test_reaches_a_batch_and_a_group_but_one(self, gatehouse, opener, mei, hans):
        ada = opener(gatehouse, bearer="ada").greeted()

        gateway.send_batch([mei.id, hans.id, "nobody"], "note", "batch")
        gateway.send_group("role.guard", "note", "guards", exclude_user=2)
        gateway.broadcast("note", "all", exclude_user=1)

        assert mei.next("note") == hans.next("note") == "batch"
        assert ada.next("note") == "guards"
        assert ada.next("note") == hans.next("note") == "all"
        assert mei.is_alive()
        assert mei.kept == []

    def test_reaches_a_connection_in_several_groups_once(self, mei, hans):
        mei.ask("join", {"group": "public.lobby"})
        several = ["public.lobby", "user.1", "everyone", "everyone", "nobody.here"]

        gateway.send_group(several, "note", 1)
        gateway.send_group(several, "note", 2, exclude_user=2)
        gateway.send_group(["public.lobby"], "note", 3)
        gateway.send_group([], "note", "nobody")

        assert [mei.next("note") for _ in range(3)] == [1, 2, 3]
        assert hans.next("note") == 1
        assert mei.is_alive()
        assert hans.is_alive()
        assert mei.kept == hans.kept == []

    def test_keeps_the_order(self, mei):
        for number in range(500):
            gateway.send_user(1, "count", number)

        assert [mei.next("count") for _ in range(500)] == list(range(500))

    def test_sends_bytes_as_a_binary_frame(self, mei):
        gateway.send_user(1, "picture", b"\x00\xff" * 40_000)

        assert mei.raw.recv(timeout=PATIENCE) == b"\x00\xff" * 40_000

    @pytest.mark.parametrize("size", [0, 100, 125, 126, 65_535, 65_536, 300_000])
    def test_frames_every_length(self, mei, size):
        gateway.send_user(1, "long", "x" * size)

        assert len(mei.next("long")) == size

    def test_writes_what_django_knows(self, mei):
        gateway.send_user(
            1,
            "values",
            {"when": datetime.date(2024, 5, 1), "much": decimal.Decimal("1.10"), "id": uuid.UUID(int=7), 3: None},
        )

        assert mei.next("values") == {"when": "2024-05-01", "much": "1.10", "id": str(uuid.UUID(int=7)), "3": None}

    @pytest.mark.parametrize(("data", "problem"), [(object(), TypeError), (float("nan"), ValueError)])
    def test_tells_the_caller_what_cannot_be_sent(self, mei, data, problem):
        with pytest.raises(problem):
            gateway.send_user(1, "odd", data)

        assert mei.is_alive()

    def test_knows_that_guests_are_nobody(self, mei):
        with pytest.raises(ValueError, match="nobody"):
            gateway.send_user(0, "note")

    def test_works_from_many_threads_at_once(self, gatehouse, opener, mei):
        def send(thread: int) -> None:
            for number in range(200):
                gateway.send_user(1, "count", [thread, number])

        threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        got = [mei.next("count") for _ in range(1600)]
        for thread in threads:
            thread.join()

        for number in range(8):
            assert [count for thread, count in got if thread == number] == list(range(200))

    def test_has_an_async_twin_for_each_call(self, mei, hans):
        async def all_of_them() -> None:
            await gateway.asend(mei.id, "a", 1)
            await gateway.asend_batch([mei.id], "a", 2)
            await gateway.asend_user(1, "a", 3)
            await gateway.asend_group("user.1", "a", 4)
            await gateway.abroadcast("a", 5, exclude_user=2)
            await gateway.ajoin(mei.id, "made.up")
            await gateway.asend_group("made.up", "a", 6)
            await gateway.aleave(mei.id, "made.up")
            await gateway.aset(mei.id, {"k": "v", "hat": "red"})
            await gateway.aremove(mei.id, ["hat"])
            assert (await gateway.aconnection(mei.id))["settings"] == {"k": "v"}
            assert await gateway.ais_online(1)
            assert len(await gateway.aconnections(user_id=1)) == 1
            assert len(await gateway.anodes()) == 1
            await gateway.abind(mei.id, Identity(9, "nina"))
            await gateway.asend_user(9, "a", 7)
            await gateway.aregroup(9, ["role.x"])
            await gateway.asend_group("role.x", "a", 8)
            await gateway.aunbind(mei.id)
            await gateway.adisconnect_sessions(["of nobody"])
            await gateway.adisconnect(mei.id)

        asyncio.run(all_of_them())

        assert [mei.next("a") for _ in range(8)] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert mei.end()[0] == 4503
        calls = {name for name in gateway.__all__ if name.islower()}
        twins = {name[1:] for name in calls if name.startswith("a") and name[1:] in calls}
        assert calls - twins - {f"a{name}" for name in twins} == {"this_node"}


class TestSteering:
    def test_joins_and_leaves_without_asking_a_policy(self, mei):
        gateway.join(mei.id, "orders.7")
        gateway.send_group("orders.7", "order", "in")
        gateway.leave(mei.id, "orders.7")
        gateway.send_group("orders.7", "order", "out")

        assert mei.next("order") == "in"
        assert mei.is_alive()
        assert mei.kept == []

    def test_sets_what_the_client_sees(self, mei):
        gateway.set(mei.id, {"desk": "7"})

        assert mei.ask("session.get")["data"] == {"desk": "7"}
        with pytest.raises(TypeError):
            gateway.set(mei.id, {"desk": 7})  # type: ignore[dict-item]  # what a caller may do all the same

    def test_binds_a_newcomer(self, gatehouse, opener):
        somebody = opener(gatehouse).greeted()

        gateway.bind(somebody.id, Identity(7, "nina", "Nina", groups=frozenset({"role.cook"})))

        known = somebody.ask("whoami")["data"]
        assert (known["user"]["name"], known["groups"]) == ("Nina", ["everyone", "role.cook", "user.7"])
        gateway.unbind(somebody.id)
        assert somebody.ask("whoami")["data"]["user"] is None

    def test_drops_the_groups_of_a_role_that_was_taken_away(self, hans):
        hans.ask("join", {"group": "public.lobby"})

        gateway.regroup(2, ["role.cook"])

        assert hans.ask("whoami")["data"]["groups"] == ["everyone", "public.lobby", "role.cook", "user.2"]

    def test_disconnects_by_connection_user_and_session(self, gatehouse, opener):
        first, second, third = (opener(gatehouse, bearer=name).greeted() for name in ("mei", "hans", "ada"))

        gateway.disconnect(first.id, reason="Out with you.")
        gateway.disconnect(user_id=2, code=4504)
        gateway.disconnect(session_id="session-ada", code=4501)

        assert first.end() == (4503, "Out with you.")
        assert second.end() == (4504, "Your account is disabled.")
        assert third.end()[0] == 4501

    def test_disconnects_nobody_when_conditions_contradict(self, mei):
        gateway.disconnect(mei.id, user_id=2)

        assert mei.is_alive()
        with pytest.raises(ValueError, match="which"):
            gateway.disconnect()

    def test_cuts_a_long_reason_between_characters(self, mei):
        gateway.disconnect(mei.id, reason="再见" * 60)

        assert mei.end()[1] == "再见" * 20 + "再"


class TestQuestions:
    def test_know_who_is_online(self, gatehouse, opener, mei, hans):
        assert gateway.is_online(1)
        assert not gateway.is_online(77)

        mei.close()

        assert until(lambda: not gateway.is_online(1))
        assert gateway.is_online(2)

    def test_list_connections(self, mei, hans):
        found = {one["username"]: one for one in gateway.connections()}

        assert found["mei"]["id"] == mei.id
        assert found["mei"]["address"] == "127.0.0.1"
        assert [one["username"] for one in gateway.connections(group="role.guard")] == ["hans"]
        assert [one["id"] for one in gateway.connections(user_id=1)] == [mei.id]
        assert gateway.connections(user_id=1, group="role.guard") == []
        assert json.dumps(gateway.connections())

    def test_list_this_node(self, mei):
        (node,) = gateway.nodes()

        assert node["connections"] == node["users"] == 1
        assert node["id"] == mei.welcome["node"] == gateway.this_node()["id"]

    def test_refuse_to_block_the_loop_they_would_wait_for(self, gatehouse, opener, gate_topics):
        async def ask(connection, data):
            try:
                gateway.is_online(1)
            except RuntimeError as problem:
                return [str(problem), await gateway.ais_online(2)]

        topics.topic("tests.ask")(ask)

        assert opener(gatehouse, bearer="hans").greeted().ask("tests.ask")["data"] == [
            "This would block the event loop: await the async twin instead.",
            True,
        ]


class TestElsewhere:
    def test_says_why_it_cannot_be_reached(self):
        with pytest.raises(GatewayUnreachable, match=r"without Redis .* Set REDIS_URL") as problem:
            gateway.send_user(1, "note")

        assert (problem.value.code, problem.value.status) == ("40005", 503)
        with pytest.raises(GatewayUnreachable):
            gateway.is_online(1)
        assert gateway.this_node()["connections"] == 0

    def test_says_it_to_coroutines_too(self):
        with pytest.raises(GatewayUnreachable):
            asyncio.run(gateway.asend_user(1, "note"))
