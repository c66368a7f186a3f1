"""What one call to Redis may cost, and how many connections there may be."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from project.core import breaker, cache, redis_trouble
from project.core.errors import Unreachable
from realtime.directory import RedisDirectory
from tests.clients import until
from tests.core.redis_server import RedisServer
from tests.redis.proxy import Proxy


@pytest.fixture
def caches(line: Proxy, settings):
    """Both caches over the line."""
    settings.CACHES = {
        "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": line.url},
        "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": line.url},
    }


def asked(name: str = "ticket") -> object:
    """Ask the state store; return the answer, or what was wrong."""
    try:
        return cache.state.get(name, "t")
    except Unreachable as problem:
        return problem


@pytest.mark.attack("T-F-4")
class TestCalls:
    def test_give_up_long_before_a_slow_redis_answers_and_soon_do_not_even_ask(self, line: Proxy, caches):
        cache.state.set("ticket", "t", value=1)
        line.delay = 20.0

        waited = [asked() for _ in range(4)]
        spared = [asked() for _ in range(50)]

        assert {type(one) for one in waited} == {Unreachable}
        assert {type(one) for one in spared} == {breaker.Open}

    def test_whose_answer_is_cut_off_never_take_a_ticket_twice(self, line: Proxy, caches):
        cache.state.set("ticket", "t", value="sid")
        line.cut_answers()

        with pytest.raises(Unreachable):
            cache.state.take("ticket", "t")

        line.mend()
        assert cache.state.take("ticket", "t") is None

    def test_that_insist_are_made_good_when_redis_answers_again(self, redis_server: RedisServer, line: Proxy, caches):
        cache.state.set("session", "s", value={"session": {}})
        line.cut_answers()
        cache.state.insist("session", "s", value={"ended": "logout"}, ttl=600)
        line.mend()

        def told() -> bool:
            return "ended" in str(redis_server.order("GET", "gatehouse:state::1:session:s"))

        until(told, "Redis was told")
        assert redis_server.order("TTL", "gatehouse:state::1:session:s") > 60


class TestConnections:
    def test_of_the_caches_are_no_more_than_allowed_and_waiting_for_one_ends(
        self, redis_server, line, caches, settings
    ):
        settings.REDIS_POOL_SIZE = 2
        cache.state.set("ticket", "t", value="sid")
        line.delay = 0.2

        with ThreadPoolExecutor(12) as crowd:
            answers = list(crowd.map(lambda _: asked(), range(12)))

        line.mend()
        causes = {str(redis_trouble.words(one)) for one in answers if isinstance(one, Unreachable)}
        assert "All connections of this process to Redis are in use (REDIS_POOL_SIZE)." in causes
        assert open_connections(redis_server) <= 2
        assert until(lambda: asked() == "sid", "it answers again")

    async def test_of_the_directory_are_no_more_than_allowed_and_everybody_is_answered(self, redis_server, line):
        directory = RedisDirectory(line.url, "crowd", 2)

        answers = await asyncio.gather(*(directory.is_online(user) for user in range(40)))

        assert answers == [False] * 40
        assert await asyncio.to_thread(open_connections, redis_server) <= 2
        await directory.close()

    async def test_of_the_layer_are_two_whatever_is_sent(self, redis_server, line):
        layer = RedisPubSubChannelLayer(hosts=[{"address": line.url, "max_connections": 2}], prefix="crowd:")
        channel = await layer.new_channel()
        await layer.group_add("all", channel)

        await asyncio.gather(*(layer.group_send("all", {"type": "x", "n": n}) for n in range(200)))

        assert sorted([(await layer.receive(channel))["n"] for _ in range(200)]) == list(range(200))
        assert await asyncio.to_thread(open_connections, redis_server) == 2
        await layer.flush()


def open_connections(server: RedisServer) -> int:
    """How many there are besides the one that asks."""
    return len(server.order("CLIENT", "LIST").splitlines()) - 1
