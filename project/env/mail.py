"""Mail."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import dj_email_url

from project.env import kinds as kind
from project.env.declaring import variable


def email_url(given: str) -> str:
    """A URL of the form submission://… (STARTTLS), smtp://…?ssl=true or console://."""
    if urlsplit(given).scheme not in {"submission", "smtp", "console", "memory", "dummy"}:
        raise ValueError(given)
    dj_email_url.parse(given)
    return given


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Mail."""

    EMAIL_URL: str = variable(
        "console://",
        email_url,
        "Mail server.",
        example="submission://user:password@mail.example.com:587",
        secret=True,
    )
    DEFAULT_FROM_EMAIL: str = variable("Gatehouse <gatehouse@localhost>", kind.text, "Sender of mails.")
