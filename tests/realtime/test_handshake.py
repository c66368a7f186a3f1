"""Who gets in, and how the others are told."""

import logging
import time

import pytest
from django.conf import settings as django_settings
from websockets.exceptions import InvalidStatus

from project.core.errors import NotSignedIn
from realtime import gateway
from realtime.events import LimitsSerializer
from tests.realtime.conftest import Socket, until
from tests.realtime.people import ENDED
from tests.realtime.server import GatehouseThread


class TestComingIn:
    def test_greets_with_what_a_client_must_know(self, gatehouse, opener):
        mei = opener(gatehouse, bearer="mei", subprotocols=["gatehouse.v1"]).greeted()

        assert mei.raw.subprotocol == "gatehouse.v1"
        assert mei.welcome["user"] == {"id": 1, "username": "mei", "name": "Mei"}
        assert mei.welcome["heartbeat"]["idle_seconds"] == 30
        assert mei.welcome["limits"]["frame"] == 65_536
        assert mei.welcome["limits"].keys() == LimitsSerializer().fields.keys()
        assert abs(mei.welcome["time"] - time.time()) < 60

    @pytest.mark.parametrize("way", [{"bearer": "mei"}, {"ticket": "mei-1"}])
    def test_lets_mei_in_by_token_and_by_ticket(self, gatehouse, opener, way):
        assert opener(gatehouse, **way).greeted().welcome["user"]["username"] == "mei"

    def test_lets_staff_in_from_our_own_page_by_its_cookie(self, gatehouse, opener):
        cookie = {"Cookie": f"{django_settings.SESSION_COOKIE_NAME}=hans"}

        hans = opener(gatehouse, headers=cookie, origin=gatehouse.origin).greeted()

        assert hans.welcome["user"]["username"] == "hans"

    def test_binds_a_silent_newcomer_by_a_first_frame(self, gatehouse, opener):
        somebody = opener(gatehouse).greeted()
        assert somebody.welcome["user"] is None
        assert somebody.welcome["authenticate_within"] == 10

        reply = somebody.ask("auth", {"access": "mei"})

        assert reply["data"]["user"]["username"] == "mei"
        assert set(reply["data"]["groups"]) == {"everyone", "user.1", "department.1"}

    def test_asks_the_way_to_another_path_politely(self, gatehouse, opener):
        with pytest.raises(InvalidStatus) as refused:
            Socket(gatehouse.url.replace("/ws/", "/wss/"))

        assert refused.value.response.status_code == 404


