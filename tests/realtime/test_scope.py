"""Staff who reach some people only, at the gateway."""

import pytest

from accounts.models import Department, Role
from tests.realtime.staff import CONNECTIONS, client, person, send

pytestmark = pytest.mark.django_db(transaction=True)

POWERS = ("realtime.view_connection", "realtime.disconnect", "realtime.send", "accounts.change_user")
LIVE = "/admin/realtime/connection"


@pytest.fixture
def keeper(gatehouse, settings):
    """Staff of the department that Mei is in, and Hans is not."""
    settings.GATEWAY_PEOPLE_SEEN = "accounts.scope.seen_among"
    sales = Department.objects.create(name="Sales")
    person("mei", number=1, department=sales)
    person("hans", number=2)
    keeper = person("keeper", *POWERS, rank=50, is_staff=True, department=sales)
    Role.objects.update(scope="department")
    return keeper


class TestScope:
    def test_covers_what_is_listed(self, keeper, mei, hans):
        found = client(keeper).get(CONNECTIONS).json()

        assert [one["id"] for one in found["results"]] == [mei.id]
        assert client(keeper).get(CONNECTIONS, {"user": 2}).json()["count"] == 0

    def test_covers_what_is_disconnected(self, keeper, mei, hans):
        api = client(keeper)
        theirs, nobodys = (api.delete(f"{CONNECTIONS}/{one}") for one in (hans.id, "00000000-0000"))

        assert (theirs.status_code, theirs.json()["error"]["message"]) == (404, nobodys.json()["error"]["message"])
        assert hans.is_alive()
        assert api.delete(f"{CONNECTIONS}/{mei.id}").status_code == 204
        assert mei.end()[0] == 4503

    @pytest.mark.parametrize(
        "to", [{"user": 2}, {"users": [1, 2]}, {"group": "department.1"}, {"groups": ["everyone"]}, {"all": True}]
    )
    def test_covers_whom_messages_are_for(self, keeper, mei, hans, to):
        assert send(client(keeper), to).json()["error"]["fields"]["to"]

    def test_covers_connections_that_messages_are_for(self, keeper, mei, hans):
        api = client(keeper)

        assert send(api, {"connection": hans.id}).json()["error"]["fields"]["to"]
        for to in ({"user": 1}, {"users": [1]}, {"connection": mei.id}):
            assert send(api, to).status_code == 202
            assert mei.next("note") == "hi"
        assert hans.is_alive()
        assert not hans.kept

    def test_covers_the_page_of_connections(self, keeper, mei, hans, client):
        client.force_login(keeper, backend="django.contrib.auth.backends.ModelBackend")
        found = client.get(f"{LIVE}/live/").json()
        assert (found["total"], found["people"], [one["id"] for one in found["rows"]]) == (1, 1, [mei.id])

        body = {"ids": [mei.id, hans.id], "reason": ""}
        closed = client.post(f"{LIVE}/disconnect/", body, content_type="application/json").json()
        assert closed["done"] == 1
        assert hans.is_alive()
