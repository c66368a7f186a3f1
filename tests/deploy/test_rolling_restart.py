"""Node after node restarts while people work: nobody loses a request, and every socket comes back."""

import socket
import threading
from contextlib import ExitStack

import pytest

from benchmarks.load import Request, json_request
from benchmarks.steady import Seen, asking
from project import server
from tests.clients import Caller, Line, until

pytestmark = pytest.mark.timeout(300)
PER_SECOND, SOCKETS = 40, 6


class Member:
    """A client program that keeps a socket, and opens it again when the server restarts."""

    def __init__(self, caller: Caller) -> None:
        self.caller, self.goodbyes, self.failures = caller, list[int](), list[str]()
        self.line = caller.socket()
        self.line.next("welcome")
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._stay)
        self._thread.start()

    def _stay(self) -> None:
        last = False
        while not last:
            last = self._leaving.wait(0.3)  # looks once more: a restart may have come just before
            try:
                self.line.ask("ping")
            except Exception:  # noqa: BLE001 (whatever it is: the close code decides, and is checked)
                self._come_back()

    def _come_back(self) -> None:
        try:
            self.goodbyes.append(self.line.end()[0])
            self.line = self.caller.socket()
            self.line.next("welcome")
        except Exception as failure:  # noqa: BLE001 (kept for the test to show)
            self.failures.append(repr(failure))
            self._leaving.set()

    def leave(self) -> Line:
        self._leaving.set()
        self._thread.join()
        return self.line


def until_more(seen: Seen, what: str) -> None:
    """Wait until about a second's worth of further requests was answered."""
    enough = len(seen.times) + PER_SECOND
    until(lambda: len(seen.times) > enough, what)


@pytest.mark.attack("T-F-3")
def test_nobody_notices(site):
    keeper = site.keeper()
    bearer = {"Authorization": f"Bearer {keeper.tokens['access']}"}
    before = keeper.get("departments/").json()["count"]
    made = [json_request("/api/v1/departments/", {"name": f"Under way {number}"}, 201) for number in range(2000)]
    posts = [Request(one.method, one.path, one.headers | bearer, one.body, one.expected) for one in made]
    reads = [Request("GET", "/api/v1/auth/me", bearer), Request("GET", "/.well-known/jwks.json", {})]

    with ExitStack() as leaving:
        members = [Member(keeper) for _ in range(SOCKETS)]
        for member in members:
            leaving.callback(member.leave)
        work = [one for post in posts for one in (post, *reads, reads[1])]
        with asking(site.proxy.url, work, PER_SECOND, keeper.trust) as seen:
            for node in site.nodes:
                assert node.close() == 0
                until_more(seen, "the other node answers")
                node.open()
                until_more(seen, "both nodes answer")
            until(lambda: all(member.goodbyes for member in members), "every socket was moved")

        assert seen.failures == []
        # each was done once: none lost, none sent to a second node after the first had it
        assert keeper.get("departments/").json()["count"] == before + seen.answered["POST"]
        for member in members:
            assert member.failures == []
            assert set(member.goodbyes) == {1012}
            assert member.leave().ask("echo", "still here")["data"] == "still here"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_stands_at_a_closing_door_is_let_in_and_newcomers_are_not(host):
    """By means that need no privilege: kernels since 2026 want CAP_NET_ADMIN for a filter on a TCP socket."""
    with server.bind(host, 0) as door:
        door.listen()
        address = door.getsockname()[:2]
        with socket.create_connection(address) as early:
            server.refuse_newcomers(door)
            early.sendall(b"here")

            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
            inside, _ = door.accept()
            with inside:
                assert inside.recv(4) == b"here"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=3)
