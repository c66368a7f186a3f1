"""The client for terminals, as a process: in pipes, and at a terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from project.env import ROOT
from realtime import gateway
from tests import launcher
from tests.clients import PATIENCE
from tests.realtime.conftest import until

ENVIRONMENT = os.environ | {"LANGUAGE_CODE": "en", "TERM": "xterm"}
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def wsclient(*arguments: str, said: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    return launcher.run(["manage.py", "wsclient", *arguments], cwd=ROOT, env=ENVIRONMENT | environment, said=said)


class Client:
    """A client that somebody talks to, line by line; at a terminal when `tty`."""

    def __init__(self, *arguments: str, tty: bool) -> None:
        if tty:
            ours, theirs = pty.openpty()
            self._ends, given, shown = {ours}, theirs, theirs
            self._terminal = self._out = ours
        else:
            given, self._terminal = os.pipe()
            self._out, shown = os.pipe()
            self._ends = {self._terminal, self._out}
        self._seen = ""
        command = ["manage.py", "wsclient", *arguments]
        self.process = launcher.start(command, cwd=ROOT, env=ENVIRONMENT, stdin=given, stdout=shown, stderr=shown)
        for theirs in {given, shown}:
            os.close(theirs)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def shows(self, pattern: str) -> "re.Match[str]":
        """Wait until the client has shown something new; return what."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self._seen, re.DOTALL)):
            ready, _, _ = select.select([self._out], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"never showed {pattern!r}, but {self._seen!r}"
            self._seen += self._read()
        self._seen = self._seen[found.end() :]
        return found

    def _read(self) -> str:
        try:
            more = os.read(self._out, 65_536)
        except OSError:  # the other end of the terminal is closed
            more = b""
        assert more, f"ended, after {self._seen!r}"
        return COLOURS.sub("", more.decode())

    def hang_up(self) -> None:
        """Say that nothing more will be typed."""
        self._ends.remove(self._terminal)
        os.close(self._terminal)

    def ends(self) -> int:
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        for end in self._ends:
            os.close(end)


@pytest.fixture
def talk() -> Iterator[Callable[..., Client]]:
    """Start clients that end with the test."""
    started: list[Client] = []

    def start(*arguments: str, tty: bool = False) -> Client:
        started.append(Client(*arguments, tty=tty))
        return started[-1]

    yield start
    for one in started:
        one.close()


class TestInPipes:
    def test_sends_lines_and_prints_frames(self, gatehouse):
        lines = 'mei\nping\necho {"a": "中"}\necho just text\n\n{"id": "x", "topic": "whoami"}\n/join public.lobby\n'

        done = wsclient(gatehouse.url, "--token", said=lines)

        frames = [json.loads(line) for line in done.stdout.splitlines()]
        assert frames[0]["topic"] == "welcome"
        assert [one["data"] for one in frames[2:4]] == [{"a": "中"}, "just text"]
        assert (frames[4]["id"], frames[4]["data"]["user"]["username"]) == ("x", "mei")
        assert frames[5]["data"] == {"group": "public.lobby", "members": 1}
        assert done.returncode == 0

    def test_needs_nobody_for_a_ping(self, gatehouse):
        done = wsclient(gatehouse.url, said='{"topic":"ping","id":1}\n')

        assert json.loads(done.stdout.splitlines()[1])["id"] == 1
        assert done.returncode == 0

    def test_ends_quietly_when_who_reads_has_seen_enough(self, gatehouse, tmp_path):
        nobody, shown = os.pipe()
        os.close(nobody)
        with open(tmp_path / "said", "w+") as said:
            client = launcher.start(
                ["manage.py", "wsclient", gatehouse.url], cwd=ROOT, env=ENVIRONMENT, stdout=shown, stderr=said
            )
            os.close(shown)

            assert client.wait(PATIENCE) == 0
            assert Path(said.name).read_text() == f"Connected to {gatehouse.url}\n"

    def test_is_named_in_the_list_of_connections(self, gatehouse, talk):
        client = talk(gatehouse.url, "--token")
        client.type("mei\n")
        client.shows("welcome")

        assert gateway.connections(user_id=1)[0]["user_agent"] == "Gatehouse-wsclient"

    def test_knows_this_machines_server(self, gatehouse):
        done = wsclient(said="ping\n", PORT=str(gatehouse.port))

        assert json.loads(done.stdout.splitlines()[1])["topic"] == "ping"

    def test_takes_a_ticket_from_standard_input(self, gatehouse):
        assert '"mei"' in wsclient(gatehouse.url, "--ticket", said="mei-t\n").stdout

    def test_speaks_messagepack(self, gatehouse):
        done = wsclient(gatehouse.url, "--token", "--msgpack", said='mei\necho {"a": [1, "中"]}\n')

        assert json.loads(done.stdout.splitlines()[1])["data"] == {"a": [1, "中"]}

    @pytest.mark.parametrize(
        ("how", "shown"),
        [((), r'\n\{"binary":"AP8="\}'), (("--msgpack",), r'\{"topic":"picture","data":\{"binary":"AP8="\}\}')],
        ids=["json", "msgpack"],
    )
    def test_shows_bytes_in_base64(self, gatehouse, talk, how, shown):
        client = talk(gatehouse.url, "--token", *how)
        client.type("mei\n")
        client.shows('"welcome".*}}')

        gateway.send_user(1, "picture", b"\x00\xff")

        client.shows(shown)

    def test_says_what_no_command_is(self, gatehouse):
        done = wsclient(gatehouse.url, said="/jion x\n/join\n/ping now\n/help\n")

        assert "There is no /jion; /help lists all." in done.stderr
        assert "Type it like this: /join public.lobby" in done.stderr
        assert "Type it like this: /ping" in done.stderr
        assert "leave a group" in done.stderr
        assert len(done.stdout.splitlines()) == 1

    def test_speaks_chinese(self, gatehouse):
        done = wsclient(gatehouse.url, said="/nope\nnope\n", LANGUAGE_CODE="zh-hans")

        assert "没有 /nope 这个命令" in done.stderr
        assert "没有主题“nope”" in done.stdout


class TestRefusals:
    def test_tell_why(self, gatehouse):
        done = wsclient(gatehouse.url, "--token", said="late\n")

        assert "Closed with 4501: Your account was signed in elsewhere." in done.stderr
        assert (done.returncode, "late" in done.stderr) == (1, False)

    def test_keep_the_ticket_to_themselves(self):
        done = wsclient("ws://127.0.0.1:1/ws/", "--ticket", said="secret\n")

        assert "No connection to ws://127.0.0.1:1/ws/" in done.stderr
        assert (done.returncode, "secret" in done.stderr) == (1, False)

    def test_of_who_cannot_sign_in_anywhere(self):
        done = wsclient("127.0.0.1:1", "--user", "mei", said="x\n")

        assert "http://127.0.0.1:1/api/v1/auth/login cannot be reached" in done.stderr
        assert done.returncode == 1

    @pytest.mark.parametrize("address", ["ftp://x", "ws://127.0.0.1:99999", "ws://127.0.0.1:port"])
    def test_of_wrong_arguments(self, address):
        done = wsclient(address)

        assert f"{address} is no address of a socket" in done.stderr
        assert done.returncode == 2

    @pytest.mark.parametrize("way", [(), ("--user", "mei")], ids=["socket", "sign-in"])
    def test_ask_whether_the_server_runs(self, way):
        done = wsclient("ws://127.0.0.1:1", *way, said="x\n")

        assert "nothing listens there. Is the server running?" in done.stderr

    def test_ask_for_the_path(self, gatehouse):
        done = wsclient(f"ws://127.0.0.1:{gatehouse.port}/elsewhere")

        assert "it answers 404 and opens no socket. Is the path right?" in done.stderr

    def test_tell_that_there_is_no_tls(self, gatehouse):
        done = wsclient(f"wss://127.0.0.1:{gatehouse.port}")

        assert "Try ws:// instead of wss://." in done.stderr

    @pytest.mark.parametrize("way", ["--token", "--ticket"])
    def test_of_a_secret_that_is_missing(self, gatehouse, way):
        done = wsclient(gatehouse.url, way)

        assert "Nothing was typed" in done.stderr
        assert (done.returncode, done.stdout) == (1, "")


class TestAPassword:
    @pytest.fixture
    def client(self, gatehouse, talk) -> Client:
        client = talk(gatehouse.url, "--token", tty=True)
        client.shows("Token: ")
        return client

    def test_that_is_not_given_is_said(self, client):
        client.type("\x04")

        assert "Traceback" not in client.shows(".*Nothing was typed").group()
        assert client.ends() == 1

    def test_is_no_reason_to_stay_on_control_c(self, client):
        client.process.send_signal(signal.SIGINT)

        assert "Traceback" not in client.shows(".*Nothing was typed").group()
        assert client.ends() == 1


class TestAtATerminal:
    @pytest.fixture
    def mei(self, gatehouse, talk) -> Client:
        client = talk(gatehouse.url, "--token", tty=True)
        client.shows("Token: ")
        client.type("mei\n")
        client.shows("Connected to .*welcome.*> ")
        return client

    def test_shows_answers_with_the_time_they_took(self, mei):
        mei.type("/ping\n")

        mei.shows(r'\d\d:\d\d:\d\d ← ping  \d+\.\d ms  \{"time": ')

    def test_lists_topics(self, mei):
        mei.type("/topics\n")

        mei.shows("session.set +Set some")

    def test_keeps_what_is_being_typed(self, mei):
        mei.type("ec")
        mei.shows("ec")

        gateway.send_user(1, "lunch", {"at": "12:00"})

        mei.shows('lunch  {"at": "12:00"}.*> ec')
        mei.type("ho 1\n")
        mei.shows("echo .* ms  1")

    def test_completes_and_remembers(self, mei):
        mei.type("/who\t\n")
        mei.shows("whoami .*username")

        mei.type("\x1b[A\n")

        mei.shows("/whoami.*whoami .*username")

    def test_obeys_no_control_characters_of_others(self, mei):
        gateway.send_user(1, "note", {"text": "a\x9b2Jb"})

        mei.shows(r"a\\u009b2Jb")

    @pytest.mark.parametrize("way", ["/quit\n", "\x04"])
    def test_leaves_politely(self, mei, way):
        mei.type(way)

        assert mei.ends() == 0
        until(lambda: not gateway.is_online(1))

    def test_leaves_at_once_on_control_c(self, mei):
        mei.process.send_signal(signal.SIGINT)

        assert mei.ends() == 0
        until(lambda: not gateway.is_online(1))

    def test_is_told_why_it_ends(self, mei):
        gateway.disconnect(user_id=1, reason="Lunch.")

        mei.shows("Closed with 4503: Lunch.")
        assert mei.ends() == 1


class TestAfterACut:
    def test_connects_again_and_goes_on(self, gatehouse, talk):
        client = talk(gatehouse.url, "--token")
        client.type("mei\nping\n")
        client.shows('"topic":"ping"')

        gateway.disconnect(user_id=1, code=4000)

        client.shows("Closed with 4000.*Connecting again in .*welcome")
        client.type("echo 2\n")
        client.shows('"topic":"echo","data":2')

    def test_waits_as_long_as_the_server_asks(self, talk):
        with Restarting() as server:
            client = talk(server.url)

            client.shows("Closed with 1012: Restarting.*Connecting again in 0.3 s.*welcome")

            client.type("/quit\n")
            assert client.ends() == 0

    def test_gives_up_once_there_is_nothing_more_to_say(self, talk):
        with Restarting(retry_after=600) as server:
            client = talk(server.url)
            client.shows("Connecting again in 600.0 s")

            client.hang_up()

            assert client.ends() == 1


class Restarting:
    """A server that sends its first client away for a while, as one does that restarts."""

    def __init__(self, retry_after: float = 0.3) -> None:
        self._retry_after = retry_after
        self._server = serve(self._answer, "127.0.0.1", 0, subprotocols=["gatehouse.v1"])  # type: ignore[list-item]  # a NewType of str
        self._thread = Thread(target=self._server.serve_forever)
        self._visits = 0
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/ws/"

    def _answer(self, line: ServerConnection) -> None:
        self._visits += 1
        self._tell(line, "welcome", {})
        if self._visits == 1:
            self._tell(line, "kick", {"code": 1012, "reason": "Restarting", "retry_after": self._retry_after})
            line.close(1012, "Restarting")
        for _frame in line:
            pass

    @staticmethod
    def _tell(line: ServerConnection, topic: str, data: Any) -> None:
        line.send(json.dumps({"topic": topic, "data": data}))

    def __enter__(self) -> "Restarting":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)


class TestSigningIn:
    def test_takes_a_name_and_a_password(self, office):
        name, password = office.administrator
        socket = office.url.replace("http", "ws", 1)

        done = wsclient(socket, "--user", name, said=f"{password}\n/whoami\n")

        assert json.loads(done.stdout.splitlines()[1])["data"]["user"]["username"] == name
        assert done.returncode == 0

    def test_says_what_the_api_says(self, office):
        done = wsclient(office.url, "--user", "nobody-here", said="wrong\n")

        assert "password" in done.stderr
        assert done.returncode == 1
