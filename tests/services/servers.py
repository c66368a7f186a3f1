"""The servers, one function each: it starts the server in its folder and returns the variable that says where.

To add one: its program and package in debian.PROGRAMS, its function here, a line in SERVERS. They hold nothing that
matters, so they never wait for the disk.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.services.debian import program
from tests.services.processes import conversation, free_port, launch, once, password_of, unprivileged, wait


def redis(home: Path) -> dict[str, str]:
    """Start Redis; nothing is written to disk."""
    port = free_port()
    launch(
        "redis",
        [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(home)]
        + ["--save", "", "--appendonly", "no", "--databases", "64"],
    )
    wait("redis", lambda: conversation(port, b"PING\r\n") == b"+PONG\r\n")
    return {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}


def postgres(home: Path) -> dict[str, str]:
    """Start PostgreSQL with the superuser `gatehouse`; it refuses to run as root, so root lends it Debian's user."""
    port, data = free_port(), home / "data"
    password = password_of(home)
    as_its_user = unprivileged("postgres", home) if os.geteuid() == 0 else []
    if not (data / "PG_VERSION").exists():
        once("postgres", [*as_its_user, program("initdb"), "--pgdata", str(data), "--username", "gatehouse"]
             + ["--pwfile", str(home / "password"), "--auth", "scram-sha-256", "--encoding", "UTF8"]
             + ["--locale", "C.UTF-8", "--no-sync"])  # fmt: skip
    launch(
        "postgres",
        [*as_its_user, program("postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        + ["-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "fsync=off"]
        + ["-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
        stop_by=signal.SIGINT,  # SIGTERM would wait for the clients
    )
    # an SSLRequest, to which every PostgreSQL says one letter
    wait("postgres", lambda: conversation(port, b"\0\0\0\x08\x04\xd2\x16\x2f") in {b"N", b"S"})
    return {"TEST_POSTGRES_URL": f"postgres://gatehouse:{password}@127.0.0.1:{port}/postgres"}


def mariadb(home: Path) -> dict[str, str]:
    """Start MariaDB with the user `gatehouse`, who may make databases, and with the world's time zones."""
    port, data = free_port(), home / "data"
    password = password_of(home)
    as_user = ["--user=root"] if os.geteuid() == 0 else []
    words = home / "grants.sql"
    if not (data / "mysql").exists():
        once("mariadb", [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"]
             + ["--auth-root-authentication-method=socket", *as_user])  # fmt: skip
        zones = subprocess.run(
            [program("mariadb-tzinfo-to-sql"), "/usr/share/zoneinfo"], capture_output=True, text=True, check=True
        )
        (home / "zones.sql").write_text(f"USE mysql;\n{zones.stdout}")
        with (home / "zones.sql").open() as sql:
            once("mariadb", [program("mariadbd"), "--no-defaults", "--bootstrap", f"--datadir={data}", *as_user], sql)
    words.write_text(
        f"CREATE USER IF NOT EXISTS gatehouse@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON *.* TO gatehouse@'127.0.0.1' WITH GRANT OPTION;\nCREATE DATABASE IF NOT EXISTS gatehouse;\n"
    )
    launch(
        "mariadb",
        [program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1"]
        + ["--socket=mariadb.sock", "--pid-file=mariadb.pid", f"--init-file={words}", "--skip-name-resolve", *as_user]
        + ["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci", "--max-connections=300"]
        + ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=128M", "--performance-schema=OFF"],
    )
    wait("mariadb", lambda: b"MariaDB" in conversation(port, b""))
    return {"TEST_MYSQL_URL": f"mysql://gatehouse:{password}@127.0.0.1:{port}/gatehouse"}


def rabbitmq(home: Path) -> dict[str, str]:
    """Start RabbitMQ, and the port mapper Erlang wants, where only this machine reaches them."""
    port, mapper, between_nodes = free_port(), free_port(), free_port()
    launch("epmd", [program("epmd"), "-address", "127.0.0.1", "-port", str(mapper)])
    inner = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # Debian's own script on the PATH would change the user
    launch(
        "rabbitmq",
        [str(inner) if inner.exists() else program("rabbitmq-server")],
        HOME=str(home),
        ERL_EPMD_ADDRESS="127.0.0.1",
        ERL_EPMD_PORT=str(mapper),
        RUNNING_UNDER_SYSTEMD="1",  # the script becomes the server instead of watching it
        RABBITMQ_NODENAME="gatehouse@localhost",
        RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
        RABBITMQ_NODE_PORT=str(port),
        RABBITMQ_DIST_PORT=str(between_nodes),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}",
        RABBITMQ_MNESIA_BASE=str(home / "data"),
        RABBITMQ_LOG_BASE=str(home / "log"),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(home / "plugins"),
        RABBITMQ_CONFIG_FILE=str(home / "rabbitmq"),
    )
    wait("rabbitmq", lambda: conversation(port, b"AMQP\0\0\x09\x01")[:1] == b"\x01")
    return {"RABBITMQ_URL": f"amqp://guest:guest@127.0.0.1:{port}//"}


SERVERS: dict[str, Callable[[Path], dict[str, str]]] = {
    "redis": redis,
    "postgres": postgres,
    "mariadb": mariadb,
    "rabbitmq": rabbitmq,
}
