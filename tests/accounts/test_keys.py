"""Signing keys: the first, the next, the retired; rows or files."""

import json
import stat
from datetime import timedelta
from io import StringIO

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import checks, keys, tokens
from accounts.errors import KeyProblem
from accounts.models import SigningKey
from tests.accounts.conftest import code_of
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten(signing_key, settings):
    """Keys are rows here, and read again for each test and after it."""
    settings.JWT_KEYS_DIR = None
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def folder(tmp_path, settings):
    """Keys in files."""
    settings.JWT_KEYS_DIR = tmp_path
    return tmp_path


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("jwt_keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.every_database
class TestFirstKey:
    def test_is_made_once(self):
        assert [key.kid for key in keys.ensure()] == [key.kid for key in keys.ensure()]

        row = SigningKey.objects.get()
        assert (row.algorithm, row.state) == ("RS256", "current")

    @pytest.mark.django_db(transaction=True)
    def test_is_made_once_by_many_nodes(self):
        together(6, lambda _number: keys.ensure())

        assert SigningKey.objects.count() == 1

    @pytest.mark.parametrize("algorithm", ["RS256", "RS512", "EdDSA"])
    def test_has_the_algorithm_asked_for(self, settings, mei, open_session, algorithm):
        settings.JWT_ALGORITHM = algorithm

        token = tokens.access(open_session(mei))

        assert jwt.get_unverified_header(token)["alg"] == algorithm
        assert tokens.read_access(token).user_id == mei.pk

    def test_is_stored_encrypted(self):
        keys.ensure()

        row = SigningKey.objects.values().get()
        assert "PRIVATE" not in row["private"]
        assert row["private"].startswith("gAAAA")
        assert set(row["public"]) == {"kty", "n", "e", "kid", "use", "alg"}

    def test_of_another_secret_key_says_what_to_do(self, settings, mei, open_session):
        session = open_session(mei)
        token = tokens.access(session)
        keys.forget()
        settings.SECRET_KEY = "another secret key that is long enough for this test, surely"

        with pytest.raises(KeyProblem, match="jwt_keys generate --promote"):
            tokens.access(session)
        assert tokens.read_access(token).sid == session.sid
        with pytest.raises(CommandError, match="another SECRET_KEY"):
            run("check")


class TestRotation:
    @pytest.mark.attack("T-KEY-1")
    def test_signs_nobody_out(self, phone_of, mei):
        phone = phone_of(mei)
        before = jwt.get_unverified_header(phone.tokens["access"])["kid"]

        run("generate")
        assert phone.get("auth/me").status_code == 200
        run("promote")
        keys.forget()

        assert phone.get("auth/me").status_code == 200
        phone.tokens = phone.refresh().json()
        after = jwt.get_unverified_header(phone.tokens["access"])["kid"]
        assert after != before
        assert phone.get("auth/me").status_code == 200
        assert {key["kid"] for key in keys.jwks()["keys"]} == {before, after}

    @pytest.mark.attack("T-KEY-1")
    def test_ends_a_retired_key_with_its_last_token(self, phone_of, mei, settings):
        settings.ACCESS_TOKEN_EXPIRES = 3600
        phone = phone_of(mei)
        settings.ACCESS_TOKEN_EXPIRES = 60
        run("generate", "--promote")
        keys.forget()
        assert phone.get("auth/me").status_code == 200

        with time_machine.travel(timezone.now() + timedelta(seconds=100), tick=True):
            assert code_of(phone.get("auth/me")) == (401, "20002")
            assert len(keys.jwks()["keys"]) == 1

    def test_refuses_the_tokens_of_a_stolen_key_at_once(self, phone_of, mei):
        phone = phone_of(mei)
        stolen = keys.current().kid
        run("generate", "--promote")

        run("retire", stolen, "--stolen")
        keys.forget()

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert stolen not in {key["kid"] for key in keys.jwks()["keys"]}
        phone.tokens = phone.refresh().json()
        assert phone.get("auth/me").status_code == 200

    def test_goes_from_one_algorithm_to_another(self, phone_of, mei):
        phone = phone_of(mei)

        run("generate", "--algorithm", "EdDSA", "--promote")
        keys.forget()

        phone.tokens = phone.refresh().json()
        assert jwt.get_unverified_header(phone.tokens["access"])["alg"] == "EdDSA"
        assert phone.get("auth/me").status_code == 200

    def test_never_retires_the_current_key(self):
        keys.ensure()

        with pytest.raises(CommandError, match="Rotate first"):
            run("retire", keys.current().kid)
        with pytest.raises(CommandError, match="No key waits"):
            run("promote")
        with pytest.raises(CommandError, match="no key nope"):
            run("promote", "nope")

    def test_shows_what_each_key_is_for(self):
        keys.ensure()
        run("generate")

        lines = run("list").splitlines()

        assert [line.split()[2] for line in lines] == ["current", "next"]
        assert "in order" in run("check")


class TestFolder:
    @pytest.mark.attack("T-KEY-2")
    def test_that_is_empty_names_the_fix(self, folder):
        assert "jwt_keys generate --promote" in keys.problems()[0]
        assert str(folder) in checks.signing_keys_can_be_used(None)[0].msg
        with pytest.raises(ImproperlyConfigured):
            keys.ensure()

    def test_is_filled_by_the_command(self, folder, mei, open_session):
        run("generate", "--promote")

        (pem,) = folder.glob("*.pem")
        assert stat.S_IMODE(pem.stat().st_mode) == 0o600
        assert keys.problems() == []
        assert tokens.read_access(tokens.access(open_session(mei))).user_id == mei.pk
        assert not SigningKey.objects.exists()

    def test_rotates(self, folder, mei, open_session):
        run("generate", "--promote")
        token = tokens.access(open_session(mei))
        run("generate", "--algorithm", "EdDSA", "--promote")
        keys.forget()

        assert tokens.read_access(token).user_id == mei.pk
        assert keys.current().algorithm == "EdDSA"
        assert [line.split()[2].strip(",") for line in run("list").splitlines()] == ["retired", "current"]

    @pytest.mark.attack("T-KEY-2")
    def test_refuses_a_key_that_others_can_read(self, folder):
        run("generate", "--promote")
        (pem,) = folder.glob("*.pem")
        pem.chmod(0o644)

        assert f"chmod 600 {pem}" in keys.problems()[0]

    @pytest.mark.attack("T-KEY-2")
    def test_refuses_two_current_keys(self, folder):
        run("generate", "--promote")
        run("generate")
        index = json.loads((folder / "keys.json").read_text())
        (folder / "keys.json").write_text(json.dumps({kid: one | {"state": "current"} for kid, one in index.items()}))

        assert "names 2 current keys" in keys.problems()[0]

    @pytest.mark.attack("T-KEY-2")
    def test_refuses_a_short_rsa_key(self, folder):
        run("generate", "--promote")
        (pem,) = folder.glob("*.pem")
        short = rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is the point)
        pem.write_bytes(short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

        assert "1024 bits is too short" in keys.problems()[0]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "cannot be read"),
            ("[]", "must hold an object"),
            ('{"../x": {"alg": "RS256", "state": "current"}}', "not a key id"),
            ('{"abc": {"alg": "HS256", "state": "current"}}', "needs an alg"),
            ('{"abc": 5}', "needs an alg"),
            ('{"abc": {"alg": "RS256", "state": "current"}}', "is missing"),
        ],
    )
    def test_names_what_is_wrong_with_its_index(self, folder, text, said):
        (folder / "keys.json").write_text(text)

        assert any(said in problem for problem in keys.problems())

    def test_refuses_a_file_that_is_no_key(self, folder):
        run("generate", "--promote")
        (pem,) = folder.glob("*.pem")
        pem.write_text("nonsense")

        assert str(pem) in keys.problems()[0]
        with pytest.raises(CommandError):
            run("check")
