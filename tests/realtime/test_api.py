"""Staff look at connections, change and end them, over HTTP."""

import pytest
from auditlog.models import LogEntry

from realtime import gateway
from tests.realtime.conftest import until
from tests.realtime.staff import CONNECTIONS, NODES, client, person

pytestmark = pytest.mark.django_db(transaction=True)


class TestLooking:
    def test_lists_connections(self, watcher, mei, hans):
        found = watcher.get(CONNECTIONS).json()

        assert found["count"] == 2
        assert {one["username"] for one in found["results"]} == {"mei", "hans"}
        assert "session_id" not in found["results"][0]
        assert [one["id"] for one in watcher.get(CONNECTIONS, {"user": 1}).json()["results"]] == [mei.id]
        assert [one["id"] for one in watcher.get(CONNECTIONS, {"group": "role.guard"}).json()["results"]] == [hans.id]
        assert watcher.get(CONNECTIONS, {"page_size": 1}).json()["next"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"kind": "people"}, {"mei", "hans"}),
            ({"kind": "machines"}, set()),
            ({"address": "127.0.0.1", "q": "department.1 mei"}, {"mei"}),
            ({"address": "192.0.2.1"}, set()),
            ({"node": "elsewhere"}, set()),
            ({"younger_than": 3600}, {"mei", "hans"}),
            ({"older_than": 3600}, set()),
            ({"user": "", "group": "", "kind": "", "older_than": ""}, {"mei", "hans"}),
        ],
    )
    def test_finds_connections(self, watcher, mei, hans, asked, found):
        answer = watcher.get(CONNECTIONS, asked).json()

        assert {one["username"] for one in answer["results"]} == found

    @pytest.mark.parametrize("asked", [{"user": "x"}, {"user": -1}, {"kind": "ghosts"}, {"older_than": "long"}])
    def test_names_what_is_wrong_with_a_question(self, watcher, gatehouse, asked):
        assert watcher.get(CONNECTIONS, asked).json()["error"]["fields"].keys() == asked.keys()

    def test_shows_one_connection_as_it_is_now(self, watcher, mei):
        mei.ask("session.set", {"desk": "7"})
        mei.ask("no.such.topic")

        seen = watcher.get(f"{CONNECTIONS}/{mei.id}").json()

        assert (seen["settings"], seen["network"], seen["language"]) == ({"desk": "7"}, "ws", "en")
        assert seen["last_error"] == "There is no topic “no.such.topic”."
        assert watcher.get(f"{CONNECTIONS}/0-gone").json()["error"]["code"] == "10008"

    def test_lists_nodes(self, watcher, mei):
        (node,) = watcher.get(NODES).json()["results"]

        assert node["connections"] == 1
        assert node["memory"] > 10_000_000
        assert not node["silent"]

    def test_adds_them_up(self, watcher, mei, hans):
        sums = watcher.get("/api/v1/realtime/summary").json()

        assert (sums["nodes"], sums["in_touch"], sums["connections"], sums["users"]) == (1, 1, 2, 2)

    def test_is_for_those_who_may(self, sender, gatehouse):
        assert sender.get(CONNECTIONS).status_code == 403
        assert sender.get(NODES).status_code == 403


class TestChanging:
    @pytest.fixture
    def boss(self):
        person("mei", number=1)
        return client(person("boss", "realtime.change_connection", "accounts.change_user", rank=50))

    def change(self, api, one, **wanted):
        return api.patch(f"{CONNECTIONS}/{one.id}", wanted, format="json")

    def test_sets_and_removes_settings(self, boss, mei):
        mei.ask("session.set", {"desk": "7", "hat": "red"})

        changed = self.change(boss, mei, settings={"desk": "8", "hat": None})

        assert changed.json()["settings"] == mei.ask("session.get")["data"] == {"desk": "8"}

    def test_puts_into_groups_and_takes_out(self, boss, mei):
        assert "orders.vip" in self.change(boss, mei, join=["orders.vip"]).json()["groups"]
        gateway.send_group("orders.vip", "note", 7)
        assert mei.next("note") == 7

        assert "orders.vip" not in self.change(boss, mei, leave=["orders.vip"]).json()["groups"]

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({}, "non_field_errors"),
            ({"join": ["role.admin"]}, "join"),
            ({"leave": ["everyone"]}, "leave"),
            ({"join": ["a b"]}, "join"),
            ({"settings": {"": "x"}}, "settings"),
            ({"settings": {"a": 1}}, "settings"),
            ({"settings": {str(n): "x" for n in range(101)}}, "settings"),
            ({"username": "x"}, "username"),
        ],
    )
    def test_names_what_is_wrong(self, boss, mei, wanted, field):
        answer = self.change(boss, mei, **wanted)

        assert answer.status_code == 400
        assert field in answer.json()["error"]["fields"]

    def test_spares_people_of_higher_rank(self, boss, mei, hans):
        person("hans", number=2, is_superuser=True)

        assert self.change(boss, hans, join=["orders.vip"]).json()["error"]["code"] == "10009"
        assert "orders.vip" not in hans.ask("whoami")["data"]["groups"]

    def test_is_in_the_audit_trail(self, boss, mei):
        self.change(boss, mei, settings={"desk": "8"}, join=["orders.vip"])

        entry = LogEntry.objects.get(additional_data__event="realtime.connection_changed")
        assert (entry.actor.username, entry.object_id) == ("boss", 1)
        assert entry.additional_data["details"]["settings"] == {"desk": "8"}


class TestDisconnecting:
    def test_closes_with_4503_and_the_reason(self, mei):
        boss = client(person("boss", "realtime.disconnect", "accounts.change_user", rank=50))
        person("mei", number=1)

        assert boss.delete(f"{CONNECTIONS}/{mei.id}?reason=Lunch.").status_code == 204

        assert mei.end() == (4503, "Lunch.")
        assert until(lambda: boss.delete(f"{CONNECTIONS}/{mei.id}").status_code == 404)

    def test_spares_people_of_higher_rank(self, mei, hans):
        boss = client(person("boss", "realtime.disconnect", "accounts.change_user", rank=50))
        person("mei", rank=90, number=1)
        person("hans", number=2, is_superuser=True)

        for one in (mei, hans):
            assert boss.delete(f"{CONNECTIONS}/{one.id}").json()["error"]["code"] == "10009"
            assert one.is_alive()

    def test_is_free_for_superusers_and_for_oneself(self, mei, hans):
        root = person("root", is_superuser=True)
        mei_herself = person("mei", "realtime.disconnect", number=1)
        person("hans", rank=90, number=2)

        assert client(root).delete(f"{CONNECTIONS}/{hans.id}").status_code == 204
        assert client(mei_herself).delete(f"{CONNECTIONS}/{mei.id}").status_code == 204

    def test_is_for_those_who_may(self, sender, mei):
        assert sender.delete(f"{CONNECTIONS}/{mei.id}").status_code == 403
        assert mei.is_alive()

    def test_knows_nobody_who_is_gone(self, gatehouse):
        boss = client(person("boss", "realtime.disconnect"))

        answer = boss.delete(f"{CONNECTIONS}/00000000-0000")

        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "10008")
