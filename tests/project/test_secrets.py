"""Nothing the product writes or answers shows a secret (T-F-8)."""

from pathlib import Path

import openpyxl
import pytest

from tests.clients import Caller, Line, until
from tests.office import Office

SECRET_KEY = "secretkey-" + "k7Qz" * 16
MAIL_PASSWORD = "mailpassword77"
ADMIN_PASSWORD = "Adminword77x"
MEIS_PASSWORD = "Meisword77x"
TYPED_WRONG = "Wrongword77x"
IMPORTED = "Sheetword77x"


def written(office: Office) -> dict[str, bytes]:
    """Return everything the office wrote: its streams, its log file, its database and its other files."""
    files = [path for path in office.home.rglob("*") if path.is_file() and "static" not in path.parts]
    return {str(path): path.read_bytes() for path in files} | {"streams": office.log.encode()}


def workbook(folder: Path) -> Path:
    """A sheet with a password in it."""
    book = openpyxl.Workbook()
    assert book.active
    book.active.append(["用户名", "密码"])
    book.active.append(["sheetperson", IMPORTED])
    book.save(folder / "people.xlsx")
    book.close()
    return folder / "people.xlsx"


def a_busy_day(office: Office, folder: Path) -> tuple[set[str], list[str]]:
    """Use every secret in every way; return the tokens that were given out, and what was answered besides."""
    answers = []
    tokens = set()

    def remember(caller: Caller) -> Caller:
        tokens.update({caller.tokens["access"], caller.tokens["refresh"]})
        return caller

    administrator = remember(office.sign_in("admin", ADMIN_PASSWORD))
    answers.append(
        administrator.post("users/", {"username": "meisecret", "password": MEIS_PASSWORD, "real_name": "Mei"}).text
    )
    mei = remember(office.sign_in("meisecret", MEIS_PASSWORD))
    mei.refresh()
    remember(mei)
    ticket = mei.post("auth/ticket").json()["ticket"]
    tokens.add(ticket)
    with Line(office.url, ticket=ticket) as line:
        line.next("welcome")
        line.send("auth", {"access": mei.tokens["access"]}, id=1)
        line.send("no.such.topic", {"access": mei.tokens["access"]})
        answers.append(str(line.ask("whoami")))
    with Line(office.url, bearer=mei.tokens["access"]) as line:
        line.next("welcome")

    stranger = office.visitor()
    for body in (
        {"username": "meisecret", "password": TYPED_WRONG},
        {"username": TYPED_WRONG, "password": [TYPED_WRONG]},
        {"password": TYPED_WRONG, "surprise": TYPED_WRONG},
    ):
        stranger.post("auth/login", body)
    stranger.ask(
        "POST", "auth/login", data=f'{{"password": "{TYPED_WRONG}"', headers={"Content-Type": "application/json"}
    )
    stranger.post("auth/refresh", {"refresh": mei.tokens["refresh"] + "x"})
    stranger.get("/api/v1/users/", params={"access": mei.tokens["access"]})
    stranger.get(
        "/no/such/page", params={"token": mei.tokens["refresh"]}, headers={"Cookie": f"sessionid={TYPED_WRONG}"}
    )
    with workbook(folder).open("rb") as sheet:
        job = administrator.ask("POST", "imports/", data={"resource": "users"}, files={"file": sheet}).json()["id"]
    seen = until(lambda: finished(administrator, job, "ready"), "the import is ready", 60)
    answers.append(seen)
    administrator.post(f"imports/{job}/confirm", {})
    answers.append(until(lambda: finished(administrator, job, "done"), "the import is done", 60))
    answers.append(administrator.get(f"imports/{job}/preview", params={"kind": "new"}).text)
    remember(office.sign_in("sheetperson", IMPORTED))
    answers += [
        administrator.get(path).text for path in ("/metrics", "/readyz", "/api/schema/", "users/", "auth/sessions")
    ]
    return tokens, answers


def finished(caller: Caller, job: str, state: str) -> str:
    """Return the import's description once it is in `state`."""
    answer = caller.get(f"imports/{job}")
    return answer.text if answer.json()["state"] == state else ""


@pytest.mark.attack("T-F-8")
@pytest.mark.timeout(300)
class TestSecrets:
    def test_are_nowhere_in_what_is_written_or_answered(self, tmp_path):
        settings = {
            "SECRET_KEY": SECRET_KEY,
            "DJANGO_SUPERUSER_PASSWORD": ADMIN_PASSWORD,
            "EMAIL_URL": f"submission://office:{MAIL_PASSWORD}@127.0.0.1:9",
            "LOG_LEVEL": "debug",
            "LOG_FILE": str(tmp_path / "gatehouse.log"),
        }
        with Office(tmp_path / "home", **settings) as office:
            tokens, answers = a_busy_day(office, tmp_path)
            assert office.close() == 0
            everything = written(office) | {"log file": (tmp_path / "gatehouse.log").read_bytes()}

        words = {SECRET_KEY, MAIL_PASSWORD, ADMIN_PASSWORD, MEIS_PASSWORD, TYPED_WRONG, IMPORTED} | tokens
        words |= {token.rpartition(".")[2] for token in tokens if token.count(".") == 2}  # a signature alone
        found = {(where, word) for where, text in everything.items() for word in words if word.encode() in text}
        assert found == set()
        assert [where for where, text in everything.items() if b"PRIVATE KEY" in text] == []
        assert [word for word in words for answer in answers if word in answer] == []
