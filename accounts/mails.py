"""Mails to people: a row each, sent by a worker, in the person's language and time zone.

    mails.send(person, "new_device", {"place": "Shanghai", "happened_at": now})

The words are in templates/mail/<name>.<language>.txt (blocks `subject` and `body`) and, where there is one,
<name>.<language>.html (block `body`). They see `person`, `public_url` and the values; a value whose name ends in `_at` is
a moment. A mail server that is away delays nobody: the row waits until the mail is sent or is no longer good.
"""

import json
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.serializers.json import DjangoJSONEncoder
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.models import Mail, User
from project.core import breaker, jobs, sealed
from project.core.errors import GatehouseError, RemoteFailed, Unreachable

PURPOSE = "accounts.mails"
GOOD_FOR = timedelta(days=3)
AT_ONCE = 4
"""So many mails leave a process at the same time."""
REFUSED_FOR_GOOD = 500


class Refused(GatehouseError):
    """The mail server will never take this mail; another try would not help."""

    code, status = RemoteFailed.code, RemoteFailed.status
    message = _("The mail server refused the mail: {why}")


class TooLate(GatehouseError):
    """What the mail says is no longer so."""

    message = _("The mail could not be sent while it was still of use.")


def send(
    person: User,
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    good_for: timedelta = GOOD_FOR,
    address: str = "",
) -> Mail | None:
    """Queue the mail `name` to `person`; None when they have no mail address.

    :param address: one they had, instead of the present one.
    :param good_for: after this time it is not sent any more, for example because a link in it has run out.
    """
    if not (to := address or person.email):
        return None
    mail = Mail.objects.create(
        user=person,
        name=name,
        address=to,
        language=person.language or settings.LANGUAGE_CODE,
        values=_seal(values or {}),
        good_until=timezone.now() + good_for,
    )
    jobs.wake(mail)
    return mail


def deliver(mail: Mail) -> None:
    """Send a claimed mail.

    :raises Unreachable: when the mail server is away; the queue tries again.
    :raises Refused: when it will not have this mail.
    :raises TooLate: when the mail is of no use any more.
    """
    try:
        if timezone.now() >= mail.good_until:
            raise TooLate
        _hand_over(compose(mail))
    except (Refused, TooLate) as problem:
        mail.move(Mail.State.FAILED, error=str(problem), values="")
        return
    mail.move(Mail.State.DONE, values="", error="")


def compose(mail: Mail) -> EmailMultiAlternatives:
    """Write the mail in its language."""
    person = mail.user
    values = {"person": person, "public_url": settings.PUBLIC_URL, "language": mail.language} | _open(mail)
    with translation.override(mail.language), timezone.override(person.time_zone or settings.TIME_ZONE):
        text = f"mail/{mail.name}.{mail.language}.txt"
        # said, for Django logs the whole context of a name that it looked for in vain
        body = values | {"part": "body"}
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
        message = EmailMultiAlternatives(
            subject=" ".join(_rendered(text, values | {"part": "subject"}).split()),
            body=_rendered(text, body) + "\n",
            to=[mail.address],
            # the same for every try: a mail that was sent twice is shown once
            headers={"Message-ID": f"<{mail.pk}@{sender}>", "Auto-Submitted": "auto-generated"},
        )
        with suppress(TemplateDoesNotExist):  # plain text it is
            message.attach_alternative(_rendered(f"mail/{mail.name}.{mail.language}.html", body), "text/html")
    return message


def purge() -> int:
    """Forget mails that are over for long; return how many."""
    old = timezone.now() - Mail.KEPT
    return Mail.objects.filter(state__in=Mail.FINAL, finished_at__lt=old).delete()[0]


def _rendered(template: str, values: dict[str, Any]) -> str:
    return get_template(template).render(values).strip()


def _hand_over(message: EmailMultiAlternatives) -> None:
    server = breaker.named("mail", timeout=settings.EMAIL_TIMEOUT, concurrent=AT_ONCE, counts=_is_away)
    try:
        server.call(message.send)
    except smtplib.SMTPRecipientsRefused as problem:
        code, why = next(iter(problem.recipients.values()))
        raise _refusal(code, why) from problem
    except smtplib.SMTPResponseException as problem:
        raise _refusal(problem.smtp_code, problem.smtp_error) from problem
    except (OSError, smtplib.SMTPException) as problem:
        raise Unreachable(_("The mail server cannot be reached.")) from problem


def _refusal(code: int, why: bytes | str) -> GatehouseError:
    said = f"{code} {why.decode(errors='replace') if isinstance(why, bytes) else why}"[:200]
    final = code >= REFUSED_FOR_GOOD and code not in {530, 535}  # our own credentials: somebody will set them right
    return Refused(why=said) if final else Unreachable(_("The mail server does not take mails now: {why}"), why=said)


def _is_away(problem: Exception) -> bool:
    return not isinstance(problem, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)


def _seal(values: Mapping[str, Any]) -> str:
    return sealed.box(PURPOSE).encrypt(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode()


def _open(mail: Mail) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(sealed.box(PURPOSE).decrypt(mail.values.encode()))
    except InvalidToken as problem:
        raise TooLate(_("The mail was written under another SECRET_KEY.")) from problem
    return {name: parse_datetime(one) if one and name.endswith("_at") else one for name, one in values.items()}
