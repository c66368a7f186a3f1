"""What a socket may show to say who it is."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from channels.db import database_sync_to_async
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import authentication, services, sessions, tickets, tokens
from accounts.models import LoginSession
from project.core import cache
from project.core.errors import Unreachable
from realtime.core.codes import Refused
from realtime.transport.credentials import Credentials, identify

pytestmark = pytest.mark.django_db(transaction=True)


async def refused(credentials: Credentials) -> int:
    with pytest.raises(Refused) as caught:
        await identify(credentials)
    return caught.value.code


class TestTicket:
    @pytest.mark.attack("T-WS-2")
    async def test_is_good_once(self, clerk, open_session):
        session = await _in_thread(open_session, clerk)
        ticket = await _in_thread(tickets.issue, session)

        who = await identify(Credentials(ticket=ticket))

        assert (who.user_id, who.username, who.session_id) == (clerk.pk, "theclerk", session.sid)
        assert who.groups == {"role.clerks"}
        assert who.staff
        assert await identify_permission(who, "accounts.view_user")
        assert not await identify_permission(who, "accounts.view_role")
        assert await refused(Credentials(ticket=ticket)) == 4500

    @pytest.mark.attack("T-WS-2")
    @pytest.mark.parametrize("ticket", ["x", "a" * 43, "../../x", "x" * 10_000, "\0" * 43, "é" * 43])
    async def test_that_was_made_up_is_refused(self, db, ticket):
        assert await refused(Credentials(ticket=ticket)) == 4500

    @pytest.mark.attack("T-WS-2")
    async def test_grows_old(self, mei, open_session, settings, tmp_path):
        # kept by the wall clock, which the test can turn
        store = {"BACKEND": "project.core.cache.StateCache", "LOCATION": f"file://{tmp_path}"}
        settings.CACHES = settings.CACHES | {"state": store}
        ticket = await _in_thread(tickets.issue, await _in_thread(open_session, mei))

        with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=True):
            assert await refused(Credentials(ticket=ticket)) == 4500

    async def test_of_a_session_that_is_over_says_why(self, mei, open_session):
        first = await _in_thread(open_session, mei)
        ticket = await _in_thread(tickets.issue, first)
        await _in_thread(open_session, mei)

        assert await refused(Credentials(ticket=ticket)) == 4501


class TestToken:
    @pytest.mark.parametrize("place", ["bearer", "frame"])
    async def test_is_taken_from_header_or_frame(self, mei, open_session, place):
        session = await _in_thread(open_session, mei)
        token = await _in_thread(tokens.access, session)

        who = await identify(Credentials(bearer=token) if place == "bearer" else Credentials(frame={"access": token}))

        assert who.user_id == mei.pk
        assert who.groups == frozenset()

    @pytest.mark.parametrize("given", ["x", "a.b.c", 5, ["x"], {"a": 1}, True])
    async def test_that_is_none_is_refused(self, db, given):
        assert await refused(Credentials(frame={"access": given})) == 4500

    @pytest.mark.parametrize("frame", [{"access": ""}, {"access": None}, {"token": "x"}])
    async def test_that_is_missing_from_the_frame_is_refused(self, db, frame):
        assert await refused(Credentials(frame=frame)) == 4500

    async def test_of_a_displaced_session_says_so(self, mei, open_session):
        token = await _in_thread(tokens.access, await _in_thread(open_session, mei))
        await _in_thread(open_session, mei)

        assert await refused(Credentials(bearer=token)) == 4501


class TestCookie:
    async def test_of_the_back_office_lets_in(self, boss):
        browser = Client()
        await _in_thread(browser.force_login, boss)

        who = await identify(Credentials(cookie_session_key=browser.cookies["sessionid"].value))

        assert who.user_id == boss.pk

    async def test_of_nobody_is_a_guest(self, db):
        assert await identify(Credentials(cookie_session_key="unknownunknownunknownunknown1234")) is None

    async def test_of_a_session_that_is_over_is_refused(self, boss):
        browser = Client()
        await _in_thread(browser.force_login, boss)
        session = await LoginSession.objects.aget()
        await _in_thread(lambda: sessions.end(session, reason="revoked"))

        assert await refused(Credentials(cookie_session_key=browser.cookies["sessionid"].value)) == 4502


class Counting(ThreadPoolExecutor):
    """The threads of a loop; counts what they were given to do."""

    given = 0

    def submit(self, *what, **how):
        self.given += 1
        return super().submit(*what, **how)


class TestSomebodyKnown:
    @pytest.fixture(params=["memory", "redis"])
    async def kept(self, request):
        """Where it is kept what is known of sessions."""
        if request.param == "redis":
            yield request.getfixturevalue("redis")
            await cache.leave()
        elif connection.vendor == "sqlite":
            yield None
        else:
            pytest.skip("without Redis other databases are asked each time")

    @pytest.fixture
    async def threads(self):
        threads = Counting()
        asyncio.get_running_loop().set_default_executor(threads)
        return threads

    async def test_comes_in_without_a_thread(self, kept, clerk, open_session, threads):
        session = await _in_thread(open_session, clerk)
        token = await _in_thread(tokens.access, session)
        several = [await _in_thread(tickets.issue, session) for _ in range(3)]
        first = await identify(Credentials(bearer=token))
        given = threads.given
        assert given

        again = [await identify(Credentials(bearer=token)), await identify(Credentials(frame={"access": token}))]
        again += await asyncio.gather(*(identify(Credentials(ticket=ticket)) for ticket in several))

        assert threads.given == given
        assert {(who.user_id, who.session_id, who.groups) for who in again} == {
            (first.user_id, first.session_id, frozenset({"role.clerks"}))
        }

    async def test_is_known_no_more_once_the_session_is_over(self, kept, clerk, open_session):
        session = await _in_thread(open_session, clerk)
        token = await _in_thread(tokens.access, session)
        ticket = await _in_thread(tickets.issue, session)
        assert await identify(Credentials(bearer=token))

        await _in_thread(lambda: sessions.end(session, reason="revoked"))

        assert await refused(Credentials(bearer=token)) == 4500
        assert await refused(Credentials(ticket=ticket)) == 4502

    async def test_is_known_no_more_once_the_account_is_disabled(self, kept, boss, clerk, open_session):
        token, ticket = await self._known(clerk, open_session)

        await _in_thread(lambda: services.deactivate_user(user=clerk, by=boss))

        assert await refused(Credentials(bearer=token)) == 4500
        assert await refused(Credentials(ticket=ticket)) == 4504

    async def test_comes_in_anew_after_a_flush(self, redis, clerk, open_session):
        token, ticket = await self._known(clerk, open_session)
        redis.order("FLUSHALL")

        assert (await identify(Credentials(bearer=token))).user_id == clerk.pk
        assert await refused(Credentials(ticket=ticket)) == 4500
        await cache.leave()

    @pytest.mark.attack("T-F-4")
    @pytest.mark.parametrize("fault", ["stop", "freeze", "replica"])
    async def test_is_asked_of_the_database_while_redis_is_ill(self, redis, clerk, open_session, fault):
        over, alive = await self._known(clerk, open_session), await self._known(clerk, open_session)
        if fault == "replica":
            redis.order("REPLICAOF", "127.0.0.1", 1)
        else:
            getattr(redis, fault)()

        assert await refused(Credentials(bearer=over[0])) == 4501
        assert (await identify(Credentials(bearer=alive[0]))).user_id == clerk.pk
        with pytest.raises(Unreachable):
            await identify(Credentials(ticket=alive[1]))
        await cache.leave()

    async def test_takes_a_ticket_once_however_many_hold_it(self, kept, clerk, open_session):
        _token, ticket = await self._known(clerk, open_session)

        tries = (identify(Credentials(ticket=ticket)) for _ in range(20))
        found = await asyncio.gather(*tries, return_exceptions=True)

        assert [one.user_id for one in found if not isinstance(one, Refused)] == [clerk.pk]

    async def _known(self, user, open_session):
        session = await _in_thread(open_session, user)
        token = await _in_thread(tokens.access, session)
        await identify(Credentials(bearer=token))
        return token, await _in_thread(tickets.issue, session)


class TestNobody:
    async def test_is_a_guest(self, db):
        assert await identify(Credentials()) is None


class TestSessionCheck:
    async def test_names_those_that_are_over(self, mei, hans, boss, open_session):
        displaced = await _in_thread(open_session, mei)
        alive = await _in_thread(open_session, mei)
        disabled = await _in_thread(open_session, hans)
        hans.is_active = False
        await hans.asave()
        revoked = await _in_thread(open_session, boss)
        await _in_thread(lambda: sessions.end(revoked, reason="revoked"))

        found = await authentication.ended_sessions([displaced.sid, alive.sid, disabled.sid, revoked.sid, "0" * 32])

        assert found == {displaced.sid: 4501, disabled.sid: 4504, revoked.sid: 4502, "0" * 32: 4502}
        assert all(type(code) is int for code in found.values())


async def identify_permission(who, permission):
    return await _in_thread(who.permissions, permission)


async def _in_thread(function, *arguments):
    return await database_sync_to_async(function)(*arguments)
