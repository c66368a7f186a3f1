"""Staff on one node look at, change and watch a connection to another."""

import json

import pytest

from tests.clients import until
from tests.redis.house import PASSWORD, House
from tests.redis.test_outage import until_in_touch

pytestmark = pytest.mark.services


def test_reaches_over_nodes(house: House):
    staff = house.east.sign_in()
    member = house.west.sign_in(house.hire(), PASSWORD)
    until_in_touch(house)
    with staff.socket() as desk, member.socket() as theirs:
        desk.next("welcome")
        name = theirs.next("welcome")["connection"]
        path = f"realtime/connections/{name}"

        changed = staff.ask("PATCH", path, json={"settings": {"desk": "7"}, "join": ["orders.vip"]})
        assert changed.status_code == 200, changed.text
        seen = until(lambda: (now := staff.get(path).json())["settings"] and now, "it is changed")
        assert (seen["settings"], "orders.vip" in seen["groups"]) == ({"desk": "7"}, True)
        assert theirs.ask("session.get")["data"] == {"desk": "7"}

        assert "data" in desk.ask("tap.start", {"connection": name})
        theirs.ask("echo", "over the wire")
        shown = []
        while not any(one["topic"] == "echo" and one["way"] == "out" for one in shown):
            shown += desk.next("tap.frames")["frames"]
        echoed = [(one["way"], json.loads(one["text"])["data"]) for one in shown if one["topic"] == "echo"]
        assert echoed == [("in", "over the wire"), ("out", "over the wire")]

    def both() -> bool:
        sums = staff.get("realtime/summary").json()
        listed = {one["name"] for one in staff.get("realtime/nodes").json()["results"] if not one["silent"]}
        return (sums["nodes"], sums["in_touch"], len(listed)) == (2, 2, 2)

    until(both, "both nodes are listed, also after a Redis that was away, and no others any more")
