"""What docs/message-queue.md shows works as it stands there."""

import os
import re
import subprocess
import sys

from tests.docs.blocks import DOCS

PAGE = (DOCS / "message-queue.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestExamples:
    def test_in_python_puts_a_message_there(self, node, redis_server, opener):
        mei = opener(node, bearer="mei").greeted()

        run(sys.executable, "-c", blocks("python")[0], REDIS_URL=redis_server.url)

        assert mei.next("orders.changed") == {"id": 7}

    def test_in_a_shell_put_messages_there(self, new_office, redis_server):
        office = new_office(REDIS_URL=redis_server.url, GATEWAY_QUEUE_GRACE="0", GATEWAY_IDLE_SECONDS="0")
        caller = office.sign_in()
        assert caller.tokens["user"]["id"] == 1
        token = caller.tokens["access"]
        with caller.socket() as line:
            said = run("sh", "-ec", blocks("sh")[0], REDIS_URL=redis_server.url, GATEHOUSE=office.url, TOKEN=token)

            assert '"delivered":1' in said
            assert {line.next("orders.changed")["id"] for _ in range(2)} == {8, 9}
