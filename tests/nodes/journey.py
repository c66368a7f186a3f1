"""The journey of the foundation, with every step on another node than the one before.

Each module beside it that imports these classes runs them on its own `house`.
"""

import re
from typing import Any

import pytest
import requests

from tests.clients import PATIENCE, Caller, Line, until
from tests.journey import workbooks
from tests.journey.conftest import follow, upload
from tests.journey.test_sessions import code_of
from tests.journey.test_sockets import say
from tests.nodes.house import PASSWORD, House, Person
from tests.office import Office


def sockets_of(caller: Caller, person: Person) -> list[tuple[str, str]]:
    """Return connection and node of each socket of a person, as `caller`'s node lists them."""
    answer = caller.get("realtime/connections", params={"user": person.pk})
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["node"]) for one in answer.json()["results"]]


def until_listed(caller: Caller, person: Person, sockets: list[dict[str, Any]]) -> None:
    """Wait until `sockets`, as each describes itself, and no others are listed as the person's."""
    wanted = sorted((one["connection"], one["node"]) for one in sockets)
    until(lambda: sorted(sockets_of(caller, person)) == wanted, f"{wanted} are listed")


def kids(node: Office) -> list[str]:
    """Return the ids of the signing keys a node publishes."""
    return [key["kid"] for key in node.visitor().get("/.well-known/jwks.json").json()["keys"]]


class TestFirstStart:
    def test_of_all_parts_at_once_prepares_the_house_once(self, house: House):
        said = [part.output for part in house.parts]

        assert sum("Preparing the database" in output for output in said) == 1
        assert sum(len(re.findall("shown only now", output)) for output in said) == 1
        assert not any("Traceback" in output for output in said)
        assert kids(house.east) == kids(house.west)
        assert len(kids(house.east)) == 1
        found = house.administrator(house.west).get("users/", params={"search": "admin"}).json()
        assert [one["username"] for one in found["results"]] == ["admin"]

    def test_leaves_every_node_ready(self, house: House):
        for node in house.nodes:
            answer = node.visitor().get("/readyz")
            assert answer.status_code == 200, answer.text
            assert set(answer.json()["checks"]) == {"database", "cache", "channel_layer", "broker"}


class TestSession:
    def test_made_on_one_node_is_good_on_the_other(self, house: House):
        mei = house.hire()
        caller = mei.sign_in(house.east)

        caller.url = house.west.url
        assert caller.get("auth/me").json()["id"] == mei.pk
        assert caller.refresh().status_code == 200
        with caller.socket() as line:
            assert line.ask("whoami")["data"]["user"]["id"] == mei.pk

        caller.url = house.east.url
        assert caller.get("auth/me").status_code == 200
        assert caller.refresh().status_code == 200

    def test_refreshed_on_both_nodes_at_once_gets_one_successor(self, house: House):
        caller = house.hire().sign_in(house.east)
        given = {"refresh": caller.tokens["refresh"]}

        answers = [node.visitor().post("auth/refresh", given) for node in house.nodes]

        assert [one.status_code for one in answers] == [200, 200]
        assert answers[0].json()["refresh"] == answers[1].json()["refresh"]

    @pytest.mark.attack("T-SL-1")
    def test_is_displaced_by_a_second_device_at_the_other_node(self, house: House):
        mei = house.hire()
        phone = mei.sign_in(house.east, "phone")
        line = phone.socket()
        line.next("welcome")
        assert phone.get("auth/me").status_code == 200  # by now the node has it in its cache

        laptop = mei.sign_in(house.west, "laptop")

        assert code_of(phone.get("auth/me")) == (401, "20001")
        assert line.end()[0] == 4501
        assert code_of(phone.refresh()) == (401, "20001")
        assert laptop.get("auth/me").status_code == 200

    def test_is_ended_by_staff_at_the_other_node(self, house: House):
        mei = house.hire()
        caller = mei.sign_in(house.west)
        line = caller.socket()
        line.next("welcome")

        answer = house.administrator(house.east).post(f"users/{mei.pk}/end-sessions/")

        assert answer.status_code == 200, answer.text
        assert code_of(caller.get("auth/me")) == (401, "20002")
        assert line.end()[0] == 4502
        assert code_of(caller.refresh())[0] == 401

    def test_ends_everywhere_with_signing_out(self, house: House):
        caller = house.hire().sign_in(house.east)
        line = caller.socket()
        line.next("welcome")

        caller.url = house.west.url
        assert caller.post("auth/logout").status_code == 204

        assert line.end()[0] == 4502
        caller.url = house.east.url
        assert code_of(caller.get("auth/me")) == (401, "20002")


