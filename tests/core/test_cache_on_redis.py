"""Redis goes away, comes back, and is shared with strangers."""

import pytest
import redis
from django.core.cache import caches

from project.core import breaker, cache
from project.core.cache import local
from project.core.errors import Unreachable
from tests.clients import until


@pytest.fixture
def prices(monkeypatch):
    monkeypatch.setitem(cache.KEYS, "prices", cache.Key("prices:{}", 600, local=True))


class TestRedisThatIsDown:
    def test_is_a_miss_for_the_cache(self, redis_caches):
        cache.set("session", "s", value=1)
        redis_caches.stop()

        assert cache.get("session", "s") is None
        cache.set("session", "s", value=2)
        cache.forget("session", "s")
        assert cache.read_through("session", "s", load=lambda: 3) == 3
        assert not caches["default"].add("k", 1)

    def test_is_an_error_for_the_state(self, redis_caches):
        redis_caches.stop()
        state = cache.state

        for ask in (state.get, state.take, state.delete, state.incr):
            with pytest.raises(Unreachable):
                ask("ticket", "t")
        for keep in (state.set, state.add):
            with pytest.raises(Unreachable):
                keep("ticket", "t", value=1)

    def test_is_soon_not_even_asked(self, redis_caches):
        redis_caches.stop()

        for _time in range(5):
            cache.get("session", "s")

        assert breaker.named("redis-cache").state == breaker.OPEN

    def test_is_used_again_when_it_is_back(self, redis_caches):
        redis_caches.stop()
        for _time in range(5):
            cache.get("session", "s")
        redis_caches.start()

        def works():
            cache.set("session", "s", value=1)
            return cache.get("session", "s")

        assert until(works, "the cache works again") == 1

    def test_and_silent_does_not_hold_anybody_up(self, redis_caches):
        cache.state.set("session", "s", value=1)
        redis_caches.freeze()

        with pytest.raises(Unreachable):
            cache.state.get("session", "s")


class TestSharedRedis:
    def test_is_never_cleared(self, redis_server, settings):
        settings.CACHES = {"default": {"BACKEND": "project.core.cache.Cache", "LOCATION": redis_server.url}}
        with redis.Redis.from_url(redis_server.url) as stranger:
            stranger.set("theirs", 1)
            cache.set("session", "s", value=1)

            with pytest.raises(RuntimeError, match="shared"):
                caches["default"].clear()

            assert stranger.get("theirs") == b"1"
            assert all(key == b"theirs" or key.startswith(b"gatehouse:cache:") for key in stranger.keys("*"))

    def test_is_never_unpickled(self, redis_caches):
        cache.set("session", "s", value={"a": 1})

        with redis.Redis.from_url(redis_caches.url) as stranger:
            [key] = stranger.keys()
            assert stranger.get(key) == b'{"a":1}'
            assert 0 < stranger.ttl(key) <= 60


class TestLocalTier:
    def test_answers_without_asking_redis_until_somebody_changes_the_value(self, redis_caches, prices):
        tier = local.tier(redis_caches.url)
        cache.set("prices", "tea", value=3)
        cache.get("prices", "tea")
        until(tier.hears, "the tier hears Redis")
        with redis.Redis.from_url(redis_caches.url) as stranger:
            [name] = stranger.keys("*prices*")
            assert cache.get("prices", "tea") == 3
            stranger.set(name, 4)

            assert cache.get("prices", "tea") == 3

            stranger.publish(tier.channel, cache.key("prices", "tea"))
            until(lambda: cache.get("prices", "tea") == 4, "the change is heard")

    def test_sees_its_own_changes_at_once(self, redis_caches, prices):
        cache.get("prices", "tea")
        until(local.tier(redis_caches.url).hears, "the tier hears Redis")

        for price in range(50):
            cache.set("prices", "tea", value=price)
            assert cache.get("prices", "tea") == price
        cache.forget("prices", "tea")
        assert cache.get("prices", "tea") is None

    def test_keeps_nothing_while_it_does_not_hear_redis(self, redis_caches, prices):
        tier = local.tier(redis_caches.url)
        cache.set("prices", "tea", value=3)
        cache.get("prices", "tea")
        until(tier.hears, "the tier hears Redis")
        assert cache.get("prices", "tea") == 3

        redis_caches.stop()

        until(lambda: not tier.hears(), "the tier notices")
        assert cache.get("prices", "tea") is None
