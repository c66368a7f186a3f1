"""Sockets of machines."""

import pytest
from channels.db import database_sync_to_async

from accounts import services
from accounts.authentication import ended_sessions
from realtime.core.codes import Refused
from realtime.topics import has_permission
from realtime.transport.credentials import Credentials, identify
from tests.accounts.machines.conftest import SEES_PEOPLE

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
class TestSockets:
    async def test_belong_to_the_token(self, mechanic, token_of):
        made = await database_sync_to_async(token_of, thread_sensitive=False)(mechanic, SEES_PEOPLE)

        who = await identify(Credentials(bearer=made.text, ip="127.0.0.1"))

        assert who
        assert (who.user_id, who.username, who.name) == (mechanic.pk, "mechanic", "nightly export")
        assert who.machine == str(made.token)
        assert who.automatic_groups == {"everyone"}  # neither the owner's own nor their roles'
        assert not who.staff
        assert await has_permission(who, SEES_PEOPLE)
        assert not await has_permission(who, "accounts.change_user")
        assert await ended_sessions([who.session_id]) == {}

        await database_sync_to_async(services.revoke_api_token, thread_sensitive=False)(token=made.token, by=mechanic)

        assert await ended_sessions([who.session_id]) == {who.session_id: 4502}
        assert not await has_permission(who, SEES_PEOPLE)
        with pytest.raises(Refused) as refused:
            await identify(Credentials(frame={"access": made.text}, ip="127.0.0.1"))
        assert refused.value.code == 4500

    async def test_open_from_allowed_addresses_only(self, mechanic, token_of):
        made = await database_sync_to_async(token_of, thread_sensitive=False)(mechanic, allowed_addresses=["10.1.*"])

        with pytest.raises(Refused) as refused:
            await identify(Credentials(bearer=made.text, ip="110.1.0.1"))

        assert refused.value.code == 4506
        assert await identify(Credentials(bearer=made.text, ip="10.1.0.1"))
