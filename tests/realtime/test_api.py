"""Staff at the gateway, over HTTP."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Role
from realtime import admin, gateway
from realtime.models import KeptSettings
from tests.clients import PATIENCE
from tests.realtime.conftest import until

pytestmark = pytest.mark.django_db(transaction=True)


def person(username: str, *permissions: str, rank: int = 0, number: int | None = None, **more):
    user = get_user_model().objects.create_user(
        username=username, password="a long sentence 7", pk=number, phone=None, **more
    )
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    if rank:
        group = Group.objects.create(name=f"rank {rank} {username}")
        Role.objects.create(group=group, key=f"rank-{username}", rank=rank)
        user.groups.add(group)
    return user


def client(user) -> APIClient:
    api = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    api.force_authenticate(user)
    return api


@pytest.fixture
def sender():
    return client(person("sender", "realtime.send"))


@pytest.fixture
def watcher():
    return client(person("watcher", "realtime.view_connection"))


MESSAGES, CONNECTIONS, NODES = (f"/api/v1/realtime/{name}" for name in ("messages", "connections", "nodes"))


def send(api, to, topic="note", data="hi", **more):
    return api.post(MESSAGES, {"to": to, "topic": topic, "data": data, **more}, format="json")


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


class TestAdminPages:
    @pytest.fixture
    def desk(self, client):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        client.force_login(
            person("root", is_superuser=True, is_staff=True), backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    def test_show_who_is_connected(self, desk, mei, hans):
        assert desk.get("/admin/realtime/connection/").status_code == 200

        found = desk.get("/admin/realtime/connection/live/", {"q": "hans"}).json()

        assert (found["total"], found["people"], found["matched"]) == (2, 2, 1)
        assert found["rows"][0]["id"] == hans.id
        assert found["kinds"] == {"people": 2}
        assert {"name": "role.guard", "members": 1} in found["groups"]

    def test_turn_pages(self, desk, gatehouse, opener, monkeypatch):
        monkeypatch.setattr(admin, "PAGE", 2)
        opened = [opener(gatehouse, bearer="mei").greeted().id for _ in range(5)]

        pages = [desk.get("/admin/realtime/connection/live/", {"page": page}).json() for page in (1, 2, 3, 9)]

        assert [one["id"] for page in pages[:3] for one in page["rows"]] == opened[::-1]
        assert [page["page"] for page in pages] == [1, 2, 3, 3]
        assert {(page["pages"], page["matched"]) for page in pages} == {(3, 5)}

    @pytest.mark.parametrize(
        "column", ["name", "address", "since", "received", "sent", "buffered", "x", "-", "user_id"]
    )
    def test_sort_by_what_they_show(self, desk, mei, hans, column):
        found = desk.get("/admin/realtime/connection/live/", {"sort": f"-{column}"}).json()["rows"]

        assert {one["id"] for one in found} == {mei.id, hans.id}

    def test_disconnect_and_send(self, desk, mei, hans):
        sent = desk.post(
            "/admin/realtime/connection/send/",
            {"ids": [mei.id, hans.id], "topic": "note", "data": 7},
            content_type="application/json",
        )
        assert sent.json() == {"message": "2 sockets took it.", "done": 2}
        assert mei.next("note") == hans.next("note") == 7

        closed = desk.post(
            "/admin/realtime/connection/disconnect/",
            {"ids": [mei.id, "00-gone"], "reason": "Lunch."},
            content_type="application/json",
        )
        assert closed.json()["done"] == 1
        assert "may have closed" in closed.json()["message"]
        assert mei.end() == (4503, "Lunch.")

    def test_send_to_a_group_and_say_how_many_took_it(self, desk, mei, hans):
        body = {"group": "role.guard", "topic": "note", "data": 7}

        sent = desk.post("/admin/realtime/connection/send/", body, content_type="application/json")

        assert sent.json() == {"message": "1 socket took it.", "done": 1}
        assert hans.next("note") == 7

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "{}", '{"ids": 1}', '{"ids": []}', '{"ids": [1]}', '{"ids": ["x"], "y": 1}']
    )
    def test_name_what_is_wrong(self, desk, gatehouse, body):
        for place in ("send", "disconnect"):
            answer = desk.post(f"/admin/realtime/connection/{place}/", body, content_type="application/json")
            assert answer.status_code == 400
            assert answer.json()["error"]["code"] == "10000"

    def test_show_nodes(self, desk, mei):
        assert desk.get("/admin/realtime/node/").status_code == 200
        assert desk.get("/admin/realtime/node/live/").json()["rows"][0]["connections"] == 1

    def test_say_so_when_the_gateway_is_away(self, desk):
        assert desk.get("/admin/realtime/connection/").status_code == 200
        assert desk.get("/admin/realtime/connection/live/").json()["error"]["code"] == "40005"

    def test_are_closed_to_others(self, client, gatehouse):
        client.force_login(person("clerk", is_staff=True), backend="django.contrib.auth.backends.ModelBackend")

        for place in ("connection/", "connection/live/", "node/", "node/live/"):
            assert client.get(f"/admin/realtime/{place}").status_code == 403
        for place in ("connection/send/", "connection/disconnect/"):
            assert client.post(f"/admin/realtime/{place}").status_code == 403

    def test_open_the_console_for_staff(self, desk, client, gatehouse):
        page = desk.get("/console/")

        assert page.status_code == 200
        assert "realtime/console" in page.content.decode()
        client.logout()
        assert client.get("/console/").status_code == 302


class TestKeptSettings:
    @pytest.fixture(autouse=True)
    def kept(self, gate_settings):
        gate_settings.GATEWAY_STORAGE = "realtime.kept.KeptInRows"
        mei = person("mei")
        KeptSettings.objects.create(user=mei, values={"desk": "7"}, seen_at=timezone.now())
        return f"/api/v1/realtime/settings/{mei.pk}"

    def test_are_shown_and_forgotten(self, kept):
        keeper = client(person("keeper", "realtime.view_keptsettings", "realtime.delete_keptsettings"))

        assert keeper.get(kept).json() == {"settings": {"desk": "7"}}
        assert keeper.delete(kept).status_code == 204
        assert keeper.get(kept).json() == {"settings": {}}
        assert LogEntry.objects.filter(additional_data__event="realtime.settings_forgotten").count() == 1

    def test_are_nobodys_business_without_the_permission_or_out_of_sight(self, kept, settings):
        assert client(person("porter")).get(kept).status_code == 403
        settings.GATEWAY_PEOPLE_SEEN = "accounts.scope.seen_among"
        assert client(person("reader", "realtime.view_keptsettings")).get(kept).status_code == 404

    def test_are_forgotten_from_their_page(self, kept, client):
        boss = person("theboss", is_superuser=True, is_staff=True)
        client.force_login(boss)
        chosen = {"action": "forget", "_selected_action": [kept.rpartition("/")[2]]}
        page = "/admin/realtime/keptsettings/"

        assert (
            b"Forget the settings of 1 person" in client.post(page, chosen, headers={"accept-language": "en"}).content
        )
        assert KeptSettings.objects.exists()
        client.post(page, {**chosen, "confirmed": "yes"})

        assert not KeptSettings.objects.exists()
