"""The database, and how long anybody waits for it."""

from typing import Any

import dj_database_url

from project.settings.house import HOME, env

LOCK_SECONDS = 20
"""How long a writer waits for a row, or SQLite's file, that another one holds; then the caller gets 503."""
POOL_SECONDS = 5
"""How long a request waits for a connection of its process's pool; then likewise."""
SILENCE_SECONDS = 60
"""How long a server may leave a question without an answer, or a packet without a receipt; then likewise."""
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": LOCK_SECONDS,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA temp_store=MEMORY;"
        "PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;"
    ),
}
POSTGRESQL = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": SILENCE_SECONDS * 1000,
    "options": f"-c lock_timeout={LOCK_SECONDS}s",
}
MYSQL = {
    "charset": "utf8mb4",
    "connect_timeout": 5,
    "read_timeout": SILENCE_SECONDS,
    "write_timeout": SILENCE_SECONDS,
    "isolation_level": "read committed",
    "sql_mode": "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    "init_command": f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}",
}


def _database(url: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(dj_database_url.parse(url or f"sqlite:///{HOME / 'gatehouse.sqlite3'}"))
    engine = found["ENGINE"]
    options = found.setdefault("OPTIONS", {})
    if engine.endswith("sqlite3"):
        options |= SQLITE
        return found
    # a connection goes back to its pool with the request; the pool looks whether it lives before it lends it again
    found |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    if engine.endswith("postgresql"):
        pool = {"min_size": 0, "max_size": env.DATABASE_POOL_SIZE, "timeout": POOL_SECONDS, "reconnect_timeout": 2}
        pool["max_lifetime"] = env.DATABASE_MAX_AGE
        return found | {"OPTIONS": POSTGRESQL | options | {"pool": pool}}
    pool = {"size": env.DATABASE_POOL_SIZE, "max_age": env.DATABASE_MAX_AGE, "wait": POOL_SECONDS}
    return found | {"ENGINE": "project.core.mysql", "OPTIONS": MYSQL | options | {"pool": pool}}


DATABASES = {"default": _database(env.DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # a file, not memory: threads of a test then contend for the lock as they do in production
    DATABASES["default"]["TEST"] = {"NAME": HOME / "tests.sqlite3"}
