"""The journey on PostgreSQL, with Redis for cache, channel layer and broker; and a node that is killed."""

from collections.abc import Iterator

import pytest

from tests.environment import need
from tests.journey import workbooks
from tests.journey.conftest import follow, upload
from tests.journey.test_sockets import say
from tests.nodes import databases
from tests.nodes.house import House
from tests.nodes.journey import (  # noqa: F401 (collected here)
    TestEndings,
    TestFirstStart,
    TestLine,
    TestMessages,
    TestPresence,
    TestSession,
    TestSheets,
    until_listed,
)

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two nodes, a worker and a scheduler; tests share them, so they bring their own people."""
    with (
        databases.postgres() as database,
        House(tmp_path_factory.mktemp("house"), DATABASE_URL=database, REDIS_URL=need("REDIS_URL")) as house,
    ):
        yield house


class TestNodeKilled:
    @pytest.mark.attack("T-WS-13")
    def test_loses_its_people_to_the_others_and_is_forgotten(self, house: House):
        north = house.part("north", "web").open()
        mei, staff = house.hire(), house.administrator(house.east)
        group = f"public.{mei.username}"
        caller = mei.sign_in(north)
        with caller.socket() as line:
            line.ask("join", {"group": group})
            gone = line.ask("whoami")["data"]
            until_listed(staff, mei, [gone])
            north.kill()

        caller.url = house.west.url
        with caller.socket() as line:
            line.ask("join", {"group": group})
            say(staff, {"group": group}, "welcome back")
            assert line.next("notice")["text"] == "welcome back"

            until_listed(staff, mei, [line.ask("whoami")["data"]])
            nodes = staff.get("realtime/nodes").json()["results"]
            assert gone["node"] not in {one["id"] for one in nodes}
            assert line.ask("join", {"group": group})["data"]["members"] == 1


class TestNodeThatSharesTooLittle:
    def test_does_not_start_with_another_secret_key(self, house: House):
        stranger = house.part("stranger", "web", SECRET_KEY="s" * 64, REDIS_PREFIX="another")
        stranger.start()

        assert stranger.wait() == 78
        assert "All nodes need the same one" in stranger.output
        assert "Traceback" not in stranger.output

    def test_loses_no_upload_in_silence(self, house: House, tmp_path):
        with house.part("alone", "web", shares=()) as alone:
            administrator = house.administrator(alone)
            job = upload(administrator, workbooks.by_the_old_system(tmp_path, 3, "unseen"))

            failed = follow(administrator, job["id"], {"failed"})

        assert failed["error"]["code"] == "30002"
        assert "no longer there" in failed["error"]["message"]
        assert "All nodes must share the folder `private`" in house.worker.log
