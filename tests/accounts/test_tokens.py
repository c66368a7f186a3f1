"""Access tokens that somebody has made or altered."""

import base64
import hmac
import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from accounts import keys, tokens
from accounts.models import User
from project import env
from tests.accounts.conftest import code_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def forged(phone_of, mei, program):
    """Call with a token made of mei's claims, changed; return status and code."""
    genuine = phone_of(mei).tokens["access"]
    claims = jwt.decode(genuine, options={"verify_signature": False})
    header = jwt.get_unverified_header(genuine)

    def call(*, key=None, algorithm=None, headers=None, **changed):
        ours = keys.current()
        payload = {name: value for name, value in (claims | changed).items() if value is not ...}
        merged = {name: value for name, value in (header | (headers or {})).items() if value is not ...}
        algorithm = algorithm or ours.algorithm
        token = jwt.PyJWS().encode(
            json.dumps(payload).encode(),
            key or ours.private or "",
            algorithm=algorithm,
            headers=merged | {"alg": algorithm},
        )
        answer = program().get("auth/me", headers={"authorization": f"Bearer {token}"})
        return (200, "") if answer.status_code == 200 else code_of(answer)

    return call


def handmade(header: dict, claims: dict) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


class TestForgery:
    def test_of_nothing_is_the_genuine_token(self, forged):
        assert forged() == (200, "")

    @pytest.mark.attack("T-JWT-1")
    def test_without_a_signature_is_refused(self, phone_of, program, mei):
        genuine = phone_of(mei).tokens["access"]
        claims = jwt.decode(genuine, options={"verify_signature": False})
        header = jwt.get_unverified_header(genuine)

        for algorithm in ("none", "None", "NONE", "", None, 5):
            token = handmade(header | {"alg": algorithm}, claims)
            answer = program().get("auth/me", headers={"authorization": f"Bearer {token}"})
            assert code_of(answer) == (401, "20002")

    @pytest.mark.attack("T-JWT-1")
    def test_with_the_public_key_as_a_shared_secret_is_refused(self, phone_of, program, mei):
        genuine = phone_of(mei).tokens["access"]
        header = jwt.get_unverified_header(genuine) | {"alg": "HS256"}
        claims = jwt.decode(genuine, options={"verify_signature": False})
        signed = handmade(header, claims).rstrip(".")

        for encoding in (Encoding.DER, Encoding.PEM):
            public = keys.current().public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
            digest = hmac.digest(public, signed.encode(), "sha256")
            token = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
            answer = program().get("auth/me", headers={"authorization": f"Bearer {token}"})
            assert code_of(answer) == (401, "20002")

    @pytest.mark.attack("T-JWT-1")
    def test_with_another_algorithm_of_the_same_key_is_refused(self, forged):
        assert forged(algorithm="RS512") == (401, "20002")

    @pytest.mark.attack("T-JWT-1")
    def test_with_another_key_under_our_kid_is_refused(self, forged):
        assert forged(key=rsa.generate_private_key(65537, 2048)) == (401, "20002")

    @pytest.mark.attack("T-JWT-2")
    @pytest.mark.parametrize(
        "kid", ["../../etc/passwd", "a\0b", "x" * 1_000, "' OR 1=1 --", "unknown", "", None, 5, ["a"], {"a": 1}, ...]
    )
    def test_with_a_strange_key_id_is_refused(self, phone_of, program, mei, kid):
        genuine = phone_of(mei).tokens["access"]
        header = jwt.get_unverified_header(genuine) | {"kid": kid}
        if kid is ...:
            del header["kid"]
        first = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        token = ".".join([first, *genuine.split(".")[1:]])

        answer = program().get("auth/me", headers={"authorization": f"Bearer {token}"})

        assert code_of(answer) == (401, "20002")

    @pytest.mark.attack("T-JWT-3")
    def test_with_critical_extensions_is_refused(self, forged):
        assert forged(headers={"crit": ["exp"]}) == (401, "20002")

    @pytest.mark.attack("T-JWT-3")
    def test_with_a_key_of_its_own_changes_nothing(self, forged):
        elsewhere = {"jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/x", "jwk": {"kty": "oct", "k": "YQ"}}

        assert forged(headers=elsewhere) == (200, "")

    @pytest.mark.attack("T-JWT-4")
    @pytest.mark.parametrize(
        "changed", [{"aud": "others"}, {"aud": ...}, {"iss": "others"}, {"iss": ...}, {"aud": None}, {"iss": 5}]
    )
    def test_for_or_by_somebody_else_is_refused(self, forged, changed):
        assert forged(**changed) == (401, "20002")

    @pytest.mark.attack("T-JWT-4")
    @pytest.mark.parametrize("typ", ["JWT", "rt+jwt", ..., None, 5])
    def test_of_another_type_is_refused(self, forged, typ):
        assert forged(headers={"typ": typ}) == (401, "20002")

    @pytest.mark.attack("T-JWT-6")
    @pytest.mark.parametrize(
        "sub", ["", "abc", "-1", "0", "9" * 30, -1, 10**30, [], {}, None, True, 1.5, "1\0", "١", ...]
    )
    def test_with_a_strange_subject_is_refused(self, forged, sub):
        assert forged(sub=sub) == (401, "20002")

    @pytest.mark.parametrize(
        "changed",
        [
            {"sid": "x"},
            {"sid": "0" * 32},
            {"sid": 5},
            {"sid": None},
            {"sid": ...},
            {"jti": 5},
            {"jti": ...},
            {"ep": "0"},
            {"ep": 99},
            {"ep": ...},
            {"exp": "soon"},
            {"exp": ...},
            {"exp": [1]},
            {"iat": "x"},
            {"iat": ...},
        ],
    )
    def test_with_strange_claims_is_refused(self, forged, changed):
        assert forged(**changed) == (401, "20002")

    def test_without_an_end_in_sight_is_as_good_as_its_session(self, forged):
        assert forged(exp=1e308)[0] == 200

    def test_for_another_person_is_refused(self, forged, hans):
        assert forged(sub=str(hans.pk)) == (401, "20002")