class TestEndings:
    """One node decides it, the other one feels it."""

    @pytest.mark.attack("T-SL-3")
    def test_of_a_displaced_device_harm_nobody_else(self, house: House):
        mei = house.hire()
        phone, laptop = mei.sign_in(house.east, "phone"), mei.sign_in(house.west, "laptop")
        with laptop.socket() as line:
            line.next("welcome")

            for node in house.nodes:
                phone.url = node.url
                assert code_of(phone.post("auth/logout")) == (401, "20001")

            assert "data" in line.ask("ping")
        for node in house.nodes:
            laptop.url = node.url
            assert laptop.get("auth/me").status_code == 200

    def test_of_a_department_come_at_once_everywhere(self, house: House):
        people = [house.hire(), house.hire()]
        staff = house.administrator(house.east)
        department = staff.post("departments/", {"name": f"Works of {people[0].username}"}).json()["id"]
        for person in people:
            assert staff.ask("PATCH", f"users/{person.pk}", json={"department": department}).status_code == 200
        callers = [person.sign_in(node) for person, node in zip(people, house.nodes, strict=True)]
        lines = [caller.socket() for caller in callers]
        for line, caller in zip(lines, callers, strict=True):
            line.next("welcome")
            assert caller.get("auth/me").status_code == 200  # by now the node has it in its cache

        answer = staff.post(f"departments/{department}/end-sessions", {"reason": "break-in"})

        assert answer.json() == {"ended": 2, "people": 2, "left_alone": 0}
        assert [code_of(caller.get("auth/me")) for caller in callers] == [(401, "20002")] * 2
        assert [line.end()[0] for line in lines] == [4502, 4502]
        assert [code_of(caller.refresh()) for caller in callers] == [(401, "20002")] * 2
        assert staff.get("auth/me").status_code == 200

    @pytest.mark.attack("T-US-1")
    def test_come_with_the_account_disabled(self, house: House):
        mei, staff = house.hire(), house.administrator(house.east)
        give_a_role(staff, mei, "accounts.view_user", is_staff=True)
        caller, browser = mei.sign_in(house.west), enter(house.west, mei)
        export = caller.post("exports/", {"resource": "users", "format": "csv"}).json()["id"]
        until(lambda: caller.get(f"exports/{export}").json()["state"] == "done", "the export is written")
        assert caller.get(f"exports/{export}/download").status_code == 200
        line = caller.socket()
        line.next("welcome")
        assert browser.get(f"{house.west.url}/admin/").status_code == 200

        answer = staff.ask("PATCH", f"users/{mei.pk}", json={"is_active": False})

        assert answer.status_code == 200, answer.text
        for node in reversed(house.nodes):
            caller.url = node.url
            assert code_of(caller.get("auth/me")) == (401, "20002")
            assert code_of(caller.get(f"exports/{export}/download")) == (401, "20002")
            assert code_of(caller.refresh()) == (401, "20002")
            assert "/admin/login/" in browser.get(f"{node.url}/admin/", allow_redirects=False).headers["location"]
        assert line.end()[0] == 4504

    @pytest.mark.attack("T-US-2")
    def test_of_a_role_are_felt_by_calls_and_sockets(self, house: House):
        mei, staff = house.hire(), house.administrator(house.east)
        key = give_a_role(staff, mei, "accounts.view_user")
        caller = mei.sign_in(house.west)
        assert caller.get("users/").status_code == 200
        with caller.socket() as line:
            assert f"role.{key}" in line.ask("whoami")["data"]["groups"]

            assert staff.ask("PATCH", f"users/{mei.pk}", json={"roles": []}).status_code == 200

            assert code_of(caller.get("users/")) == (403, "10009")
            until(lambda: f"role.{key}" not in line.ask("whoami")["data"]["groups"], "the socket has left the group")
        assert caller.get("auth/me").status_code == 200

    @pytest.mark.attack("T-US-3")
    def test_come_with_a_new_password_but_for_the_session_that_sets_it(self, house: House):
        mei, staff = house.hire(), house.administrator(house.east)
        give_a_role(staff, mei, "accounts.view_user", is_staff=True)
        caller, browser = mei.sign_in(house.west), enter(house.east, mei)
        assert browser.get(f"{house.east.url}/admin/").status_code == 200

        changed = caller.post("auth/password", {"old_password": PASSWORD, "new_password": "a much longer sentence"})

        assert changed.json() == {"ended": 1}
        for node in house.nodes:
            caller.url = node.url
            assert caller.get("auth/me").status_code == 200
            assert "/admin/login/" in browser.get(f"{node.url}/admin/", allow_redirects=False).headers["location"]
        assert caller.refresh().status_code == 200


def give_a_role(staff: Caller, person: Person, *permissions: str, is_staff: bool = False) -> str:
    """Make a role of these permissions, and give it to nobody but `person`; return its key."""
    key = f"role-of-{person.username}"
    made = staff.post("roles/", {"key": key, "name": key, "rank": 1, "permissions": permissions})
    assert made.status_code == 201, made.text
    answer = staff.ask("PATCH", f"users/{person.pk}", json={"roles": [key], "is_staff": is_staff})
    assert answer.status_code == 200, answer.text
    return key


def enter(node: Office, person: Person) -> requests.Session:
    """Sign in to a node's back office."""
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(f"{node.url}/admin/login/", timeout=PATIENCE)
    given = person.credentials | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(page.url, given, headers={"Referer": page.url}, timeout=PATIENCE)
    assert answer.url.endswith("/admin/"), answer.url
    return browser


