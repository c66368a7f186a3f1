"""Point 1 of the journey: one command, and it serves; a signal, and it ends well."""

import re
import signal
import socket
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.clients import PATIENCE, until
from tests.office import BareOffice, Office

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def tables(home: Path) -> dict[str, list[str]]:
    """Return what stands in each table, but for those that every start and every sweep may touch."""
    moving = ("django_celery_beat", "sqlite_", "django_session")
    with closing(sqlite3.connect(home / "gatehouse.sqlite3")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in names if not name.startswith(moving)]
        return {name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"'))) for name in kept}  # noqa: S608 (our own tables)


def is_open(address: tuple[str, int | None]) -> bool:
    """Say whether anybody is let in there."""
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


class TestFirstStart:
    def test_serves_and_says_where_who_and_how(self, home):
        with BareOffice(home) as office:
            assert requests.get(f"{office.url}/healthz", timeout=PATIENCE).status_code == 200
            assert requests.get(f"{office.url}/readyz", timeout=PATIENCE).status_code == 200

            username, password = office.administrator
            assert username == "admin"
            assert len(password) >= 12
            assert str(home) in office.output
            assert "Preparing the database" in office.output
            assert office.sign_in().get("auth/me").json()["username"] == "admin"

    def test_takes_the_password_it_is_given_and_does_not_print_it(self, home):
        with Office(home, DJANGO_SUPERUSER_USERNAME="keeper", DJANGO_SUPERUSER_PASSWORD="Given1word") as office:
            assert office.sign_in("keeper", "Given1word").get("auth/me").status_code == 200
            assert "Given1word" not in office.log

    def test_leaves_secrets_to_its_owner_alone(self, home):
        with BareOffice(home) as office:
            assert office.home.stat().st_mode & 0o077 == 0
            assert (home / "secret_key").stat().st_mode & 0o077 == 0


class TestSecondStart:
    def test_changes_nothing_and_keeps_everyone_signed_in(self, home):
        with Office(home) as office:
            administrator = office.sign_in()
            kids = {key["kid"] for key in administrator.get("/.well-known/jwks.json").json()["keys"]}
            assert office.close() == 0
            before = tables(home)

            office.open()
            administrator.url = office.url

            assert tables(home) == before
            assert "Preparing the database" not in office.output
            assert not re.search(r"shown only now", office.output)
            assert administrator.get("auth/me").status_code == 200
            assert {key["kid"] for key in administrator.get("/.well-known/jwks.json").json()["keys"]} == kids


class TestStopping:
    @pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
    def test_exits_with_0_on_its_signals(self, home, by):
        with Office(home) as office:
            assert office.close(by) == 0
            assert "Traceback" not in office.output

    def test_tells_open_sockets_that_it_restarts(self, home):
        with Office(home) as office:
            line = office.sign_in().socket()
            line.next("welcome")

            office.process.send_signal(signal.SIGTERM)

            assert line.end()[0] == 1012
            assert office.wait() == 0

    @pytest.mark.attack("T-F-3")
    def test_answers_every_request_that_has_begun(self, home):
        body = b'{"username": "nobodyhere", "password": "Wrong1word"}'
        head = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        # twenty guesses from one address: nothing but the password is to be looked at
        guesses = {"CAPTCHA_AFTER_FAILURES": "-1", "LOGIN_MAX_FAILURES": "1000"}
        with Office(home, SHUTDOWN_SECONDS="25", **guesses) as office, ExitStack() as lines:
            address = ("127.0.0.1", urlsplit(office.url).port)
            callers = [lines.enter_context(socket.create_connection(address, timeout=PATIENCE)) for _ in range(20)]
            for caller in callers:
                caller.sendall(head.encode() + body[:20])
            requests.get(f"{office.url}/healthz", timeout=PATIENCE)  # by now the others were accepted too
            office.process.send_signal(signal.SIGTERM)
            until(lambda: not is_open(address), "the door is closed")
            for caller in callers:
                caller.sendall(body[20:])

            answers = [caller.recv(65536).split(b"\r\n", 1)[0] for caller in callers]

            assert office.wait() == 0
            assert set(answers) == {b"HTTP/1.1 401 Unauthorized"}


class TestWrongStart:
    def test_says_that_the_port_is_taken(self, home):
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            office = BareOffice(home, "--port", str(port), "--no-demo")
            office.start()

            assert office.wait() == 1
            assert f"127.0.0.1:{port} is in use" in office.output
            assert "Traceback" not in office.output
            assert not (home / "gatehouse.sqlite3").exists()

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--port", "eighty"], "'eighty' is not a port"),
            (["--port", "70000"], "'70000' is not a port"),
            (["--port", "-1"], "'-1' is not a port"),
            (["--workers", "0"], "'0' is not a number of processes"),
            (["--workers", "two"], "'two' is not a number of processes"),
            (["--workers", "2"], "set REDIS_URL"),
            (["--only", "worker"], "set REDIS_URL"),
            (["--only", "nothing"], "invalid choice: 'nothing'"),
            (["--host", "999.1.1.1"], "999.1.1.1"),
            (["--host", "no such host"], "no such host"),
            (["--everything"], "--everything"),
        ],
    )
    def test_explains_what_is_wrong_with_an_argument(self, home, arguments, sentence):
        office = Office(home, *(arguments if "--port" in arguments else ["--port", "0", *arguments]))
        office.start()

        assert office.wait() in {1, 2, 78}
        assert sentence in office.output
        assert "Traceback" not in office.output

    def test_never_loads_demo_data_in_prod(self, home):
        safe = {"GATEHOUSE_ENV": "prod", "SECRET_KEY": "k" * 60, "ALLOWED_HOSTS": "office.example.com"}
        office = Office(home, "--port", "0", "--demo", **safe, EMAIL_URL="submission://u:p@mail.example.com")
        office.start()

        assert office.wait() == 1
        assert "Demo data is never loaded in prod." in office.output
