"""Sockets are for oneself: none is opened, and none kept, by who acts as somebody else."""

import pytest
from channels.db import database_sync_to_async
from django.test import Client
from django.utils import timezone

from accounts import services, tickets, tokens
from accounts.authentication import ended_sessions
from accounts.models import LoginSession, User
from realtime.core.codes import Refused
from realtime.transport.credentials import Credentials, identify

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
class TestSockets:
    async def test_are_neither_opened_nor_kept(self, boss, mei, open_session):
        session = await in_thread(open_session, boss)
        before = await in_thread(tokens.access, session)
        browser = Client()
        await in_thread(browser.force_login, boss)
        of_browser = await LoginSession.objects.select_related("user").aget(scope="admin")
        held = [session.sid, of_browser.sid]
        assert await ended_sessions(held) == {}

        for one in (session, of_browser):
            subject = await in_thread(lambda: User.objects.create_superuser(f"subject{timezone.now():%f}"))
            await in_thread(lambda one=one, subject=subject: begin(one, subject))

        assert await ended_sessions(held) == dict.fromkeys(held, 4500)
        ticket = await in_thread(tickets.issue, session)  # one that was got before
        for shown in (
            Credentials(bearer=before),
            Credentials(frame={"access": before}),
            Credentials(ticket=ticket),
            Credentials(cookie_session_key=browser.cookies["sessionid"].value),
        ):
            with pytest.raises(Refused) as refused:
                await identify(shown)
            assert (refused.value.code, "somebody else" in str(refused.value.message)) == (4500, True), shown

        await in_thread(lambda: services.stop_impersonating(session=LoginSession.objects.get(pk=session.pk)))

        assert await ended_sessions(held) == {of_browser.sid: 4500}
        who = await identify(Credentials(bearer=before))
        assert who
        assert who.username == "theboss"


def begin(session: LoginSession, subject: User) -> LoginSession:
    return services.impersonate(session=session, subject=subject, by=session.user, reason="x")


async def in_thread(function, *arguments):
    return await database_sync_to_async(function, thread_sensitive=False)(*arguments)
