"""https and wss without a proxy: TLS_CERT_FILE and TLS_KEY_FILE."""

import asyncio
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from project import env, tls
from tests.clients import PATIENCE, Caller, Line, until
from tests.deploy.certificates import Authority
from tests.office import Office

pytestmark = pytest.mark.timeout(300)
Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def files(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Where the office's certificate and key lie, as links: that is how certbot lays them."""
    folder = tmp_path_factory.mktemp("live")
    place = folder / "tls.crt", folder / "tls.key"
    lay(authority.issue("first"), place)
    return place


def lay(pair: Pair, place: Pair) -> None:
    for file, link in zip(pair, place, strict=True):
        fresh = link.with_suffix(".new")
        fresh.symlink_to(file)
        fresh.rename(link)


@pytest.fixture(scope="module")
def office(files: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("tls") / "home"
    with Office(home, TLS_CERT_FILE=str(files[0]), TLS_KEY_FILE=str(files[1])) as opened:
        yield opened


@pytest.fixture
def keeper(office: Office, authority: Authority) -> Caller:
    caller = Caller(office.url.replace("127.0.0.1", "localhost"), trust=str(authority.root))
    caller.sign_in(*office.administrator)
    return caller


def shown_certificate(office: Office) -> str:
    """Who the certificate that a new connection gets is for."""
    address = ("127.0.0.1", urlsplit(office.url).port)
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, PATIENCE) as line, anything.wrap_socket(line) as secured:
        given = secured.getpeercert(binary_form=True)
    assert given
    return x509.load_der_x509_certificate(given).subject.rfc4514_string()


def until_shown(office: Office, subject: str) -> None:
    until(lambda: shown_certificate(office) == subject, f"the certificate of {subject}")


class TestServing:
    def test_serves_https_and_wss(self, office, keeper):
        assert office.url.startswith("https://")
        with keeper.socket() as line:
            assert line.next("welcome")["connection"]
            assert line.ask("echo", "hello")["data"] == "hello"

    def test_serves_wss_over_the_newest_tls(self, keeper):
        newest = ssl.create_default_context(cafile=keeper.trust)
        newest.minimum_version = ssl.TLSVersion.TLSv1_3
        place = f"{keeper.url.replace('http', 'ws', 1)}/ws/?ticket={keeper.post('auth/ticket').json()['ticket']}"

        async def topic() -> str:
            async with connect(place, ssl=newest, subprotocols=[Subprotocol("gatehouse.v1")], proxy=None) as line:
                return str(json.loads(await line.recv())["topic"])

        assert asyncio.run(topic()) == "welcome"

    def test_cookies_are_for_https_only(self, keeper):
        answer = keeper.get("/admin/login/")

        assert answer.cookies
        assert all(cookie.secure for cookie in answer.cookies)

    def test_pages_open_sockets_with_their_origin(self, keeper):
        ticket = keeper.post("auth/ticket").json()["ticket"]
        with Line(keeper.url, ticket=ticket, origin=keeper.url, trust=keeper.trust) as line:
            line.next("welcome")

    def test_strangers_to_our_authority_do_not_trust_it(self, keeper):
        with pytest.raises(requests.exceptions.SSLError):
            Caller(keeper.url).get("/healthz")

    def test_old_tls_is_refused(self, office):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("127.0.0.1", urlsplit(office.url).port), PATIENCE) as line,
            pytest.raises(ssl.SSLError),
        ):
            old.wrap_socket(line)


class TestRenewal:
    def test_is_taken_without_a_restart_and_without_a_word_to_open_sockets(self, office, keeper, files, authority):
        with keeper.socket() as line:
            line.next("welcome")
            for name in ("second", "third"):
                lay(authority.issue(name), files)

                until_shown(office, f"CN={name}")

            assert line.ask("echo", "still here")["data"] == "still here"
        assert Caller(keeper.url, trust=keeper.trust).get("/healthz").status_code == 200

    def test_waits_for_the_key_that_belongs_to_it(self, office, files, authority):
        before = shown_certificate(office)
        certificate, key = authority.issue("half")

        lay((certificate, files[1].resolve()), files)
        until(lambda: "certificate_not_taken" in office.output, "the half pair was seen")
        assert shown_certificate(office) == before

        lay((certificate, key), files)
        until_shown(office, "CN=half")


class TestStart:
    def refused(self, certificate: Path, key: Path, *before: str) -> str:
        """Start with this pair; return the one line that says why not."""
        settings = {name: "" for name, _ in env.about()} | {"GATEHOUSE_HOME": str(certificate.parent / "home")}
        ended = subprocess.run(
            [*before, sys.executable, "manage.py", "up", "--port", "0"],
            cwd=env.ROOT,
            env=os.environ | settings | {"TLS_CERT_FILE": str(certificate), "TLS_KEY_FILE": str(key)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 78
        first, line = ended.stderr.splitlines()
        assert first == "Gatehouse cannot start: 1 setting(s) are wrong."
        return line.strip()

    @pytest.mark.attack("T-F-7")
    def test_refuses_a_pair_that_cannot_serve(self, authority, tmp_path):
        certificate, key = authority.issue("right")
        _, other = authority.issue("other")
        _, locked = authority.issue("locked", passphrase=b"sesame")
        nonsense = tmp_path / "nonsense"
        nonsense.write_text("no certificate, and no key")

        for given, sentence in (
            ((certificate, other), "TLS_KEY_FILE: got {}; expected the key of TLS_CERT_FILE; this one belongs to another"),
            ((certificate, locked), "TLS_KEY_FILE: got {}; expected a key without a passphrase"),
            ((certificate, nonsense), "TLS_KEY_FILE: got {}; expected the private key of TLS_CERT_FILE, in PEM"),
            ((nonsense, key), "TLS_CERT_FILE: got {}; expected a certificate chain in PEM"),
            ((tmp_path / "nowhere", key), "TLS_CERT_FILE: got {}; expected a file that exists"),
        ):  # fmt: skip
            at_fault = given[1] if sentence.startswith("TLS_KEY") else given[0]
            assert self.refused(*given).startswith(sentence.format(f"'{at_fault}'"))

    def test_refuses_a_key_it_may_not_read(self, authority):
        certificate, key = authority.issue("closed")
        key.chmod(0)
        program = shutil.which("setpriv")
        # root reads everything, unless it lays that down
        like_others = [program, "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []

        assert "TLS_KEY_FILE" in (line := self.refused(certificate, key, *filter(None, like_others)))
        assert "expected a file this account may read (Permission denied)" in line

    @pytest.mark.parametrize(
        ("days", "event"),
        [
            ((-9, -1), "certificate_expired"),
            ((2, 9), "certificate_not_valid_yet"),
            ((-9, 5), "certificate_expires_soon"),
        ],
    )
    def test_serves_but_warns_of_a_certificate_browsers_refuse_now_or_soon(self, authority, days, event, caplog):
        certificate, _ = authority.issue(event, days)

        assert tls.problem(certificate, certificate.with_suffix(".key")) is None
        tls.warn(certificate)

        assert event in caplog.text
