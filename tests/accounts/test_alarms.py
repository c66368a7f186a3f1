"""What happens to somebody's account is told to them at once, and by mail as soon as there is a mail server."""

import time

import pytest

from tests.clients import PATIENCE, Caller, Line, until
from tests.core.redis_server import free_port
from tests.mail_server import MailServer
from tests.office import Office

PASSWORD = "Secret1word"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def mail_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def busy_office(tmp_path_factory, mail_port):
    """An office where people are signed in several times, and nothing answers where its mail server should be."""
    home = tmp_path_factory.mktemp("alarms") / "home"
    settings = {"MULTI_LOGIN": "true", "REFRESH_GRACE_SECONDS": "0", "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}"}
    with Office(home, **settings) as office:
        yield office


@pytest.fixture
def known_phone(busy_office) -> Caller:
    """The phone somebody has always used."""
    administrator = busy_office.sign_in()
    name = f"member{time.time_ns()}"[:30]
    person = {"username": name, "password": PASSWORD, "email": f"{name}@example.com", "language": "en"}
    answer = administrator.post("users/", person)
    assert answer.status_code == 201, answer.text
    phone = busy_office.sign_in(name, PASSWORD, "Pixel 9")
    phone.username = name
    return phone


def told(line: Line, kind: str) -> dict[str, str]:
    return line.wait_for(lambda frame: frame["topic"] == "notice" and frame["data"]["kind"] == kind)["data"]


def mailed(server: MailServer, person: str, about: str):
    return next((one for one in server.mails if person in one["To"] and about in one["Subject"]), None)


class TestAlarms:
    def test_tell_of_a_new_device_at_once_and_by_mail_when_the_mail_server_is_back(
        self, busy_office, known_phone, mail_port
    ):
        with known_phone.socket() as line:
            busy_office.sign_in(known_phone.username, PASSWORD, "Strange box")

            notice = told(line, "new_device")
            assert notice["device"] == "Strange box"
            assert notice["place"] == "local network"
            assert "new device" in notice["text"]
            until(lambda: "job.failed" in busy_office.log, "the first try to mail has failed")
            with MailServer(mail_port) as server:
                mail = until(
                    lambda: mailed(server, known_phone.username, "New sign-in"), "the mail", seconds=3 * PATIENCE
                )

        assert "Strange box" in mail.get_body(("plain",)).get_content()
        assert "Strange box" in mail.get_body(("html",)).get_content()

    @pytest.mark.attack("T-RT-1")
    def test_tell_the_other_sessions_when_a_used_token_came_back(self, busy_office, known_phone, mail_port):
        with MailServer(mail_port) as server, known_phone.socket() as line:
            laptop = busy_office.sign_in(known_phone.username, PASSWORD, "Laptop")
            used = laptop.tokens["refresh"]
            assert laptop.refresh().status_code == 200
            with laptop.socket() as lines_end:
                answer = busy_office.visitor().post("auth/refresh", {"refresh": used})
                assert answer.json()["error"]["code"] == "20004"
                assert lines_end.end()[0] == 4502

            notice = told(line, "token_reused")
            assert notice["device"] == "Laptop"
            assert known_phone.get("auth/me").status_code == 200
            mail = until(lambda: mailed(server, known_phone.username, "ended for safety"), "the mail", 3 * PATIENCE)
            assert "Laptop" in mail.get_body(("plain",)).get_content()
            # the token a third time tells nobody again
            busy_office.visitor().post("auth/refresh", {"refresh": used})
            assert line.ask("ping")["data"]
            assert not [
                one for one in line.frames if one["topic"] == "notice" and one["data"]["kind"] == "token_reused"
            ]
