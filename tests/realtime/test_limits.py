"""What one connection may do, and what happens to those who do more."""

import json
import socket
import time
from contextlib import suppress

import pytest

from realtime import gateway
from tests.clients import PATIENCE
from tests.realtime.conftest import until


class TestIdle:
    def test_silence_ends(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_IDLE_SECONDS = 0.4

        assert opener(gatehouse, bearer="mei").greeted().end()[0] == 4000

    @pytest.mark.parametrize("sign", ["frame", "ping"])
    def test_signs_of_life_keep_it_open(self, gatehouse, gate_settings, opener, sign):
        gate_settings.GATEWAY_IDLE_SECONDS = 2.0
        mei = opener(gatehouse, bearer="mei").greeted()
        opener(gatehouse, bearer="hans").greeted()  # says nothing

        def has_outlived_hans() -> bool:
            mei.raw.ping() if sign == "ping" else mei.tell("echo")
            return not gateway.is_online(2)

        until(has_outlived_hans)
        assert mei.is_alive()

    def test_zero_is_for_ever(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_IDLE_SECONDS = 0
        mei = opener(gatehouse, bearer="mei").greeted()
        time.sleep(1.5)

        assert mei.is_alive()


@pytest.mark.attack("T-WS-6")
class TestFlood:
    def test_ends_for_the_one_who_floods_only(self, gatehouse, mei, hans):
        frame = json.dumps({"topic": "echo"})
        with suppress(Exception):  # it may be closed while writing
            for _ in range(1000):
                mei.send(frame)

        assert mei.end()[0] == 4009
        assert hans.is_alive()

    def test_of_pings_counts_too(self, mei, hans):
        with suppress(Exception):  # it may be closed while writing
            for _ in range(1000):
                mei.raw.ping()

        assert mei.end()[0] == 4009
        assert hans.is_alive()

    def test_is_not_a_burst(self, mei):
        for number in range(90):
            mei.tell("echo", number)

        assert mei.is_alive()

    def test_of_bad_frames_is_answered_within_the_limit(self, gatehouse, gate_settings, opener, hans):
        gate_settings.GATEWAY_RATE = (1, 20)
        mei = opener(gatehouse, bearer="mei").greeted()
        with suppress(Exception):  # it may be closed while writing
            for _ in range(1000):
                mei.send("no frame")

        assert mei.end()[0] == 4009
        assert 20 <= sum(frame["topic"] == "error" for frame in mei.kept) < 60
        assert hans.is_alive()

    def test_of_one_user_over_many_connections_ends_too(self, gatehouse, gate_settings, opener, hans):
        gate_settings.GATEWAY_USER_RATE = (1, 30)
        several = [opener(gatehouse, bearer="mei").greeted() for _ in range(3)]
        for one in several[:2]:
            for number in range(13):
                one.tell("echo", number)
            assert one.is_alive()

        for number in range(13):
            several[2].tell("echo", number)

        assert several[2].end()[0] == 4009
        assert hans.is_alive()

    def test_counts_no_guests_together(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_USER_RATE, gate_settings.GATEWAY_ALLOW_GUESTS = (1, 5), True
        guests = [opener(gatehouse).greeted() for _ in range(3)]

        assert all(one.ask("echo", number)["data"] == number for one in guests for number in range(4))

    def test_of_one_user_is_nobodys_business_where_that_is_off(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_USER_RATE = None
        mei = opener(gatehouse, bearer="mei").greeted()

        assert mei.welcome["limits"]["user_rate"] is None
        assert mei.is_alive()

    def test_limits_are_told_at_once(self, mei):
        limits = mei.welcome["limits"]

        assert (limits["rate"], limits["burst"]) == (50, 100)
        assert (limits["user_rate"], limits["user_burst"]) == (500, 1000)
        assert limits["depth"] == 32


@pytest.mark.attack("T-WS-8")
class TestSlowReader:
    def test_goes_and_hurts_nobody(self, gatehouse, gate_settings, opener, mei):
        gate_settings.GATEWAY_MAX_BUFFER = 100_000
        lazy = opener(gatehouse, bearer="lost", max_queue=1).greeted()
        lazy.raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        for _ in range(400):
            gateway.broadcast("news", "x" * 50_000)
            assert len(mei.next("news")) == 50_000
            if not gateway.is_online(4):
                break

        assert not gateway.is_online(4)
        assert gateway.this_node()["evicted"] == 1
        assert mei.is_alive()

    def test_that_reads_on_is_told(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_BUFFER = 100_000
        lazy = opener(gatehouse, bearer="lost", max_queue=1).greeted()
        for _ in range(400):
            gateway.send_user(4, "news", "x" * 50_000)
        until(lambda: not gateway.is_online(4))

        assert lazy.end()[0] == 4008

    def test_may_pause_within_its_buffer(self, gatehouse, mei):
        for number in range(100):
            gateway.send_user(1, "news", [number, "x" * 5_000])
        time.sleep(0.3)

        assert [mei.next("news")[0] for _ in range(100)] == list(range(100))


class TestConnectionsPerUser:
    def test_newest_stay(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_PER_USER = 2
        first, second, third = (opener(gatehouse, bearer="mei").greeted() for _ in range(3))

        assert first.end()[0] == 4505
        assert second.is_alive()
        assert third.is_alive()

    def test_new_is_refused(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_PER_USER, gate_settings.GATEWAY_OVERFLOW = 1, "refuse"
        first, second = opener(gatehouse, bearer="mei").greeted(), opener(gatehouse, bearer="mei")

        assert second.end() == (4505, "You have as many connections already as are allowed.")
        assert first.is_alive()
        opener(gatehouse, bearer="hans").greeted()

    def test_both_go(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_PER_USER, gate_settings.GATEWAY_OVERFLOW = 1, "both"
        first, second = opener(gatehouse, bearer="mei").greeted(), opener(gatehouse, bearer="mei")

        assert second.end() == (4505, "You have as many connections already as are allowed.")
        assert first.end() == (4505, "Replaced by a newer connection of yours.")
        opener(gatehouse, bearer="mei").greeted()

    def test_count_when_somebody_signs_in_later(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_PER_USER = 1
        first, second = opener(gatehouse, bearer="mei").greeted(), opener(gatehouse).greeted()

        assert second.ask("auth", {"access": "mei"})["data"]["user"]["username"] == "mei"

        assert first.end()[0] == 4505
        assert second.is_alive()


class TestDrain:
    def test_tells_clients_to_come_back(self, gatehouse, mei, hans):
        gateway.send_user(1, "last", "words")
        gatehouse.stop()

        assert mei.end() == (1012, "The server is restarting.")
        assert {"topic": "last", "data": "words"} in mei.kept
        assert hans.end()[0] == 1012

    def test_waits_for_no_stuck_reader(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_MAX_BUFFER = 50_000_000
        lazy = opener(gatehouse, bearer="lost", max_queue=1).greeted()
        for _ in range(300):
            gateway.send_user(4, "news", "x" * 50_000)
        assert gateway.connections(user_id=4)[0]["buffered"]

        gatehouse.stop()

        gatehouse._thread.join(PATIENCE)
        assert not gatehouse._thread.is_alive()
        assert lazy
