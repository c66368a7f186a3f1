"""What accounts does by itself from time to time."""

from celery import shared_task

from accounts import captcha, impersonation, mails, retention, second_factor, services, sessions
from accounts.models import Mail, PasswordRequest
from accounts.passwords import asked
from project.core import jobs


@shared_task(name="accounts.close_run_out")
def close_run_out() -> int:
    """Put an end to sessions whose time is over or that are too many by now, and to their sockets; return how many. Likewise
    to challenges, captchas, and to acting as somebody."""
    second_factor.forget_run_out()
    captcha.forget_run_out()
    impersonation.end_run_out()
    return sessions.close_run_out() + sessions.close_surplus()


@shared_task(name="accounts.purge")
def purge() -> dict[str, int]:
    """Forget old sign-ins, sessions, devices and mails; return how many of each."""
    return retention.purge()


@shared_task(name="accounts.rotate_keys")
def rotate_keys() -> str:
    """Let a signing key whose time has come take over; return its id."""
    key = services.keep_rotating()
    return key.kid if key else ""


@jobs.worker(Mail)
def send_mail(mail: Mail) -> None:
    """Send one mail."""
    mails.deliver(mail)


@jobs.worker(PasswordRequest)
def answer_forgotten_password(request: PasswordRequest) -> None:
    """Mail a link to whoever forgot their password, if there is such a person."""
    asked.answer(request)
