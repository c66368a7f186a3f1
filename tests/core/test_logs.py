"""Every line says who and under which request; no line says a secret."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog
from django.conf import settings as django_settings

from project.core import context, logs, redaction
from project.core.rotation import RotatingFile


@pytest.fixture
def written(settings, tmp_path):
    """Log to a file; read its lines."""
    settings.LOG_FILE = tmp_path / "log" / "gatehouse.log"
    settings.LOG_FORMAT = "json"
    settings.LOG_LEVEL = "DEBUG"
    logs.configure()

    def read():
        logs.flush()
        return [json.loads(line) for line in settings.LOG_FILE.read_text().splitlines()]

    yield read
    settings.LOG_FILE = None
    settings.LOG_FORMAT = "console"
    logs.configure()


class TestLine:
    def test_of_ours_and_of_the_standard_library_say_who_asked(self, written):
        context.init(module="api", request_id="trace-0001", user=context.Identity(7, actor_id=1))

        structlog.get_logger("accounts.test").info("user.made", name="mei")
        logging.getLogger("some.library").warning("low on %s", "paper")

        ours, theirs = written()
        for line in (ours, theirs):
            assert (line["request_id"], line["user_id"], line["actor_id"], line["module"]) == (
                "trace-0001",
                7,
                1,
                "api",
            )
        assert (ours["event"], ours["name"], ours["level"], ours["logger"]) == (
            "user.made",
            "mei",
            "info",
            "accounts.test",
        )
        assert (theirs["event"], theirs["level"]) == ("low on paper", "warning")

    def test_carries_a_traceback(self, written):
        try:
            raise ZeroDivisionError("no")
        except ZeroDivisionError:
            structlog.get_logger("accounts.test").exception("broke")

        assert "ZeroDivisionError: no" in written()[0]["exception"]

    def test_of_a_stranger_is_not_written_below_info(self, written):
        logging.getLogger("websockets.server").debug("> Authorization: Bearer abc")
        logging.getLogger("uvicorn.access").info("GET /ws/?ticket=abc")
        logging.getLogger("accounts.test").debug("ours")

        assert [line["event"] for line in written()] == ["ours"]

    def test_that_cannot_be_written_stops_nobody(self, tmp_path, capsys):
        handler = RotatingFile(tmp_path / "log", max_bytes=10, max_days=1, backups=1)
        handler.emit(logging.LogRecord("n", logging.INFO, __file__, 1, "%d", ("not a number",), None))
        handler.close()

        assert "TypeError" in capsys.readouterr().err


@pytest.mark.attack("T-F-8")
class TestSecrets:
    SECRETS = {
        "password": "hunter-two",
        "token": "tok-4711-4711",
        "ticket": "tick-et-value",
        "cookie": "sess-ion-value",
        "url": "redis-pass-word",
        "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "key": "MIIEvQIBADANBgkq",
    }

    def test_reach_no_line_whatever_the_way(self, written):
        secret = self.SECRETS
        log = structlog.get_logger("accounts.test")

        log.info(
            "a", password=secret["password"], nested=[{"new_password": secret["password"], "refresh": secret["jwt"]}]
        )
        log.info("b", headers={"Authorization": f"Bearer {secret['token']}", "Cookie": f"sessionid={secret['cookie']}"})
        log.info("c", path=f"/ws/?ticket={secret['ticket']}&x=1", url=f"redis://:{secret['url']}@host:6379/0")
        log.info("d", body=json.dumps({"password": secret["password"], "access": secret["jwt"], "ok": 1}))
        log.info("e", seen=secret["jwt"], raw=f"token={secret['token']}".encode(), object=Parcel(secret["ticket"]))
        log.info("amqp://guest:%s@host// refused", secret["url"])
        logging.getLogger("accounts.std").warning("Authorization: Basic %s", secret["token"])
        logging.getLogger("accounts.std").warning("sent %s", {"password": secret["password"]})
        log.info("f", pem=f"-----BEGIN PRIVATE KEY-----\n{secret['key']}\n-----END PRIVATE KEY-----")
        log.info("g", anything=django_settings.SECRET_KEY)
        try:
            raise ValueError(f"password='{secret['password']}' Cookie: sessionid={secret['cookie']}")
        except ValueError:
            log.exception("h")

        text = json.dumps(written())
        found = [name for name, value in {**secret, "secret key": django_settings.SECRET_KEY}.items() if value in text]
        assert found == []
        assert len(written()) == 11

    @pytest.mark.parametrize(
        "text", ["GET /api/v1/users?page=2", "https://host/path@2x.png", "the author of tokenizers", "ends at 12:30"]
    )
    def test_are_not_seen_where_there_are_none(self, text):
        assert redaction.redacted_text(text) == text

    @pytest.mark.parametrize("name", ["author", "access_expires_in", "key", "module", "session_id", "tokenizer"])
    def test_do_not_hide_in_innocent_names(self, name):
        assert not redaction.names_a_secret(name)

    def test_are_found_quickly_in_long_texts(self):
        began = time.process_time()

        redaction.redacted_text("password" * 5_000 + "a_" * 20_000 + "://" * 5_000 + "Bearer " * 5_000)

        assert time.process_time() - began < 20


class Parcel:
    def __init__(self, ticket):
        self.ticket = ticket

    def __repr__(self):
        return f"<Parcel ticket={self.ticket}>"


def put(handler, text):
    handler.emit(logging.LogRecord("n", logging.INFO, __file__, 1, text, (), None))


class TestRotation:
    def test_is_by_size_and_keeps_the_newest(self, tmp_path):
        handler = RotatingFile(tmp_path / "log", max_bytes=100, max_days=7, backups=2)

        for number in range(50):
            put(handler, f"line {number:03}")
        handler.close()

        assert len(handler.rotated()) == 2
        assert all(path.stat().st_size <= 100 for path in tmp_path.glob("log*"))
        assert "line 049" in (tmp_path / "log").read_text()

    def test_drops_files_that_are_too_old(self, tmp_path):
        old = tmp_path / "log.20200101T000000.000000"
        old.write_text("old")
        os.utime(old, (1, 1))

        handler = RotatingFile(tmp_path / "log", max_bytes=100, max_days=7, backups=5)
        put(handler, "new")
        handler.close()

        assert not old.exists()

    def test_follows_a_file_that_somebody_else_moved(self, tmp_path):
        handler = RotatingFile(tmp_path / "log", max_bytes=1000, max_days=7, backups=5)
        put(handler, "one")
        (tmp_path / "log").rename(tmp_path / "moved")

        put(handler, "two")
        handler.close()

        assert (tmp_path / "log").read_text() == "two\n"

    def test_of_several_processes_loses_and_mixes_no_line(self, tmp_path):
        program = (
            "import logging, sys; from pathlib import Path; from project.core.rotation import RotatingFile\n"
            "handler = RotatingFile(Path(sys.argv[1]), max_bytes=5000, max_days=7, backups=1000)\n"
            "for n in range(500):\n"
            "    handler.emit(logging.LogRecord('n', 20, '', 1, f'{sys.argv[2]} {n:04} end', (), None))"
        )
        path = str(tmp_path / "log")
        writers = [subprocess.Popen([sys.executable, "-c", program, path, name]) for name in "abc"]

        assert [writer.wait(60) for writer in writers] == [0, 0, 0]
        lines = [line for file in tmp_path.glob("log*") for line in Path(file).read_text().splitlines()]
        assert sorted(lines) == [f"{name} {number:04} end" for name in "abc" for number in range(500)]
