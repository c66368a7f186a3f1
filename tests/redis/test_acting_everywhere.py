"""Acting as somebody else begins and ends on all nodes at once, and is read off each one's log."""

import pytest

from tests.clients import Line, until
from tests.redis.house import PASSWORD, House
from tests.redis.test_outage import hears, until_in_touch

pytestmark = pytest.mark.services


def test_begins_on_one_node_and_is_felt_on_the_other(house: House):
    here = house.east.sign_in()
    there = house.as_seen_from(house.west, here)
    name = house.hire()
    member = house.west.sign_in(name, PASSWORD)
    pk = member.get("auth/me").json()["id"]
    assert there.get("auth/me").json()["impersonated_by"] is None  # known to that node from now on
    with there.socket() as own, member.socket() as theirs:
        own.next("welcome")
        theirs.ask("join", {"group": "public.lobby"})
        # a line that was mended of late may lose what is on its way
        until_in_touch(house)
        until(lambda: hears(theirs, house, house.east), "west hears east")

        assert here.post(f"users/{pk}/impersonate", {"reason": "A look"}).status_code == 200

        assert own.end()[0] == 4500
        told = theirs.next("notice")
        assert (told["kind"], told["reason"]) == ("impersonated", "A look")
        me = there.get("auth/me").json()
        assert (me["username"], me["impersonated_by"]["username"]) == (name, "admin")
        assert there.ask("PATCH", f"users/{pk}/", json={"nickname": "x"}).status_code == 403
        assert Line(house.west.url, bearer=there.tokens["access"]).end()[0] == 4500
        assert "data" in theirs.ask("ping")
    line = until(
        lambda: next((one for one in house.west.log.splitlines() if "PATCH" in one and f"users/{pk}/" in one), ""),
        "a line",
    )
    assert f"user_id={pk}" in line
    assert "actor_id=1" in line

    assert there.ask("DELETE", "auth/impersonation").status_code == 204

    assert here.get("auth/me").json()["username"] == "admin"
    with here.socket() as again:
        again.next("welcome")
