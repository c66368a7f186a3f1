"""Points 5 and 7 of the journey: messages arrive, and work tells how far it is."""

import pytest
import requests

from tests.clients import Caller, Line
from tests.journey import workbooks
from tests.journey.conftest import Member, follow, upload
from tests.office import Office

pytestmark = pytest.mark.timeout(300)


def say(caller: Caller, to: dict[str, object], text: str) -> requests.Response:
    """Send a notice as staff do over the API."""
    answer = caller.post("realtime/messages", {"to": to, "topic": "notice", "data": {"text": text}})
    assert answer.status_code == 202, answer.text
    return answer


class TestSocket:
    def test_opens_with_a_ticket_that_works_once(self, office: Office, mei: Member):
        caller = mei.sign_in()
        ticket = caller.post("auth/ticket").json()["ticket"]

        with Line(office.url, ticket=ticket) as line:
            assert line.ask("whoami")["data"]["user"]["id"] == mei.pk
            assert Line(office.url, ticket=ticket).end()[0] == 4500

    def test_opens_with_a_bearer_header(self, office: Office, mei: Member):
        with Line(office.url, bearer=mei.sign_in().tokens["access"]) as line:
            assert line.ask("ping")["data"]["time"] > 0

    def test_opens_with_a_first_frame(self, office: Office, mei: Member):
        access = mei.sign_in().tokens["access"]

        with Line(office.url) as line:
            line.ask("auth", {"access": access})
            assert line.ask("whoami")["data"]["user"]["id"] == mei.pk

    @pytest.mark.attack("T-WS-1")
    @pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1.evil.example", "null"])
    def test_stays_shut_for_foreign_pages(self, office: Office, mei: Member, origin):
        ticket = mei.sign_in().post("auth/ticket").json()["ticket"]

        assert Line(office.url, ticket=ticket, origin=origin).end()[0] == 4506

    def test_does_not_know_a_made_up_ticket(self, office: Office):
        assert Line(office.url, ticket="made-up").end()[0] == 4500


class TestMessages:
    def test_reach_the_person_they_are_for_and_nobody_else(self, administrator: Caller, hire):
        mei, hans = hire(), hire()
        with mei.sign_in().socket() as meis, hans.sign_in().socket() as hanss:
            meis.next("welcome")
            hanss.next("welcome")

            say(administrator, {"user": mei.pk}, "for Mei")
            say(administrator, {"users": [mei.pk, hans.pk]}, "for both")

            assert [meis.next("notice")["text"], meis.next("notice")["text"]] == ["for Mei", "for both"]
            assert hanss.next("notice")["text"] == "for both"

    def test_reach_a_group(self, administrator: Caller, hire):
        mei, hans = hire(), hire()
        group = f"public.{mei.username}"
        with mei.sign_in().socket() as meis, hans.sign_in().socket() as hanss:
            assert meis.ask("join", {"group": group})["data"]["members"] == 1
            hanss.next("welcome")

            say(administrator, {"group": group}, "for the group")
            say(administrator, {"user": hans.pk}, "for Hans")

            assert meis.next("notice")["text"] == "for the group"
            assert hanss.next("notice")["text"] == "for Hans"

    def test_reach_everyone(self, administrator: Caller, hire):
        with hire().sign_in().socket() as meis, hire().sign_in().socket() as hanss:
            meis.next("welcome")
            hanss.next("welcome")

            say(administrator, {"all": True}, "for everyone")

            assert meis.next("notice")["text"] == hanss.next("notice")["text"] == "for everyone"

    def test_are_not_for_people_without_the_permission(self, mei: Member):
        answer = mei.sign_in().post("realtime/messages", {"to": {"all": True}, "topic": "notice", "data": {}})

        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "10009"

    @pytest.mark.attack("T-WS-14")
    def test_of_others_cannot_be_listened_to(self, hire):
        mei, hans = hire(), hire()
        with mei.sign_in().socket() as line:
            assert "error" in line.ask("join", {"group": f"user.{hans.pk}"})
            assert "error" in line.ask("join", {"group": "role.admin"})
            assert "error" in line.ask("join", {"group": "department.1"})


class TestWork:
    def test_tells_its_owners_socket_how_far_it_is(self, administrator: Caller, tmp_path):
        with administrator.socket() as line:
            job = upload(administrator, workbooks.by_the_old_system(tmp_path, 60, "progress"))
            follow(administrator, job["id"], {"ready"})
            administrator.post(f"imports/{job['id']}/confirm", {})
            follow(administrator, job["id"], {"done"})

            seen = [line.next("imports.progress")]
            while seen[-1]["state"] != "done":
                seen.append(line.next("imports.progress"))

            assert {frame["id"] for frame in seen} == {job["id"]}
            assert seen[-1]["done"] == seen[-1]["total"] == 60
