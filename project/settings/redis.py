"""Cache, channel layer: one URL each, REDIS_URL for all."""

from typing import Any

from project.core import redis_lines, redis_url
from project.settings.house import env

REDIS_URL = env.REDIS_URL
REDIS_PREFIX = env.REDIS_PREFIX
REDIS_POOL_SIZE = env.REDIS_POOL_SIZE
CACHE_URL = env.CACHE_URL or env.REDIS_URL or "memory://"
CHANNEL_LAYER_URL = env.CHANNEL_LAYER_URL or env.REDIS_URL or "memory://"
CACHES = {
    "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": CACHE_URL},
    # session state, tickets, limits: its errors are raised, never swallowed
    "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": CACHE_URL},
}


def _channel_layer(url: str) -> dict[str, Any]:
    if url.startswith("memory"):
        return {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    # a time-out shorter than redis-py's wait for a message would cut idle lines; none at all would never notice a dead one
    host = {"address": url, "max_connections": env.REDIS_POOL_SIZE, "socket_timeout": 15, "socket_connect_timeout": 2}
    host["redis_connect_func"] = redis_lines.between_nodes.open
    # Redis' channels know no databases: without its number in their names two installations would hear each other
    prefix = f"{REDIS_PREFIX}:layer:{redis_url.database(url)}:"
    return {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host], "prefix": prefix}}


CHANNEL_LAYERS = {"default": _channel_layer(CHANNEL_LAYER_URL)}
