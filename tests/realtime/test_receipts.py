"""Sends that ask what came of them, and orders to the node that has the connection."""

import json

import pytest

from realtime import gateway
from realtime.errors import ConnectionGone, GatewayUnreachable
from tests.realtime.conftest import until
from tests.realtime.test_cluster import Stranger


@pytest.fixture
def stranger(redis_server, tmp_path):
    return Stranger(tmp_path / "stranger", redis_server.url)


class TestOnOneNode:
    def test_counts_who_took_it(self, gatehouse, opener, mei, hans):
        opener(gatehouse, bearer="mei").greeted()
        me = mei.welcome["node"]

        assert gateway.send_user(1, "note", receipt=True) == gateway.Receipt(2, {me: 2})
        assert gateway.send_batch([mei.id, hans.id, hans.id, f"{me}-gone"], "note", receipt=True).delivered == 2
        assert gateway.send_group("role.guard", "note", receipt=True).delivered == 1
        assert gateway.broadcast("note", exclude_user=2, receipt=True).delivered == 2
        assert gateway.send_user(77, "note", receipt=True).delivered == 0

    def test_says_when_a_user_is_not_in_the_group(self, mei):
        assert gateway.send_user(1, "note", group="public.desk", receipt=True).delivered == 0

        mei.ask("join", {"group": "public.desk"})

        assert gateway.send_user(1, "note", group="public.desk", receipt=True).delivered == 1

    def test_counts_what_was_ordered(self, mei):
        assert gateway.join(mei.id, "orders.7", receipt=True).delivered == 1
        assert gateway.set(mei.id, {"desk": "7", "hat": "red"}, receipt=True).delivered == 1
        assert gateway.remove(mei.id, ["hat", "never"], receipt=True).delivered == 1
        assert gateway.leave("0-gone", "orders.7", receipt=True).delivered == 0
        assert mei.ask("session.get")["data"] == {"desk": "7"}

        assert gateway.disconnect(user_id=1, receipt=True).delivered == 1
        assert mei.end()[0] == 4503

    def test_describes_a_connection_as_it_is_now(self, mei):
        mei.ask("session.set", {"desk": "7"})
        mei.ask("no.such.topic")

        seen = gateway.connection(mei.id)

        assert seen["settings"] == {"desk": "7"}
        assert (seen["network"], seen["language"], seen["received"]) == ("ws", "en", 2)
        assert seen["last_error"] == "There is no topic “no.such.topic”."
        with pytest.raises(ConnectionGone):
            gateway.connection("0-gone")

    def test_reports_the_process(self, mei):
        (node,) = gateway.nodes()

        assert node["memory"] > 10_000_000
        assert node["cpu"] >= 0
        assert node["uptime"] >= 0
        assert node["version"]
        assert node["endings"] == {}
        mei.close()
        assert until(lambda: gateway.this_node()["endings"]) == {"1000": 1}


class TestAcrossNodes:
    def test_counts_on_every_node(self, two_nodes, opener, stranger):
        east, west = two_nodes
        mei, again = (opener(node, bearer="mei").greeted() for node in (east, west))
        hans = opener(west, bearer="hans").greeted()
        nodes = {"east": mei.welcome["node"], "west": again.welcome["node"]}

        said = json.loads(
            stranger.run(
                "from dataclasses import asdict\n"
                "def told(receipt): return [receipt.delivered, receipt.nodes, receipt.silent]\n"
                "print(json.dumps([told(gateway.send_user(1, 'note', 1, receipt=True)),\n"
                "  told(gateway.send_group('role.guard', 'note', 2, receipt=True)),\n"
                f"  told(gateway.set('{hans.id}', {{'desk': '7'}}, receipt=True)),\n"
                f"  gateway.connection('{hans.id}')['settings'],\n"
                f"  told(gateway.disconnect('{again.id}', receipt=True))]))"
            )
        )

        assert said == [
            [2, {nodes["east"]: 1, nodes["west"]: 1}, []],
            [1, {nodes["east"]: 0, nodes["west"]: 1}, []],
            [1, {nodes["west"]: 1}, []],
            {"desk": "7"},
            [1, {nodes["west"]: 1}, []],
        ]
        assert again.end()[0] == 4503
        assert [mei.next("note"), hans.next("note")] == [1, 2]

    def test_names_a_node_that_says_nothing(self, two_nodes, opener, stranger):
        east, west = two_nodes
        opener(east, bearer="mei").greeted()
        node = opener(west, bearer="mei").greeted().welcome["node"]
        west.kill()

        said = stranger.run(
            "receipt = gateway.send_user(1, 'note', receipt=True)\nprint(receipt.delivered, *receipt.silent)"
        )

        assert said == f"1 {node}"

    def test_settings_are_seen_by_all_nodes(self, two_nodes, opener, stranger):
        mei = opener(two_nodes[0], bearer="mei").greeted()
        mei.ask("session.set", {"desk": "7"})

        assert until(lambda: stranger.run("print(gateway.connections(user_id=1)[0]['settings'])")) == "{'desk': '7'}"


class TestWithoutAnybody:
    def test_a_stranger_is_told_so(self):
        with pytest.raises(GatewayUnreachable):
            gateway.send_user(1, "note", receipt=True)
        assert gateway.send_user(1, "note", local=True, receipt=True) == gateway.Receipt(0)


class TestGoingAway:
    def test_asks_each_client_to_come_back_at_a_time_of_its_own(self, gatehouse, opener):
        sockets = [opener(gatehouse, bearer="mei").greeted() for _ in range(8)]

        gatehouse.stop()
        goodbyes = [one.next("kick") for one in sockets]

        assert {one["code"] for one in goodbyes} == {1012}
        assert all(0.2 <= one["retry_after"] <= 1.0 for one in goodbyes)
        assert len({one["retry_after"] for one in goodbyes}) > 1
        assert [one.end()[0] for one in sockets] == [1012] * 8
