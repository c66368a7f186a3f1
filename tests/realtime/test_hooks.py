"""What apps hang into the gateway, and settings that outlive a connection."""

import threading
from queue import SimpleQueue

import pytest
from django.utils import timezone

from realtime import gateway, hooks
from realtime.hooks import PASS, WITHHELD
from realtime.kept import KeptInRows
from realtime.models import KeptSettings
from realtime.session import Session
from tests.clients import PATIENCE
from tests.realtime.conftest import until
from tests.realtime.server import GatehouseThread


@pytest.fixture
def hung(monkeypatch):
    """Hooks of this test only; hang them before the house opens."""
    monkeypatch.setattr(hooks, "registered", hooks.Hooks())
    return hooks


@pytest.fixture
def opened_house(hung, gate_settings):
    """Opens the house once the hooks hang."""
    houses = []

    def open_house():
        houses.append(GatehouseThread().__enter__())
        return houses[0]

    yield open_house
    for house in houses:
        house.__exit__(None, None, None)


class TestComingAndGoing:
    def test_is_told_to_whoever_listens(self, hung, opened_house, opener):
        seen = SimpleQueue()

        @hung.on_open
        async def greet(connection):
            connection.send("greeting", {"hello": connection.identity.name})

        @hung.on_close
        def note(connection, ending):  # in a thread
            seen.put((connection.identity.name, ending.code, threading.current_thread().name))

        house = opened_house()
        mei, hans = opener(house, bearer="mei").greeted(), opener(house, bearer="hans").greeted()
        assert mei.next("greeting") == {"hello": "Mei"}

        gateway.disconnect(mei.id, code=4503)
        name, code, thread = seen.get(timeout=PATIENCE)
        assert (name, code) == ("Mei", 4503)
        assert thread != "gatehouse"
        hans.raw.close(1001)
        assert seen.get(timeout=PATIENCE)[:2] == ("Hans", 1001)

    def test_a_listener_that_fails_takes_nobody_with_it(self, hung, opened_house, opener, caplog):
        @hung.on_open
        async def trip(connection):
            raise ValueError("tripped")

        house = opened_house()

        assert opener(house, bearer="mei").greeted().is_alive()
        (failure,) = until(lambda: gateway.this_node()["hooks"])
        assert failure["hook"].endswith("trip")
        assert (failure["failures"], failure["last"]) == (1, "ValueError: tripped")
        assert "trip" in caplog.text


class TestFramesOfClients:
    def test_are_shown_before_they_are_handled(self, hung, opened_house, opener):
        seen = []
        hung.on_message(lambda connection, frame: seen.append((connection.identity.name, frame.topic)))

        mei = opener(opened_house(), bearer="mei").greeted()
        mei.ask("echo", 1)
        mei.ask("no.such.topic")

        assert seen == [("Mei", "echo"), ("Mei", "no.such.topic")]

    def test_can_be_answered_by_somebody_else(self, hung, opened_house, opener):
        @hung.route
        async def elsewhere(connection, frame):
            return {"routed": frame.topic} if frame.topic.startswith("far.") else PASS

        mei = opener(opened_house(), bearer="mei").greeted()

        assert mei.ask("far.away", 1)["data"] == {"routed": "far.away"}
        assert mei.ask("echo", 2)["data"] == 2
        assert mei.ask("near.by")["error"]["code"] == "40001"

    def test_pass_a_route_that_fails(self, hung, opened_house, opener):
        @hung.route
        def broken(connection, frame):
            raise LookupError

        assert opener(opened_house(), bearer="mei").greeted().ask("echo", 2)["data"] == 2


class TestPushes:
    def test_can_be_changed_or_withheld_for_each_connection(self, hung, opened_house, opener):
        @hung.before_send("orders.")
        def mask(connection, topic, data):
            if connection.user_id == 3:
                return WITHHELD
            return data if connection.identity.staff else {**data, "price": None}

        house = opened_house()
        mei, hans, ada = (opener(house, bearer=name).greeted() for name in ("mei", "hans", "ada"))

        receipt = gateway.broadcast("orders.changed", {"id": 7, "price": 5}, receipt=True)
        gateway.broadcast("news", 1)

        assert receipt.delivered == 2
        assert mei.next("orders.changed") == {"id": 7, "price": None}
        assert hans.next("orders.changed") == {"id": 7, "price": 5}
        assert ada.next("news") == 1
        assert ada.kept == []

    def test_stay_here_when_nobody_knows_what_to_hide(self, hung, opened_house, opener):
        @hung.before_send("")
        def broken(connection, topic, data):
            raise KeyError("price")

        mei = opener(opened_house(), bearer="mei").greeted()

        assert gateway.broadcast("news", 1, receipt=True).delivered == 0
        assert mei.is_alive()
        assert mei.kept == []

    def test_have_no_time_to_wait(self, hung):
        async def slow(connection, topic, data): ...

        with pytest.raises(TypeError, match="never waits"):
            hung.before_send("")(slow)


class Shelf:
    """Keeps settings in memory, and notes what it was asked."""

    kept: dict[int, dict[str, str]] = {}

    async def query(self, user_id):
        return self.kept.get(user_id, {})

    async def store(self, user_id, settings):
        self.kept[user_id] = dict(settings)

    async def delete(self, user_id):
        self.kept.pop(user_id, None)

    async def heartbeat(self, user_ids): ...


class Broken(Shelf):
    async def query(self, user_id):
        raise ConnectionError("the shelf fell down")