@pytest.mark.attack("T-WS-1")
class TestOrigins:
    @pytest.mark.parametrize(
        "evil",
        [
            "https://evil.example",
            "null",
            "http://127.0.0.1.evil.example:{port}",
            "http://evil.example/127.0.0.1:{port}",
            "http://127.0.0.1:{port}@evil.example",
            "http://127.0.0.1:1",
            "file://",
            "http://127.0.0.1:{port}.evil.example",
            "",
        ],
    )
    def test_refuses_strange_pages_before_anybody_is_asked(self, gatehouse, gate_settings, opener, evil):
        gate_settings.GATEWAY_AUTHENTICATORS = ["tests.realtime.people.broken"]

        code, reason = opener(gatehouse, bearer="mei", origin=evil.format(port=gatehouse.port)).end()

        assert code == 4506
        assert reason == "Your address or origin is not allowed."

    def test_lets_named_pages_in(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_ALLOWED_ORIGINS = ["https://app.example.com"]

        opener(gatehouse, bearer="mei", origin="https://app.example.com").greeted()
        opener(gatehouse, bearer="mei", origin="https://APP.example.com:443").greeted()

        assert opener(gatehouse, bearer="mei", origin="https://app.example.com.evil.io").end()[0] == 4506
        assert opener(gatehouse, bearer="mei", origin="http://app.example.com").end()[0] == 4506

    def test_knows_rebinding_by_a_host_that_is_not_ours(self, gatehouse, gate_settings, opener):
        gate_settings.ALLOWED_HOSTS = ["gate.example.com"]

        assert opener(gatehouse, bearer="mei", origin=gatehouse.origin).end()[0] == 4506

    def test_takes_a_native_client_without_origin_but_never_its_cookie(self, gatehouse, opener):
        cookie = {"Cookie": f"{django_settings.SESSION_COOKIE_NAME}=hans"}

        opener(gatehouse, bearer="mei").greeted()
        opener(gatehouse, ticket="mei-7", headers=cookie).greeted()

        assert opener(gatehouse, headers=cookie).end()[0] == 4506

    def test_ignores_the_cookie_on_an_allowed_page_of_another_host(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_ALLOWED_ORIGINS = ["https://app.example.com"]
        cookie = {"Cookie": f"{django_settings.SESSION_COOKIE_NAME}=hans"}

        assert opener(gatehouse, headers=cookie, origin="https://app.example.com").greeted().welcome["user"] is None


class TestAddresses:
    @pytest.mark.parametrize(
        ("allowed", "gets_in"),
        [
            (["127.0.0.0/8"], True),
            (["127.0.*"], True),
            (["127.*"], True),
            (["10.1.0.1"], False),
            (["27.0.0.*"], False),
            (["127.0.1.*", "::1"], False),
        ],
    )
    def test_go_by_whole_numbers(self, gatehouse, gate_settings, opener, allowed, gets_in):
        gate_settings.GATEWAY_ALLOWED_IPS = allowed

        if gets_in:
            opener(gatehouse, bearer="mei").greeted()
        else:
            assert opener(gatehouse, bearer="mei").end()[0] == 4506

    def test_cannot_be_made_up_in_a_header(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_ALLOWED_IPS = ["10.1.0.1"]

        assert opener(gatehouse, bearer="mei", headers={"X-Forwarded-For": "10.1.0.1"}).end()[0] == 4506


class TestRefusals:
    @pytest.mark.parametrize(
        ("way", "code"),
        [({"bearer": "stranger"}, 4500), ({"ticket": "stranger-1"}, 4500), ({"bearer": "late"}, 4501)],
    )
    def test_are_codes_a_browser_can_see(self, gatehouse, opener, way, code):
        assert opener(gatehouse, **way).end()[0] == code

    @pytest.mark.parametrize("language", ["en-GB,en;q=0.9", "xx, en", "en;q=0.1, de"])
    def test_speak_the_clients_language(self, gatehouse, opener, language):
        stranger = opener(gatehouse, bearer="stranger", headers={"Accept-Language": language})

        assert stranger.end() == (4500, "You are not signed in.")

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("language=zh-hans", "您尚未登录。"),
            ("language=zh-CN", "您尚未登录。"),
            ("language=xx", "You are not signed in."),
            ("language=", "You are not signed in."),
            ("language=zh-hans" + "&x=1" * 30, "You are not signed in."),
        ],
    )
    def test_speak_the_language_of_the_page(self, gatehouse, query, says):
        stranger = Socket(f"{gatehouse.url}?{query}", bearer="stranger")

        assert stranger.end() == (4500, says)
        stranger.close()

    def test_of_a_bad_auth_frame_tell_why_then_close(self, gatehouse, opener):
        somebody = opener(gatehouse).greeted()

        reply = somebody.ask("auth", {"access": "stranger"})

        assert reply["error"] == {"code": NotSignedIn.code, "message": str(NotSignedIn.message)}  # as the API says it
        assert somebody.end()[0] == 4500

    def test_of_a_bad_auth_frame_leave_who_was_signed_in(self, mei):
        assert mei.ask("auth", {"access": "late"})["error"]["code"] == "20001"

        assert mei.ask("whoami")["data"]["user"]["username"] == "mei"

    def test_do_not_blame_the_client_for_our_own_trouble(self, gatehouse, gate_settings, opener, caplog):
        gate_settings.GATEWAY_AUTHENTICATORS = ["tests.realtime.people.broken"]

        assert opener(gatehouse, bearer="mei").end()[0] == 1011

    @pytest.mark.attack("T-WS-2")
    def test_take_a_ticket_once(self, gatehouse, opener):
        opener(gatehouse, ticket="mei-once").greeted()

        assert opener(gatehouse, ticket="mei-once").end()[0] == 4500

    @pytest.mark.attack("T-WS-2")
    def test_never_write_a_ticket_or_token_into_a_log(self, gatehouse, opener, caplog):
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.INFO, "websockets.client")  # the client's own diary

        opener(gatehouse, ticket="mei-very-secret-ticket").greeted().close()
        opener(gatehouse, bearer="stranger-with-secret-token").end()
        opener(gatehouse, ticket="stranger-secret-too").end()

        assert "/ws/" in caplog.text
        assert "secret" not in caplog.text

    @pytest.mark.attack("T-WS-3")
    def test_come_to_who_never_says_who_they_are(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_AUTH_SECONDS = 0.3

        assert opener(gatehouse).greeted().end()[0] == 4500

    def test_come_to_who_signs_out_and_stays(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_AUTH_SECONDS = 0.5
        mei = opener(gatehouse, bearer="mei").greeted()

        left = mei.ask("unauth")["data"]

        assert (left["user"], left["groups"]) == (None, [])
        assert mei.end()[0] == 4500

    def test_spare_who_signs_in_again_in_time(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_AUTH_SECONDS = 2.0
        mei, ada = (opener(gatehouse, bearer=name).greeted() for name in ("mei", "ada"))

        assert mei.ask("unauth")["data"]["user"] is None
        assert mei.ask("auth", {"access": "hans"})["data"]["user"]["username"] == "hans"
        ada.ask("unauth")

        assert ada.end()[0] == 4500  # by now Mei's time would be up as well
        assert mei.is_alive()


class TestGuests:
    def test_stay_where_they_are_welcome(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_ALLOW_GUESTS = True
        gate_settings.GATEWAY_AUTH_SECONDS = 0.2
        guest = opener(gatehouse).greeted()
        time.sleep(0.6)

        assert guest.ask("whoami")["data"]["groups"] == ["everyone"]
        assert guest.ask("join", {"group": "public.news"})["error"]["code"] == "40004"
        gateway.broadcast("news", "hello")
        assert guest.next("news") == "hello"

    def test_hear_nothing_where_they_are_not(self, gatehouse, opener, mei):
        newcomer = opener(gatehouse).greeted()

        gateway.broadcast("news", "for staff")

        assert mei.next("news") == "for staff"
        newcomer.ask("ping")
        assert newcomer.kept == []


class TestSessions:
    def test_that_ended_unheard_are_found_by_the_sweep(self, gate_settings, opener):
        gate_settings.GATEWAY_SESSION_CHECK_SECONDS = 0.1
        with GatehouseThread() as gatehouse:
            mei, hans = opener(gatehouse, bearer="mei").greeted(), opener(gatehouse, bearer="hans").greeted()
            ENDED["session-mei"] = 4501

            assert mei.end()[0] == 4501
            assert hans.is_alive()

    def test_that_end_close_their_sockets_at_once(self, gatehouse, opener, mei, hans):
        second = opener(gatehouse, bearer="mei").greeted()

        gateway.disconnect(session_id="session-mei", user_id=1, code=4502)

        assert mei.end() == (4502, "Your session has ended.")
        assert second.end()[0] == 4502
        assert mei.kept[-1] == {"topic": "kick", "data": {"code": 4502, "reason": "Your session has ended."}}
        assert hans.is_alive()
        assert until(lambda: not gateway.is_online(1))
