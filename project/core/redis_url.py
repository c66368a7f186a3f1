"""One Redis URL, read the same way by all that use it."""

from urllib.parse import parse_qs, urlsplit

from redis.connection import parse_url

SCHEMES = ("redis", "rediss", "unix")


def database(url: str) -> int:
    """Return the number of the database `url` names."""
    return int(parse_url(url).get("db", 0))  # type: ignore[no-untyped-call]  # redis-py's own gap


def for_broker(url: str) -> str:
    """Return `url` as Celery's transport reads it.

    It has a name of its own for Unix sockets, and would not look at a server's certificate unless told to.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts._replace(scheme="redis+socket", query=f"virtual_host={database(url)}").geturl()
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in parse_qs(parts.query):
        query = "&".join(filter(None, (parts.query, "ssl_cert_reqs=required")))
        return parts._replace(query=query).geturl()
    return url