class TestSettings:
    @pytest.fixture(autouse=True)
    def shelf(self, gate_settings):
        gate_settings.GATEWAY_STORAGE = f"{__name__}.Shelf"
        Shelf.kept = {1: {"desk": "7", "hat": "red"}}
        return gate_settings

    def test_come_back_with_the_user(self, opened_house, opener):
        mei = opener(opened_house(), bearer="mei").greeted()

        assert mei.ask("session.get")["data"] == {"desk": "7", "hat": "red"}

    def test_of_the_connection_win_over_those_that_were_kept(self, shelf, opened_house, opener):
        shelf.GATEWAY_ALLOW_GUESTS = True
        guest = opener(opened_house()).greeted()
        guest.ask("session.set", {"hat": "blue"})
        assert Shelf.kept[1] == {"desk": "7", "hat": "red"}

        guest.ask("auth", {"access": "mei"})

        assert guest.ask("session.get")["data"] == {"desk": "7", "hat": "blue"}
        assert until(lambda: Shelf.kept[1] == {"desk": "7", "hat": "blue"})

    def test_are_kept_after_each_change(self, opened_house, opener):
        house = opened_house()
        hans = opener(house, bearer="hans").greeted()
        hans.ask("session.set", {"desk": "9"})
        gateway.set(hans.id, {"hat": "green"})

        assert until(lambda: Shelf.kept.get(2) == {"desk": "9", "hat": "green"})

        hans.ask("session.remove", {"key": "hat"})
        assert until(lambda: Shelf.kept[2] == {"desk": "9"})

    def test_stay_when_somebody_becomes_a_guest_again(self, shelf, opened_house, opener):
        shelf.GATEWAY_ALLOW_GUESTS = True
        mei = opener(opened_house(), bearer="mei").greeted()

        mei.ask("unauth")

        assert mei.ask("session.get")["data"] == {"desk": "7", "hat": "red"}
        assert Shelf.kept[1] == {"desk": "7", "hat": "red"}

    def test_do_without_a_storage_that_fails(self, shelf, opened_house, opener, caplog):
        shelf.GATEWAY_STORAGE = f"{__name__}.Broken"
        mei = opener(opened_house(), bearer="mei").greeted()

        assert mei.ask("session.get")["data"] == {}
        assert "the shelf fell down" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestRows:
    async def test_keep_the_settings_of_each_user(self, django_user_model):
        mei = await django_user_model.objects.acreate(username="mei")
        rows = KeptInRows()
        assert await rows.query(mei.pk) == {}

        await rows.store(mei.pk, {"desk": "7", "hat": "red"})
        await rows.store(mei.pk, {"desk": "8"})
        before = (await KeptSettings.objects.aget()).seen_at
        await rows.heartbeat({mei.pk, 999})

        assert await rows.query(mei.pk) == {"desk": "8"}
        assert (await KeptSettings.objects.aget()).seen_at > before
        await rows.delete(mei.pk)
        assert await rows.query(mei.pk) == {}

    def test_are_gone_with_the_user(self, django_user_model):
        mei = django_user_model.objects.create(username="mei")
        KeptSettings.objects.create(user=mei, values={}, seen_at=timezone.now())

        mei.delete()

        assert not KeptSettings.objects.exists()


def nobody_from_afar(connection):
    return connection.identity is None or connection.identity.name == "Ada"


class TestGuests:
    def test_are_whom_the_house_takes_for_guests(self, gate_settings, opened_house, opener):
        gate_settings.GATEWAY_GUEST_RULE = f"{__name__}.nobody_from_afar"
        house = opened_house()
        mei, ada = opener(house, bearer="mei").greeted(), opener(house, bearer="ada").greeted()

        assert mei.ask("join", {"group": "public.a"})["data"]
        assert ada.ask("join", {"group": "public.a"})["error"]["code"] == "40004"
        assert [Session.of(one.id).is_guest for one in (mei, ada)] == [False, True]


class TestSession:
    def test_steers_its_connection(self, gatehouse, mei):
        session = Session.of(mei.id)
        assert (session.user_id, session.address, session.network) == (1, "127.0.0.1", "ws")

        session.set("desk", "7")
        session.set_batch({"hat": "red", "pen": "blue"})
        session.remove("pen")
        copy = session.clone()
        copy.import_settings({"desk": "1", "bag": "big"})
        assert (copy.get("desk"), copy.load("bag"), copy.load("pen")) == ("7", ("big", True), ("", False))
        assert session.get("bag") == ""
        copy.push()

        assert mei.ask("session.get")["data"] == {"desk": "7", "hat": "red", "bag": "big"}
        session.update()
        assert session.get("bag") == "big"

    def test_binds_sends_and_closes(self, gatehouse, mei):
        session = Session.of(mei.id)

        session.bind(9)
        assert session.user_id == 9
        session.unbind()
        assert session.is_guest
        assert session.send("note", 1)
        session.send_nr("note", 2)
        assert [mei.next("note"), mei.next("note")] == [1, 2]
        assert session.is_connected()

        assert session.close(4503)
        assert mei.end()[0] == 4503
        assert not session.is_connected()
        assert not session.send("note", 3)
        with pytest.raises(gateway.ConnectionGone):
            session.set("desk", "8")

    async def test_does_so_from_coroutines(self, gatehouse, mei):
        session = await Session.aof(mei.id)

        await session.aset("desk", "7")
        await session.aremove("desk")
        await session.aset_batch({"hat": "red"})
        await session.apush()
        await session.abind(9)
        assert (session.user_id, session.settings) == (9, {"hat": "red"})
        await session.aunbind()
        assert await session.asend("note", 1)
        await session.asend_nr("note", 2)
        assert await session.ais_connected()
        assert await session.aclose()
        assert not await session.ais_connected()
