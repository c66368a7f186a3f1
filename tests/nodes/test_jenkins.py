"""A log is watched on two nodes and read by one; when that is killed, the other goes on where it ended."""

from collections.abc import Iterator

import pytest

from tests.clients import Caller, until
from tests.environment import need
from tests.fakes.jenkins import Simulator
from tests.integrations.jenkins.test_live import QUIET, Watcher, state_of
from tests.nodes import databases
from tests.nodes.house import House

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    with (
        databases.postgres() as database,
        House(tmp_path, DATABASE_URL=database, REDIS_URL=need("REDIS_URL")) as opened,
    ):
        yield opened


def test_a_log_goes_on_without_the_node_that_read_it(house):
    with Simulator(quiet_period=0) as jenkins:
        at_east = house.administrator(house.east)
        at_west = Caller(house.west.url)
        at_west.tokens = at_east.tokens
        given = {"name": "Sim", "url": jenkins.url, "user": jenkins.user, "token": jenkins.token}
        server = at_east.post("jenkins/servers/", given).json()["id"]
        job = at_west.post("jenkins/jobs/", {"server": server, "name": "talker", "xml": QUIET}).json()["id"]
        build = at_west.post(f"jenkins/jobs/{job}/build", {}).json()["id"]
        until(lambda: state_of(at_west, build) == "running", "the build runs")
        with at_east.socket() as first, at_west.socket() as second:
            one = Watcher(at_east, first, build)
            jenkins.write("talker", "before both")
            one.see("before both\n")  # east reads
            other = Watcher(at_west, second, build)
            jenkins.write("talker", "with both")
            one.see("with both\n")
            other.see("with both\n")
            house.east.kill()
            jenkins.write("talker", "with one")
            other.see("with one\n")
            jenkins.finish("talker")
            other.see("Finished: SUCCESS\n")

    assert [other.text.count(line) for line in ("before both\n", "with both\n", "with one\n")] == [1, 1, 1]
    starts = [int(one.query.partition("=")[2]) for one in list(jenkins.requests) if "progressive" in one.path]
    assert starts == sorted(starts)
