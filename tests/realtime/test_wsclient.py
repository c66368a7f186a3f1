"""The client for terminals, as a process."""

import json
import os
import subprocess
import sys

from tests.realtime.server import ROOT


def wsclient(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "wsclient", *arguments],
        cwd=ROOT,
        env=os.environ | {"LANGUAGE_CODE": "en"},
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestWsclient:
    def test_sends_lines_and_prints_frames(self, gatehouse):
        lines = 'ping\necho {"a": "中"}\necho just text\n\n{"id": "x", "topic": "whoami"}\n'

        done = wsclient(gatehouse.url, "--token", "mei", said=lines)

        frames = [json.loads(line) for line in done.stdout.splitlines()]
        assert frames[0]["topic"] == "welcome"
        assert [one["data"] for one in frames[2:4]] == [{"a": "中"}, "just text"]
        assert (frames[4]["id"], frames[4]["data"]["user"]["username"]) == ("x", "mei")
        assert done.returncode == 0

    def test_takes_a_ticket_or_a_token_from_standard_input(self, gatehouse):
        assert '"mei"' in wsclient(gatehouse.url, "--ticket", "mei-t").stdout
        assert '"hans"' in wsclient(gatehouse.url, "--token", "-", said="hans\nping\n").stdout

    def test_tells_why_it_was_closed(self, gatehouse):
        done = wsclient(gatehouse.url, "--token", "late")

        assert "closed with 4501" in done.stderr
        assert "late" not in done.stderr

    def test_tells_what_is_wrong_with_an_address(self):
        assert "No connection" in wsclient("ws://127.0.0.1:1/ws/", "--ticket", "secret").stderr
        assert "secret" not in wsclient("ws://127.0.0.1:1/ws/", "--ticket", "secret").stderr
        assert "no address of a socket" in wsclient("ftp://x").stderr
        assert "cannot be reached" in wsclient("127.0.0.1:1", "--login", "mei", said="x\n").stderr
