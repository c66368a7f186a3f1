"""Signing in by text message as it is installed: the code appears on the terminal, and nowhere in the log."""

import re
import secrets

import pytest

from tests.clients import until
from tests.office import Office


def texts_to(office: Office, phone: str) -> list[str]:
    """What appeared on the terminal for a number."""
    return re.findall(rf"SMS to {re.escape(phone)}\n\s+(.+)", office.output)


@pytest.mark.attack("T-S-5")
def test_works_out_of_the_box_and_tells_the_code_to_the_terminal_only(office: Office) -> None:
    number = f"139{secrets.randbelow(10**8):08}"
    person = {"username": f"texted{number[-6:]}", "phone": number, "language": "en"}
    assert office.sign_in().post("users/", person).status_code == 201
    visitor = office.visitor()

    asked = visitor.post("auth/sms-code", {"phone": number, "purpose": "login"})

    assert (asked.status_code, asked.json()) == (202, {"expires_in": 300})
    until(lambda: texts_to(office, f"+86{number}"), "the code is on the terminal")
    code = re.findall(r"\d{6}", texts_to(office, f"+86{number}")[0])[0]
    entered = visitor.post("auth/login/sms", {"phone": number, "code": code})
    assert entered.json()["user"]["username"] == person["username"]
    assert len(re.findall(rf"(?<![0-9a-f.-]){code}(?![0-9a-f-])", office.output)) == 1
