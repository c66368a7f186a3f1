"""Somebody's telephone: what came to it by text message."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from celery.signals import before_task_publish
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from integrations.sms.models import Message, Provider, VerificationCode
from integrations.sms.providers import memory
from integrations.sms.tasks import forget_codes
from project.core import jobs

PHONE, E164 = "13800138000", "+8613800138000"
AFTER_A_MINUTE = timedelta(seconds=61)


def connect() -> None:
    """Let text messages arrive at once, and only here."""
    Provider.objects.get_or_create(
        key="memory",
        defaults={"name": "Memory", "kind": "memory", "sign_name": "Gatehouse", "cost_per_segment": "0.05"},
    )
    memory.outbox.clear()
    memory.refusals.clear()


def work() -> None:
    """Do what the worker would: whom is each code for, then the messages."""
    jobs.registered()
    for model in (VerificationCode, Message):
        for row in jobs.due(model):
            jobs.run(model._meta.label, str(row.pk))


def codes(phone: str = E164) -> list[str]:
    """The codes that came, the oldest first."""
    work()
    return [one for said in memory.outbox if said.phone == phone for one in re.findall(r"\d{6}", said.text)]


def texts(phone: str = E164) -> list[str]:
    """What came, word for word."""
    work()
    return [one.text for one in memory.outbox if one.phone == phone]


def wrong(code: str) -> str:
    """Another one."""
    return f"{(int(code) + 1) % 10**6:06}"


def pass_a_minute() -> None:
    """Whatever was asked for so far was asked for a minute earlier."""
    for one in VerificationCode.objects.all():
        VerificationCode.objects.filter(pk=one.pk).update(created_at=one.created_at - AFTER_A_MINUTE)


def answer_requests() -> None:
    """Do what the worker would with what was asked for; the messages stay where they are."""
    jobs.registered()
    for row in jobs.due(VerificationCode):
        jobs.run(VerificationCode._meta.label, str(row.pk))


def verify(person: User) -> None:
    """Let a code have shown the person's number to be theirs."""
    User.objects.filter(pk=person.pk).update(phone_verified=person.phone, phone_verified_at=timezone.now())


@contextmanager
def forgetful_cache() -> Iterator[None]:
    """Nothing is remembered but in rows."""
    cache.clear()
    yield


@contextmanager
def locked_database() -> Iterator[None]:
    """Somebody else holds SQLite's file, and this thread waits for them no longer than a moment."""
    wait = connection.cursor().execute
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        wait("PRAGMA busy_timeout = 50")
        yield
        wait(f"PRAGMA busy_timeout = {1000 * settings.LOCK_SECONDS}")
        stranger.execute("ROLLBACK")


@contextmanager
def overheard() -> Iterator[list[str]]:
    """What is handed to the broker meanwhile, word for word."""
    heard: list[str] = []

    def listen(body: Any, headers: Any, **_rest: Any) -> None:
        heard.append(f"{body} {headers}")

    before_task_publish.connect(listen)
    yield heard
    before_task_publish.disconnect(listen)


def forget_old() -> int:
    """Do what is done every few hours."""
    return forget_codes()


def has_page(name: str) -> bool:
    """Is there a list of this kind in the back office?"""
    try:
        reverse(f"admin:{name}_changelist")
    except NoReverseMatch:
        return False
    return True
