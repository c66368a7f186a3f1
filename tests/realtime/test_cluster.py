"""Two nodes and a stranger, over a real Redis."""

import json
import os
import time
from pathlib import Path

import pytest

from tests import launcher
from tests.clients import PATIENCE
from tests.realtime.conftest import PackedSocket, until
from tests.realtime.server import ROOT, GatehouseProcess

SHELL = """
import os, sys, json
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
from django.conf import settings
settings.LOGGING_CONFIG = None
import django
django.setup()
from realtime import gateway
"""


class Stranger:
    """A third process: a worker, a command, a shell."""

    def __init__(self, home: Path, redis_url: str) -> None:
        given = {"GATEHOUSE_HOME": str(home), "REDIS_URL": redis_url, "PYTHONPATH": str(ROOT), "LANGUAGE_CODE": "en"}
        self.environment = os.environ | given

    def run(self, code: str) -> str:
        """Run some lines; return what they printed."""
        done = launcher.run(["-c", SHELL + code], cwd=ROOT, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def stranger(redis_server, tmp_path):
    return Stranger(tmp_path / "stranger", redis_server.url)


class TestTwoNodes:
    def test_reach_people_from_a_third_process(self, two_nodes, opener, stranger):
        east, west = two_nodes
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()
        mei.ask("join", {"group": "public.lobby"})
        assert hans.ask("join", {"group": "public.lobby"})["data"]["members"] == 2

        said = stranger.run(
            "gateway.send_user(1, 'note', {'n': 1})\n"
            "gateway.send_group('public.lobby', 'note', 2)\n"
            "gateway.broadcast('note', 3, exclude_user=2)\n"
            f"gateway.send('{hans.id}', 'note', 4)\n"
            f"gateway.send_batch(['{hans.id}', '{mei.id}'], 'note', 5)\n"
            "gateway.send_user(2, 'blob', b'\\x00\\xff')\n"
            "gateway.broadcast('note', 'nobody here', local=True)\n"
            "print(json.dumps([gateway.is_online(1), gateway.is_online(3), len(gateway.connections()),\n"
            "    len(gateway.nodes()), [one['username'] for one in gateway.connections(user_id=2)]]))"
        )

        assert sorted(map(str, (mei.next("note") for _ in range(4)))) == sorted(["{'n': 1}", "2", "3", "5"])
        assert sorted(hans.next("note") for _ in range(3)) == [2, 4, 5]
        assert hans.raw.recv(timeout=PATIENCE) == b"\x00\xff"
        assert json.loads(said) == [True, False, 2, 2, ["hans"]]

    def test_reach_people_who_speak_messagepack(self, two_nodes, opener, stranger):
        mei = opener(two_nodes[0], PackedSocket, bearer="mei").greeted()

        stranger.run("gateway.send_user(1, 'blob', b'\\x00\\xff')\ngateway.send_user(1, 'note', {'n': [1, None]})")

        assert mei.next("blob") == b"\x00\xff"
        assert mei.next("note") == {"n": [1, None]}

    def test_steer_connections_from_a_third_process(self, two_nodes, opener, stranger):
        east, west = two_nodes
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()

        stranger.run(
            "from realtime.core.connection import Identity\n"
            f"gateway.join('{mei.id}', 'orders.7')\n"
            f"gateway.set('{mei.id}', {{'desk': '7'}})\n"
            f"gateway.bind('{hans.id}', Identity(9, 'nina', 'Nina', groups=frozenset(['role.cook'])))\n"
            "gateway.regroup(1, ['department.5'])\n"
        )

        assert until(lambda: mei.ask("whoami")["data"]["groups"] == ["department.5", "everyone", "orders.7", "user.1"])
        assert mei.ask("session.get")["data"] == {"desk": "7"}
        assert until(lambda: hans.ask("whoami")["data"]["user"]["name"] == "Nina")

        stranger.run(
            "gateway.disconnect(user_id=9, code=4504)\ngateway.disconnect(session_id='session-mei', code=4501)"
        )

        assert hans.end()[0] == 4504
        assert mei.end()[0] == 4501

    def test_count_each_user_once(self, two_nodes, opener, stranger):
        east, west = two_nodes
        mei = [opener(node, bearer="mei").greeted() for node in (east, west, west)]
        hans = opener(west, bearer="hans").greeted()
        opener(east).greeted()

        def online() -> str:
            return stranger.run("print(gateway.users_online())")

        assert online() == "2"
        mei[0].close()
        mei[1].close()
        assert until(lambda: stranger.run("print(len(gateway.connections(user_id=1)))") == "1")
        assert online() == "2"
        mei[2].close()
        assert until(lambda: online() == "1")
        assert hans.ask("unauth")["data"]
        assert until(lambda: online() == "0")

    def test_say_everything_once(self, two_nodes, opener, stranger):
        east, west = two_nodes
        sockets = [opener(node, bearer="mei").greeted() for node in (east, west, east)]

        stranger.run("for number in range(300): gateway.send_user(1, 'count', number)")

        for one in sockets:
            assert [one.next("count") for _ in range(300)] == list(range(300))
            assert one.is_alive()
            assert one.kept == []

    def test_reach_members_of_several_groups_once(self, two_nodes, opener, stranger):
        mei, hans = (opener(node, bearer=name).greeted() for node, name in zip(two_nodes, ("mei", "hans"), strict=True))
        for one in (mei, hans):
            one.ask("join", {"group": "public.lobby"})

        stranger.run(
            "several = ['public.lobby', 'user.1', 'user.2', 'everyone']\n"
            "gateway.send_group(several, 'note', 1)\n"
            "gateway.send_group(several, 'note', 2, exclude_user=1)\n"
            "gateway.send_group(several, 'note', 3)"
        )

        assert [mei.next("note") for _ in range(2)] == [1, 3]
        assert [hans.next("note") for _ in range(3)] == [1, 2, 3]
        assert mei.is_alive()
        assert hans.is_alive()
        assert mei.kept == hans.kept == []

    def test_know_the_newest_connection_wherever_it_is(self, redis_server, tmp_path, opener):
        limits = {"REDIS_URL": redis_server.url, "GATEWAY_MAX_PER_USER": "1"}
        east, west = (GatehouseProcess(tmp_path / name, **limits) for name in ("one", "two"))
        first = opener(east, bearer="mei").greeted()
        second = opener(west, bearer="mei").greeted()

        assert first.end()[0] == 4505
        assert second.is_alive()
        east.stop()
        west.stop()

    def test_forget_a_node_that_leaves(self, two_nodes, opener, stranger):
        east, west = two_nodes
        opener(east, bearer="mei").greeted()
        assert stranger.run("print(gateway.is_online(1))") == "True"

        assert east.stop() in (0, -15)

        assert stranger.run("print(gateway.is_online(1), len(gateway.nodes()))") == "False 1"

    def test_survive_a_redis_that_goes_and_comes_back(self, two_nodes, opener, stranger, redis_server):
        east, west = two_nodes
        mei, hans = opener(east, bearer="mei").greeted(), opener(west, bearer="hans").greeted()

        redis_server.stop()
        ada = opener(west, bearer="ada").greeted()  # joins while nobody can be told
        assert mei.is_alive()
        time.sleep(1)
        redis_server.start()

        def heard(one, user: int) -> bool:
            stranger.run(f"gateway.send_user({user}, 'back', 1)")
            return bool([one.ask("ping"), [frame for frame in one.kept if frame["topic"] == "back"]][1])

        assert until(lambda: heard(mei, 1))
        assert until(lambda: heard(hans, 2))
        assert until(lambda: heard(ada, 3))
        names = "print(*sorted(one['username'] for one in gateway.connections()))"
        assert until(lambda: stranger.run(names) == "ada hans mei")

    def test_deliver_at_home_while_redis_is_away(self, two_nodes, opener, redis_server, gate_topics):
        east, _west = two_nodes
        mei = opener(east, bearer="mei").greeted()
        redis_server.stop()

        assert mei.ask("join", {"group": "public.lobby"})
        assert mei.is_alive()


class TestWithoutRedis:
    def test_a_stranger_is_told_what_is_wrong(self, tmp_path):
        stranger = Stranger(tmp_path / "stranger", "")

        said = stranger.run(
            "from realtime.errors import GatewayUnreachable\n"
            "try: gateway.send_user(1, 'x')\n"
            "except GatewayUnreachable as problem: print(problem)"
        )

        assert "Set REDIS_URL" in said

    def test_a_redis_that_is_away_is_named(self, tmp_path):
        stranger = Stranger(tmp_path / "stranger", "redis://127.0.0.1:1/0")

        said = stranger.run(
            "from realtime.errors import GatewayUnreachable\n"
            "for call in (lambda: gateway.send_user(1, 'x'), lambda: gateway.is_online(1)):\n"
            "    try: call()\n"
            "    except GatewayUnreachable as problem: print(problem)"
        )

        assert said.count("Redis cannot be reached.") == 2
