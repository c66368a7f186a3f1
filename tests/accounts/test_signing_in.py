"""Signing in and out over the API."""

import jwt
import pytest

from accounts.models import LoginEvent, LoginSession
from tests.accounts.conftest import PASSWORD, code_of, fields_of

pytestmark = pytest.mark.django_db


class TestSigningIn:
    def test_answers_with_tokens_session_and_person(self, program, mei):
        answer = program().post("auth/login", {"username": "meiling", "password": PASSWORD, "device": "Mei's phone"})

        given = answer.json()
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert set(given) == {
            "access",
            "refresh",
            "access_expires_in",
            "refresh_expires_in",
            "session",
            "user",
            "password_due",
        }
        assert 1790 <= given["access_expires_in"] <= 1800
        assert 604_790 <= given["refresh_expires_in"] <= 604_800
        assert given["session"]["device"] == "Mei's phone"
        assert given["session"]["current"] is True
        assert given["user"]["username"] == "meiling"
        assert PASSWORD not in answer.content.decode()

    def test_signs_with_a_published_key(self, phone_of, program, mei):
        access = phone_of(mei).tokens["access"]

        published = program().get("/.well-known/jwks.json")

        header = jwt.get_unverified_header(access)
        key = jwt.PyJWKSet.from_dict(published.json())[header["kid"]]
        claims = jwt.decode(access, key.key, algorithms=[header["alg"]], audience="gatehouse-api", issuer="gatehouse")
        assert header["alg"] == "RS256"
        assert header["typ"] == "at+jwt"
        assert claims["sub"] == str(mei.pk)
        assert set(claims) == {"iss", "aud", "sub", "sid", "ep", "jti", "iat", "exp"}
        assert "max-age" in published["Cache-Control"]

    def test_publishes_public_members_only(self, phone_of, program, mei):
        phone_of(mei)

        for key in program().get("/.well-known/jwks.json").json()["keys"]:
            assert not set(key) & {"d", "p", "q", "dp", "dq", "qi", "k"}

    def test_leaves_a_row_for_every_attempt(self, program, mei):
        program().sign_in(mei)
        program().post("auth/login", {"username": "meiling", "password": "wrong"})
        program().post("auth/login", {"username": "nobody", "password": "wrong"})

        events = LoginEvent.objects.order_by("pk")
        assert [event.reason for event in events] == ["ok", "wrong_password", "unknown_user"]
        assert events[0].session == LoginSession.objects.get()
        assert events[0].ip == "127.0.0.1"
        assert [event.username for event in events] == ["meiling", "meiling", "nobody"]

    @pytest.mark.attack("T-US-4")
    def test_says_the_same_to_wrong_unknown_and_disabled(self, program, mei, hans, boss):
        hans.is_active = False
        hans.save()

        answers = [
            program().post("auth/login", {"username": username, "password": password})
            for username, password in [("meiling", "wrong"), ("nobody99", "wrong"), ("hansmeier", PASSWORD)]
        ]

        bodies = [answer.json()["error"] | {"request_id": ""} for answer in answers]
        assert {code_of(answer) for answer in answers} == {(401, "20000")}
        assert bodies[0] == bodies[1] == bodies[2]
        assert [event.reason for event in LoginEvent.objects.order_by("pk")] == [
            "wrong_password",
            "unknown_user",
            "inactive",
        ]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "username"),
            ({"username": "meiling"}, "password"),
            ({"username": 7, "password": "x"}, "username"),
            ({"username": ["meiling"], "password": "x"}, "username"),
            ({"username": "meiling", "password": {"$ne": ""}}, "password"),
            ({"username": "meiling", "password": True}, "password"),
            ({"username": "meiling", "password": None}, "password"),
            ({"username": "m" * 151, "password": "x"}, "username"),
            ({"username": "meiling", "password": "x" * 4097}, "password"),
            ({"username": "meiling", "password": "x", "is_superuser": True}, "is_superuser"),
            ({"username": "meiling", "password": "x", "device": 5}, "device"),
            ({"username": "meiling", "password": "x", "device": "d" * 101}, "device"),
        ],
    )
    def test_names_the_field_at_fault(self, program, mei, body, field):
        assert field in fields_of(program().post("auth/login", body))

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"username": "a\\u0000", "password": "x"}', b"[" * 20_000],
    )
    def test_refuses_what_is_no_form_at_all(self, program, mei, body):
        assert code_of(program().post("auth/login", body)) == (400, "10000")

    def test_refuses_a_body_that_is_too_large(self, program, mei):
        answer = program().post("auth/login", b'{"username": "' + b"x" * 3_000_000 + b'"}')

        assert code_of(answer) == (413, "10011")


class TestAuthorization:
    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer ",
            "Bearer x",
            "Bearer a.b.c",
            "Bearer a b",
            "Basic bWVp",
            "Token abc",
            "nonsense",
            "Bearer " + "x" * 8000,
            "Bearer \xff\xfe",
            "Bearer ..",
        ],
    )
    def test_refuses_what_is_no_token_of_ours(self, program, mei, header):
        answer = program().get("auth/me", headers={"authorization": header})

        assert code_of(answer) == (401, "20002")
        assert answer.json()["error"]["refresh_url"] == "/api/v1/auth/refresh"
        assert "Bearer" in answer["WWW-Authenticate"]

    def test_is_needed(self, program, db):
        assert code_of(program().get("auth/me")) == (401, "20002")

    @pytest.mark.attack("T-JWT-4")
    def test_takes_neither_token_for_the_other(self, phone_of, mei):
        phone = phone_of(mei)

        as_access = phone.get("auth/me", headers={"authorization": f"Bearer {phone.tokens['refresh']}"})
        as_refresh = phone.refresh(phone.tokens["access"])
        ticket = phone.post("auth/ticket").json()["ticket"]
        ticket_as_access = phone.get("auth/me", headers={"authorization": f"Bearer {ticket}"})

        assert code_of(as_access) == code_of(ticket_as_access) == (401, "20002")
        assert code_of(as_refresh) == (401, "20003")


class TestSigningOut:
    def test_ends_this_session_at_once(self, phone_of, mei):
        phone = phone_of(mei)

        assert phone.post("auth/logout").status_code == 204

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert code_of(phone.refresh()) == (401, "20003")

    @pytest.mark.attack("T-SL-3")
    def test_of_a_displaced_device_leaves_the_new_one_alone(self, phone_of, mei):
        phone = phone_of(mei)
        laptop = phone_of(mei)

        assert code_of(phone.post("auth/logout")) == (401, "20001")

        assert laptop.get("auth/me").status_code == 200


class TestTicket:
    def test_is_good_for_half_a_minute(self, phone_of, mei):
        answer = phone_of(mei).post("auth/ticket")

        assert answer.status_code == 200
        assert answer.json()["expires_in"] == 30
        assert len(answer.json()["ticket"]) == 64
