"""Redis goes away and comes back; the nodes and the sockets stay."""

import re

import pytest

from tests.clients import Line, until
from tests.office import Office
from tests.redis.house import PASSWORD, House


def figure(office: Office, name: str, labels: str = "") -> float:
    """Read one figure of a node."""
    text = office.visitor().get("/metrics").text
    found = re.search(rf"^gatehouse_{name}{re.escape(labels)} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def until_in_touch(house: House) -> None:
    until(lambda: figure(house.east, "gateway_in_touch") == 1, "east is in touch")
    until(lambda: figure(house.west, "gateway_in_touch") == 1, "west is in touch")


def push(house: House, node: Office, word: str) -> None:
    sent = house.east.sign_in() if node is house.east else house.west.sign_in(*house.administrator)
    answer = sent.post("realtime/messages", {"to": {"group": "public.lobby"}, "topic": "word", "data": word})
    assert answer.status_code == 202, answer.text


def hears(line: Line, house: House, node: Office) -> bool:
    """Does a message from `node` arrive? One on the way while a line is being mended may be lost."""
    word = f"from {node.url}"
    push(house, node, word)
    line.ask("ping")
    return any(frame["topic"] == "word" and frame["data"] == word for frame in line.frames)


def socket_of(node: Office, username: str) -> Line:
    caller = node.sign_in(username, PASSWORD)
    line = Line(node.url, bearer=caller.tokens["access"])
    line.ask("join", {"group": "public.lobby"})
    return line


@pytest.mark.attack("T-F-4")
@pytest.mark.attack("T-WS-11")
class TestSockets:
    def test_stay_and_hear_both_nodes_again_when_redis_was_killed(self, house: House):
        people = house.hire(), house.hire()
        until_in_touch(house)
        with socket_of(house.east, people[0]) as here, socket_of(house.west, people[1]) as there:
            before = figure(house.east, "gateway_outages"), figure(house.east, "gateway_lost")
            told = len(house.east.log)
            house.server.stop()
            until(lambda: figure(house.east, "gateway_in_touch") == 0, "east notices")
            for number in range(20):
                push(house, house.east, f"lost {number}")
            assert [here.next("word") for _ in range(20)] == [f"lost {number}" for number in range(20)]
            assert there.ask("ping")["data"]

            house.server.start()
            house.until_ready()
            until_in_touch(house)
            until(lambda: hears(there, house, house.east), "west hears east")
            until(lambda: hears(here, house, house.west), "east hears west")
            assert figure(house.east, "gateway_outages") > before[0]
            # each is told of once, also one that begins between these two looks
            until(
                lambda: (
                    house.east.log[told:].count("The other nodes cannot be reached")
                    == figure(house.east, "gateway_outages") - before[0]
                ),
                "the log tells of each",
            )
            assert figure(house.east, "gateway_lost") >= before[1] + 20
            assert "Traceback" not in house.east.log[told:]
            nodes = house.east.sign_in().get("realtime/nodes").json()["results"]
            [of_east] = [one for one in nodes if one["pid"] == house.east.process.pid]
            assert of_east["lost"] >= before[1] + 20

    def test_stay_while_redis_says_nothing(self, house: House):
        person = house.hire()
        until_in_touch(house)
        with socket_of(house.west, person) as line:
            house.server.freeze()
            until(lambda: figure(house.west, "gateway_in_touch") == 0, "west notices")
            assert line.ask("ping")["data"]
            house.server.thaw()
            until_in_touch(house)

            until(lambda: hears(line, house, house.east), "west hears east")
