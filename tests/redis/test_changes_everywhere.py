"""Address rules and tokens changed on one node count on the other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clients import Caller, Line, until
from tests.redis.house import PASSWORD, House

pytestmark = pytest.mark.services

STRANGER = "127.0.0.99"


@pytest.fixture
def administrator(house: House) -> Caller:
    """Signed in at the east node."""
    return house.east.sign_in()


def made(administrator: Caller, **more: Any) -> dict[str, Any]:
    given = {"name": "watcher", "scopes": ["accounts.view_user"]} | more
    given["expires_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = administrator.post("auth/tokens", given)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class TestAddressRules:
    def test_keep_a_stranger_out_of_both_nodes_and_let_them_in_again(self, house, administrator):
        name = house.hire()
        knocking = {"username": name, "password": PASSWORD}
        strangers = [Caller(node.url, address=STRANGER) for node in (house.east, house.west)]
        assert [one.post("auth/login", knocking).status_code for one in strangers] == [200, 200]

        answer = administrator.post("address-rules/", {"effect": "deny", "pattern": STRANGER})
        assert answer.status_code == 201, answer.text
        rule = answer.json()["id"]
        try:
            until(
                lambda: [one.post("auth/login", knocking).status_code for one in strangers] == [403, 403], "both refuse"
            )
            with Line(house.west.url, bearer=administrator.tokens["access"], address=STRANGER) as line:
                assert line.end()[0] == 4506
            # each node adds what it counted itself
            until(lambda: administrator.get(f"address-rules/{rule}/").json()["hits"] >= 3, "the hits of both are added")
        finally:
            assert administrator.ask("DELETE", f"address-rules/{rule}/").status_code == 204
        until(lambda: [one.post("auth/login", knocking).status_code for one in strangers] == [200, 200], "both let in")


class TestTokens:
    def test_revoked_on_one_node_are_dead_on_the_other_with_their_sockets(self, house, administrator):
        token = made(administrator)
        there = Caller(house.west.url)
        there.tokens = {"access": token["token"]}
        assert [there.get("users/").status_code for _ in range(2)] == [200, 200]
        with Line(house.west.url, bearer=token["token"]) as line:
            greeting = line.next("welcome")
            assert greeting["user"]["name"] == "watcher"
            assert line.ask("whoami")["data"]["groups"] == ["everyone"]

            assert administrator.ask("DELETE", f"auth/tokens/{token['id']}").status_code == 204

            assert there.get("users/").status_code == 401  # at the very next call
            assert line.end()[0] == 4502
        log = house.east.log + house.west.log
        assert token["token"][16:48] not in log

    def test_keep_working_while_the_owner_comes_and_goes(self, house, administrator):
        token = made(administrator, allowed_addresses=["127.0.0.0/8"])
        machine = Caller(house.east.url)
        machine.tokens = {"access": token["token"]}
        with Line(house.west.url, bearer=token["token"]) as line:
            line.next("welcome")
            house.east.sign_in().post("auth/logout")

            assert machine.get("users/").status_code == 200
            assert "data" in line.ask("ping")