LISTENING_IN = """
import base64, json, os, socket, sys
import django

django.setup()
from django.conf import settings
from accounts import keys, tokens

key = keys.current()
touched = []

def hear(event, given):
    ours = event == "open" and os.path.dirname(os.path.abspath(str(given[0]))) == str(settings.JWT_KEYS_DIR)
    if event.startswith(("open", "os.", "socket.", "subprocess.")) and not ours:
        touched.append(event)

sys.addaudithook(hear)

def token(**header):
    parts = [{"typ": "at+jwt", "alg": "RS256"} | header, {"sub": "1", "sid": "0" * 32}]
    texts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts]
    return ".".join([*texts, "c2ln"])

def refused(**header):
    try:
        tokens.read_access(token(**header))
    except tokens.BadToken:
        return True

odd = ["../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "a\\0b", "x" * 3000, "' OR 1=1 --", "unknown", "", None, 5, [], {}]
fetch = {name: "http://127.0.0.1:9/keys.json" for name in ("jku", "x5u")} | {"jwk": key.jwk, "x5c": ["MII="]}
answers = [refused(kid=kid) for kid in odd] + [refused(kid=key.kid, **fetch), refused(kid="unknown", **fetch), refused(**fetch)]
heard = list(touched)
open("/etc/hostname").close()
with socket.socket() as line:
    line.connect_ex(("127.0.0.1", 9))
print(json.dumps({"refused": answers, "heard": heard, "control": touched[len(heard):]}))
"""


class TestOddHeaders:
    @pytest.mark.attack("T-JWT-2")
    @pytest.mark.attack("T-JWT-3")
    def test_open_no_file_and_fetch_nothing(self, key_folder):
        """A process of its own, in which the interpreter tells of every file, but those of our keys, and every socket."""
        settings = {"JWT_KEYS_DIR": str(key_folder), "DJANGO_SETTINGS_MODULE": "project.settings"}
        ran = subprocess.run(
            [sys.executable, "-c", LISTENING_IN],
            cwd=env.ROOT,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout.splitlines()[-1])
        assert told["refused"] == [True] * 15
        assert told["heard"] == []
        assert {"open", "socket.connect"} <= set(told["control"])


class TestTime:
    @pytest.mark.attack("T-JWT-5")
    @pytest.mark.parametrize(("seconds", "status"), [(-25, 200), (-40, 401)])
    def test_of_expiry_has_a_leeway(self, forged, seconds, status):
        assert forged(exp=int(time.time()) + seconds)[0] == status

    @pytest.mark.attack("T-JWT-5")
    @pytest.mark.parametrize(("seconds", "status"), [(20, 200), (45, 401)])
    def test_of_issue_may_lie_a_little_ahead(self, forged, seconds, status):
        assert forged(iat=int(time.time()) + seconds)[0] == status

    @pytest.mark.attack("T-JWT-5")
    def test_turned_back_revives_nothing(self, phone_of, mei):
        phone = phone_of(mei)
        phone.post("auth/logout")

        with time_machine.travel(timezone.now() - timedelta(seconds=20), tick=True):
            assert code_of(phone.get("auth/me")) == (401, "20002")

    def test_of_an_access_token_ends_with_its_session(self, mei, open_session, settings):
        settings.SESSION_EXPIRES = 120
        session = open_session(mei)

        assert tokens.access_expires_at(session) == session.expires_at


class TestClaims:
    def test_tell_who_and_where(self, mei, open_session):
        session = open_session(mei)

        claims = tokens.read_access(tokens.access(session))

        assert claims == tokens.Claims(user_id=mei.pk, sid=session.sid, epoch=0)

    @pytest.mark.parametrize("token", [None, 5, b"x", "", "é", "a.b.c", "x" * 5000])
    def test_of_no_token_are_refused(self, db, token):
        with pytest.raises(tokens.BadToken):
            tokens.read_access(token)

    def test_hold_no_rights_and_no_secrets(self, boss, open_session):
        claims = jwt.decode(tokens.access(open_session(boss)), options={"verify_signature": False})

        assert set(claims) == {"iss", "aud", "sub", "sid", "ep", "jti", "iat", "exp"}
        assert User.objects.get(pk=boss.pk).password not in str(claims)
