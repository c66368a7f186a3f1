"""Staff at the gateway's pages of the back office."""

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from realtime import admin
from realtime.models import KeptSettings
from tests.realtime.staff import client, person

pytestmark = pytest.mark.django_db(transaction=True)


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

    def test_are_listed_in_short(self, kept, client):
        KeptSettings.objects.update(values={"note": "x" * 500} | {f"key{number}": str(number) for number in range(7)})
        client.force_login(person("theboss", is_superuser=True, is_staff=True))

        page = client.get("/admin/realtime/keptsettings/", headers={"accept-language": "en"}).content.decode()

        assert f"<code>note = {'x' * 39}…</code>, <code>key0 = 0</code>" in page
        assert "<code>key4 = 4</code> +2" in page

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