class TestMessages:
    def test_cross_from_node_to_node(self, house: House):
        mei, hans = house.hire(), house.hire()
        group = f"public.{mei.username}"
        staff = house.administrator(house.east)
        with mei.sign_in(house.east).socket() as meis, hans.sign_in(house.west).socket() as hanss:
            assert meis.ask("join", {"group": group})["data"]["members"] == 1
            assert hanss.ask("join", {"group": group})["data"]["members"] == 2
            for node in house.nodes:
                staff.url = node.url
                say(staff, {"user": hans.pk}, "for Hans")
                say(staff, {"users": [mei.pk, hans.pk]}, "for both")
                say(staff, {"group": group}, "for the group")
                say(staff, {"all": True}, "for everyone")

                assert {hanss.next("notice")["text"] for _ in range(4)} == {
                    "for Hans",
                    "for both",
                    "for the group",
                    "for everyone",
                }
                assert {meis.next("notice")["text"] for _ in range(3)} == {"for both", "for the group", "for everyone"}

            assert hanss.ask("leave", {"group": group})["data"]["members"] == 1
            assert not [frame for frame in (*meis.frames, *hanss.frames) if frame["topic"] == "notice"]

    def test_from_a_worker_reach_sockets_on_either_node(self, house: House, tmp_path):
        administrator = house.administrator(house.east)
        with administrator.socket() as in_the_east:
            administrator.url = house.west.url
            with administrator.socket() as in_the_west:
                path = workbooks.by_the_old_system(tmp_path, 8, f"push{house.hired:03}x")
                job = upload(administrator, path)
                administrator.url = house.east.url
                follow(administrator, job["id"], {"ready"})

                for line in (in_the_east, in_the_west):
                    seen = line.next("imports.progress")
                    while seen["state"] != "ready":
                        seen = line.next("imports.progress")
                    assert seen["id"] == job["id"]


class TestSheets:
    def test_uploaded_at_one_node_are_confirmed_at_the_other(self, house: House, tmp_path):
        administrator = house.administrator(house.east)
        prefix = f"sheet{house.hired:03}x"
        job = upload(administrator, workbooks.by_the_old_system(tmp_path, 8, prefix))

        administrator.url = house.west.url
        follow(administrator, job["id"], {"ready"})
        assert administrator.post(f"imports/{job['id']}/confirm", {}).status_code == 202

        administrator.url = house.east.url
        done = follow(administrator, job["id"], {"done"})
        assert done["progress"]["done"] == done["progress"]["total"] == 8
        assert administrator.get("users/", params={"search": prefix}).json()["count"] == 8

    def test_exported_by_the_worker_are_downloaded_from_either_node(self, house: House):
        administrator = house.administrator(house.west)
        job = administrator.post("exports/", {"resource": "users", "format": "xlsx"}).json()
        until(lambda: administrator.get(f"exports/{job['id']}").json()["state"] == "done", "the export is written")

        for node in house.nodes:
            administrator.url = node.url
            answer = administrator.get(f"exports/{job['id']}/download")
            assert answer.status_code == 200
            assert answer.content.startswith(b"PK")


class TestPresence:
    def test_is_the_same_on_both_nodes(self, house: House):
        mei = house.hire()
        caller, staff = mei.sign_in(house.east), house.administrator(house.east)
        with caller.socket() as in_the_east:
            caller.url = house.west.url
            with caller.socket() as in_the_west:
                open_now = [line.ask("whoami")["data"] for line in (in_the_east, in_the_west)]
                assert len({one["node"] for one in open_now}) == 2
                for node in house.nodes:
                    staff.url = node.url
                    until_listed(staff, mei, open_now)
                    nodes = staff.get("realtime/nodes").json()["results"]
                    assert {one["node"] for one in open_now} <= {one["id"] for one in nodes}
        until_listed(staff, mei, [])

    @pytest.mark.parametrize("of_staff", ["east", "west"])
    def test_lets_staff_close_a_socket_at_the_other_node(self, house: House, of_staff):
        here, there = house.nodes if of_staff == "east" else house.nodes[::-1]
        mei, staff = house.hire(), house.administrator(here)
        caller = mei.sign_in(there)
        line = caller.socket()
        [(connection, _)] = until(lambda: sockets_of(staff, mei), "Mei's socket is listed")

        assert staff.ask("DELETE", f"realtime/connections/{connection}").status_code == 204

        assert line.end()[0] == 4503
        assert caller.get("auth/me").status_code == 200


class TestLine:
    def test_with_a_made_up_ticket_stays_shut_on_both_nodes(self, house: House):
        caller = house.hire().sign_in(house.east)
        ticket = caller.post("auth/ticket").json()["ticket"]

        with Line(house.west.url, ticket=ticket) as line:
            line.next("welcome")
        for node in house.nodes:
            assert Line(node.url, ticket=ticket).end()[0] == 4500
