"""Points 4 and 6 of the journey: people sign in over the API, are displaced by themselves, and are sent out by staff."""

import time

import jwt
import pytest
import requests

from tests.clients import Caller
from tests.journey.conftest import Member
from tests.office import Office

pytestmark = pytest.mark.timeout(300)


def code_of(answer: requests.Response) -> tuple[int, str]:
    """Return status and error code of an answer."""
    return answer.status_code, answer.json()["error"]["code"]


class TestSigningIn:
    def test_gives_tokens_that_anyone_can_verify_with_the_published_key(self, office: Office, mei: Member):
        mei_at_home = mei.sign_in(device="home")
        keys = jwt.PyJWKSet.from_dict(office.visitor().get("/.well-known/jwks.json").json())
        header = jwt.get_unverified_header(mei_at_home.tokens["access"])

        claims = jwt.decode(
            mei_at_home.tokens["access"],
            keys[header["kid"]].key,
            algorithms=["RS256"],
            options={"verify_aud": False},
        )

        assert header["alg"] == "RS256"
        assert claims["sub"] == str(mei.pk)
        assert claims["exp"] - time.time() == pytest.approx(1800, abs=60)
        assert mei_at_home.tokens["access_expires_in"] == pytest.approx(1800, abs=60)

    @pytest.mark.parametrize("algorithm", ["RS512", "EdDSA"])
    def test_signs_with_the_algorithm_that_was_chosen(self, new_office, algorithm):
        office = new_office(JWT_ALGORITHM=algorithm)

        access = office.sign_in().tokens["access"]
        keys = jwt.PyJWKSet.from_dict(office.visitor().get("/.well-known/jwks.json").json())

        header = jwt.get_unverified_header(access)
        assert header["alg"] == algorithm
        assert jwt.decode(access, keys[header["kid"]].key, algorithms=[algorithm], options={"verify_aud": False})

    def test_publishes_nothing_private(self, office: Office):
        for key in office.visitor().get("/.well-known/jwks.json").json()["keys"]:
            assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}

    def test_tells_who_one_is(self, mei: Member):
        me = mei.sign_in().get("auth/me").json()

        assert (me["id"], me["username"], me["real_name"]) == (mei.pk, mei.username, "小明")

    def test_trades_refresh_tokens_and_remembers_used_ones(self, mei: Member):
        caller = mei.sign_in()
        first = caller.tokens["refresh"]

        assert caller.refresh().status_code == 200
        assert caller.tokens["refresh"] != first
        assert caller.get("auth/me").status_code == 200

    def test_gives_a_repeated_refresh_the_same_answer(self, mei: Member):
        caller = mei.sign_in()
        first = caller.tokens["refresh"]
        caller.refresh()

        again = caller.post("auth/refresh", {"refresh": first})

        assert again.status_code == 200
        assert again.json()["refresh"] == caller.tokens["refresh"]

    def test_ends_with_signing_out(self, mei: Member):
        caller = mei.sign_in()
        line = caller.socket()
        line.next("welcome")

        assert caller.post("auth/logout").status_code == 204

        assert line.end()[0] == 4502
        assert code_of(caller.get("auth/me")) == (401, "20002")
        assert caller.refresh().status_code == 401

    @pytest.mark.attack("T-US-4")
    def test_says_the_same_to_a_wrong_password_and_an_unknown_name(self, office: Office, mei: Member):
        wrong = office.visitor().post("auth/login", {"username": mei.username, "password": "Wrong1word"})
        unknown = office.visitor().post("auth/login", {"username": "nobodyhere", "password": "Wrong1word"})

        bodies = [{**answer.json()["error"], "request_id": ""} for answer in (wrong, unknown)]
        assert code_of(wrong) == (401, "20000")
        assert bodies[0] == bodies[1]

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff\xfe",
            b'{"username": "a\\u0000b", "password": "x"}',
            b"[]",
            b"null",
            b'"text"',
            b"{}",
            b"[" * 50_000,
        ],
    )
    def test_answers_broken_requests_in_the_envelope(self, office: Office, body):
        answer = office.visitor().ask("POST", "auth/login", data=body, headers={"Content-Type": "application/json"})

        assert answer.status_code in {400, 401}
        assert answer.json()["error"]["code"] in {"10000", "20000"}
        assert answer.json()["error"]["request_id"]

    def test_speaks_the_callers_language(self, office: Office):
        wrong = {"username": "nobodyhere", "password": "Wrong1word"}
        answer = office.visitor().post("auth/login", wrong, headers={"Accept-Language": "zh-hans"})

        assert answer.json()["error"]["message"].startswith("用户名或密码不正确")


class TestSecondDevice:
    @pytest.mark.attack("T-SL-1")
    def test_displaces_the_first_its_token_its_refresh_and_its_socket(self, mei: Member):
        phone = mei.sign_in(device="phone")
        line = phone.socket()
        line.next("welcome")

        laptop = mei.sign_in(device="laptop")

        assert line.end()[0] == 4501
        assert code_of(phone.get("auth/me")) == (401, "20001")
        assert code_of(phone.refresh()) == (401, "20001")
        assert laptop.get("auth/me").status_code == 200

    @pytest.mark.attack("T-SL-3")
    def test_stays_when_the_first_signs_out_afterwards(self, mei: Member):
        phone = mei.sign_in(device="phone")
        laptop = mei.sign_in(device="laptop")

        assert code_of(phone.post("auth/logout")) == (401, "20001")

        assert laptop.get("auth/me").status_code == 200

    def test_stands_beside_the_first_where_that_is_allowed(self, new_office):
        office = new_office(MULTI_LOGIN="true")
        phone, laptop = office.sign_in(), office.sign_in()

        assert phone.get("auth/me").status_code == 200
        assert laptop.get("auth/me").status_code == 200


class TestEndedByStaff:
    def test_closes_everything_the_person_had_open(self, administrator: Caller, mei: Member):
        caller = mei.sign_in()
        line = caller.socket()
        line.next("welcome")

        answer = administrator.post(f"users/{mei.pk}/end-sessions", {})

        assert answer.status_code == 200, answer.text
        assert line.end()[0] == 4502
        assert code_of(caller.get("auth/me")) == (401, "20002")
        assert caller.refresh().status_code == 401

    def test_lets_the_person_sign_in_again(self, administrator: Caller, mei: Member):
        mei.sign_in()
        administrator.post(f"users/{mei.pk}/end-sessions", {})

        assert mei.sign_in().get("auth/me").status_code == 200

    def test_is_not_for_people_without_the_permission(self, mei: Member, hire):
        answer = mei.sign_in().post(f"users/{hire().pk}/end-sessions", {})

        assert code_of(answer) == (403, "10009")


class TestDisabled:
    @pytest.mark.attack("T-US-1")
    def test_people_are_out_at_once(self, administrator: Caller, mei: Member):
        caller = mei.sign_in()
        line = caller.socket()
        line.next("welcome")

        answer = administrator.ask("PATCH", f"users/{mei.pk}", json={"is_active": False})

        assert answer.status_code == 200, answer.text
        assert line.end()[0] == 4504
        assert code_of(caller.get("auth/me")) == (401, "20002")
