"""The environment, typed: the only reader of `os.environ`.

Each variable is one field of `Environment`: its type, default, meaning and an example stand together,
so the same list serves the settings, `.env.example` and docs/configuration.md.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from dotenv import dotenv_values

from project import env_types as kind
from project import tls

ROOT = Path(__file__).resolve().parent.parent
DAY = 86_400
MULTI_LOGIN_COUNTS = ("MULTI_LOGIN_WEB", "MULTI_LOGIN_APP", "MULTI_LOGIN_DESKTOP", "MULTI_LOGIN_OTHER")
EX_CONFIG = 78
"""What a program exits with when its configuration is at fault (sysexits.h)."""


def variable(
    default: str,
    read: Callable[[str], object],
    help: str,  # noqa: A002 (reads as in argparse)
    *,
    expected: str = "",
    example: str = "",
    secret: bool = False,
) -> Any:
    """Declare a variable; `default` is text, read the same way as what an operator gives."""
    about = {
        "read": read,
        "default": default,
        "help": help,
        "expected": expected or _within_a_sentence(read.__doc__ or ""),
        "example": example or default,
        "secret": secret,
    }
    return field(default=MISSING, metadata=about)


def _within_a_sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


class Problem(NamedTuple):
    """One thing wrong with the environment."""

    name: str
    given: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"  {self.name}: got {self.given}; expected {self.expected}; for example {self.name}={self.example}"


class BadEnvironment(Exception):
    """Everything that is wrong with the environment, at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(map(str, problems))
        super().__init__(f"Gatehouse cannot start: {len(problems)} setting(s) are wrong.\n{lines}")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the operator decided. Every field is an environment variable of the same name."""

    # place and mode
    GATEHOUSE_HOME: Path = variable(
        "./var", kind.folder, "Where the database file, media, logs and generated secrets live."
    )
    GATEHOUSE_ENV: str = variable(
        "dev",
        kind.one_of("debug", "dev", "test", "prod"),
        "`prod` refuses unsafe settings at start.",
        example="prod",
    )
    HOST: str = variable("127.0.0.1", kind.text, "Address to listen on.")
    PORT: int = variable("8000", kind.integer(0, 65535), "Port to listen on; 0 takes a free one.")
    TLS_CERT_FILE: Path | None = variable(
        "",
        kind.existing_file,
        "Certificate chain (PEM); with `TLS_KEY_FILE`: serve https and wss directly.",
        example="/etc/gatehouse/tls.crt",
    )
    TLS_KEY_FILE: Path | None = variable(
        "", kind.existing_file, "Private key of `TLS_CERT_FILE` (PEM).", example="/etc/gatehouse/tls.key"
    )
    SECRET_KEY: str = variable(
        "",
        kind.text,
        "Django's secret key. Outside `prod` one is made and kept in the home.",
        example="at least 50 random characters",
        secret=True,
    )
    SECRET_KEY_FALLBACKS: list[str] = variable(
        "",
        kind.words,
        "Former secret keys: what they sealed is still opened, and nothing new is sealed with them.",
        example="the secret key before this one",
        secret=True,
    )
    SHUTDOWN_SECONDS: float = variable(
        "5", kind.number(0, 600), "How long a stopping server may finish what it has begun."
    )
    TIME_ZONE: str = variable("Asia/Shanghai", kind.time_zone, "Default time zone; each user may choose their own.")
    LANGUAGE_CODE: str = variable(
        "zh-hans", kind.one_of("zh-hans", "en"), "Language of those who state none.", example="en"
    )

    # web
    ALLOWED_HOSTS: list[str] = variable(
        "localhost,127.0.0.1,[::1]", kind.hosts, "Host names this server answers to.", example="office.example.com"
    )
    PUBLIC_URL: str = variable(
        "",
        kind.origin,
        "Where people reach this house, for links in mails; empty: the first of `ALLOWED_HOSTS`, in `prod` with https.",
        example="https://office.example.com",
    )
    CSRF_TRUSTED_ORIGINS: list[str] = variable(
        "", kind.origins, "Other origins whose forms are accepted.", example="https://office.example.com"
    )
    CORS_ALLOWED_ORIGINS: list[str] = variable(
        "", kind.origins, "Origins whose pages may call the API.", example="https://app.example.com"
    )
    TRUSTED_PROXIES: list[str] = variable(
        "", kind.networks, "Only these may set `X-Forwarded-*`.", example="10.0.0.0/8,127.0.0.1"
    )
    HSTS_SECONDS: int = variable(
        "86400",
        kind.integer(0, 3650 * DAY),
        "How long browsers keep to https once they came by it, in `prod`; 0: not told.",
        example="31536000",
    )
    METRICS_ALLOWED_IPS: list[str] = variable(
        "", kind.networks, "Who else than loopback and staff may read /metrics.", example="10.0.3.0/24"
    )

    # data
    DATABASE_URL: str = variable(
        "",
        kind.database_url,
        "The database; empty: SQLite in the home.",
        example="postgres://user:password@host:5432/gatehouse",
        secret=True,
    )
    DATABASE_POOL_SIZE: int = variable(
        "10",
        kind.integer(2, 1000),
        "Most connections of one process to a database server; one of them is the scheduler's.",
    )
    DATABASE_MAX_AGE: int = variable("300", kind.integer(1, DAY), "Seconds after which a connection is made anew.")

    # Redis
    REDIS_URL: str = variable(
        "",
        kind.url("redis", "rediss", "unix"),
        "Sets cache, session state, channel layer and broker at once.",
        example="redis://127.0.0.1:6379/0",
        secret=True,
    )
    REDIS_PREFIX: str = variable("gatehouse", kind.prefix, "Two installations share a server without meeting.")
    REDIS_POOL_SIZE: int = variable("200", kind.integer(1, 100_000), "Connections per process and purpose.")
    CACHE_URL: str = variable(
        "",
        kind.url("memory", "file", "redis", "rediss", "unix"),
        "Cache; empty: `REDIS_URL`, else memory.",
        example="redis://127.0.0.1:6379/1",
        secret=True,
    )
    CHANNEL_LAYER_URL: str = variable(
        "",
        kind.url("memory", "redis", "rediss", "unix"),
        "Between nodes; empty: `REDIS_URL`, else memory.",
        example="redis://127.0.0.1:6379/0",
        secret=True,
    )
    CELERY_BROKER_URL: str = variable(
        "",
        kind.url("memory", "redis", "rediss", "amqp", "amqps"),
        "Broker; empty: `REDIS_URL`, else memory.",
        example="amqp://user:password@127.0.0.1:5672//",
        secret=True,
    )

    # worker
    WORKER_CONCURRENCY: int = variable(
        "0",
        kind.integer(0, 1000),
        "Jobs a worker of `--only worker` does at once, each in a process of its own; 0: one per core, at least two.",
        example="4",
    )

    # first administrator
    DJANGO_SUPERUSER_USERNAME: str = variable("admin", kind.user_name, "User name of the first administrator.")
    DJANGO_SUPERUSER_PASSWORD: str = variable(
        "",
        kind.text,
        "Password of the first administrator; empty: generated and printed once.",
        example="a long sentence",
        secret=True,
    )
    DJANGO_SUPERUSER_EMAIL: str = variable("", kind.email, "Their mail address.", example="admin@example.com")

    # sessions
    MULTI_LOGIN: bool = variable("false", kind.boolean, "May one person be signed in several times at once?")
    MULTI_LOGIN_WEB: int = variable(
        "0",
        kind.integer(0, 1000),
        "Browsers a person may be signed in with at once, for each scope; 0: without limit.",
        example="3",
    )
    MULTI_LOGIN_APP: int = variable("0", kind.integer(0, 1000), "Likewise apps on phones and tablets.", example="2")
    MULTI_LOGIN_DESKTOP: int = variable("0", kind.integer(0, 1000), "Likewise desktop programs.", example="1")
    MULTI_LOGIN_OTHER: int = variable("0", kind.integer(0, 1000), "Likewise whatever is none of these.", example="5")
    MULTI_LOGIN_OVERFLOW: str = variable(
        "oldest", kind.one_of("oldest", "refuse"), "Beyond that: the oldest sign-in ends, or the new one is refused."
    )
    SESSION_EXPIRES: int = variable("604800", kind.integer(1, 3650 * DAY), "Seconds a session lives unless renewed.")
    SESSION_AUTO_REFRESH: bool = variable("true", kind.boolean, "Does use renew a session?")
    SESSION_REFRESH_INTERVAL: int = variable(
        "86400", kind.integer(1, 3650 * DAY), "Seconds between renewals; smaller than `SESSION_EXPIRES`."
    )
    SESSION_MAX_REFRESH_TIMES: int = variable(
        "30", kind.integer(-1, 1_000_000), "How often a session may be renewed; -1: without limit."
    )
    SESSION_ABSOLUTE_EXPIRES: int = variable(
        "3196800", kind.integer(1, 3650 * DAY), "Seconds after which a session ends whatever happens."
    )
    ACCESS_TOKEN_EXPIRES: int = variable("1800", kind.integer(1, 30 * DAY), "Seconds an access token lives.")
    REFRESH_GRACE_SECONDS: int = variable(
        "10", kind.integer(0, 60), "How long a refresh may be repeated with the same answer."
    )
    JWT_ALGORITHM: str = variable(
        "RS256", kind.one_of("RS256", "RS512", "EdDSA"), "Algorithm of keys made from now on.", example="EdDSA"
    )
    JWT_KEYS_DIR: Path | None = variable(
        "", kind.existing_folder, "Signing keys as PEM files (0600) instead of rows.", example="/etc/gatehouse/jwt"
    )
    JWT_KEY_ROTATE_DAYS: int = variable(
        "90", kind.integer(1, 3650), "Days a key signs before the health page says that it is time for another."
    )
    JWT_KEY_AUTO_ROTATE: bool = variable(
        "false", kind.boolean, "Rotate by itself then? Only keys in the database, not those of `JWT_KEYS_DIR`."
    )
    API_TOKEN_MAX_DAYS: int = variable("365", kind.integer(1, 3650), "Days an API token of a machine may live at most.")
    LOGIN_MAX_FAILURES: int = variable(
        "5", kind.integer(1, 1000), "Wrong passwords in a row before a sign-in is locked."
    )
    CAPTCHA_AFTER_FAILURES: int = variable(
        "3",
        kind.integer(-1, 1000),
        "Failures after which a sign-in asks for a captcha; 0: always, -1: never, before text messages and resets neither.",
    )
    PASSWORD_RULE: str = variable(
        "length",
        kind.one_of("length", "seed"),
        "Form of new passwords: `length` asks for `PASSWORD_MIN_LENGTH`, `seed` for 6 to 16 letters and digits, both kinds.",
        example="length",
    )
    PASSWORD_MIN_LENGTH: int = variable(
        "10", kind.integer(8, 64), "Least characters of a new password; 15 where there is no second factor."
    )
    PASSWORD_FORBIDDEN_WORDS: list[str] = variable(
        "gatehouse",
        kind.words,
        "Names that no password may consist of, but for a few characters: the company, the product.",
        example="gatehouse,example",
    )
    PASSWORD_MAX_AGE_DAYS: int = variable(
        "0",
        kind.integer(0, 3650),
        "Days after which a password must be changed; 0: never, as is advised.",
        example="365",
    )
    LOGIN_EVENT_DAYS: int = variable("180", kind.integer(1, 36_500), "Days the log of sign-ins is kept.")
    LEAVER_ANONYMISE_DAYS: int = variable(
        "0", kind.integer(0, 36_500), "Days after which people who left are anonymised for good; 0: never."
    )
    SESSION_HISTORY_DAYS: int = variable("90", kind.integer(1, 36_500), "Days an ended session is kept.")
    IP2REGION_FILE: Path | None = variable(
        "",
        kind.existing_file,
        "Data of ip2region (xdb), for provinces and cities; empty: countries only.",
        example="/etc/gatehouse/ip2region_v4.xdb",
    )
    STEP_UP_SECONDS: int = variable(
        "600", kind.integer(10, DAY), "How long a password or a code counts as proof before dangerous actions."
    )
    IMPERSONATION_SECONDS: int = variable(
        "900", kind.integer(30, DAY), "How long somebody may act as another person before they are themselves again."
    )
    IMPERSONATION_TELLS: bool = variable(
        "true", kind.boolean, "Is a person told, by mail and on their pages, that somebody acts as them, and why?"
    )
    SUPERUSER_SECOND_FACTOR: bool = variable("false", kind.boolean, "Must superusers have a second factor?")

    # mail
    EMAIL_URL: str = variable(
        "console://",
        kind.email_url,
        "Mail server.",
        example="submission://user:password@mail.example.com:587",
        secret=True,
    )
    DEFAULT_FROM_EMAIL: str = variable("Gatehouse <gatehouse@localhost>", kind.text, "Sender of mails.")

    # text messages
    SMS_REGION: str = variable(
        "CN", kind.region, "The country of phone numbers that are given without its code.", example="SG"
    )
    SMS_AT_ONCE: int = variable(
        "16", kind.integer(1, 64), "Text messages a worker sends at the same time when many wait."
    )
    SMS_DAYS: int = variable("180", kind.integer(1, 36_500), "Days text messages are kept.")
    SMS_CURRENCY: str = variable("CNY", kind.currency, "What text messages are paid in.", example="SGD")
    SMS_SIGN_IN: bool = variable(
        "true", kind.boolean, "May people sign in, and choose a new password, with a code by text message?"
    )
    SMS_VERIFIED_ONLY: bool = variable(
        "false",
        kind.boolean,
        "Only with numbers that a code has shown to be theirs before, not those that staff typed?",
    )
    SMS_CODE_SECONDS: int = variable("300", kind.integer(60, 600), "How long a code by text message is good for.")
    SMS_CODE_TRIES: int = variable("5", kind.integer(1, 10), "Tries after which a code is void.")
    SMS_CAPTCHA_AFTER: int = variable(
        "3",
        kind.integer(0, 1000),
        "Codes for one phone within an hour, or ten times as many from one address, after which a captcha comes first.",
    )
    SMS_LIMIT_PHONE: list[tuple[int, int]] = variable("1/min,5/h,10/day", kind.limits, "Codes for one phone number.")
    SMS_LIMIT_ADDRESS: list[tuple[int, int]] = variable(
        "20/min,60/h,200/day", kind.limits, "Codes asked for from one address; a whole office may share one."
    )
    SMS_LIMIT_NETWORK: list[tuple[int, int]] = variable(
        "40/min,120/h,400/day", kind.limits, "Codes asked for from one network: a /24, of IPv6 a /64."
    )
    SMS_LIMIT_DEVICE: list[tuple[int, int]] = variable(
        "5/min,20/h,40/day", kind.limits, "Codes asked for by one device, as far as it says which it is."
    )
    SMS_LIMIT_COUNTRY: list[tuple[int, int]] = variable(
        "200/min,2000/h,10000/day", kind.limits, "Codes for the numbers of one country."
    )
    SMS_LIMIT_PURPOSE: list[tuple[int, int]] = variable(
        "100/min,1000/h,5000/day", kind.limits, "Codes for one purpose, each of: sign-in, binding, reset, confirming."
    )
    SMS_COUNTRIES: list[int] = variable(
        "+86", kind.calling_codes, "Countries whose numbers get codes.", example="+86,+852,+65"
    )
    SMS_BLOCKED_PREFIXES: list[str] = variable(
        "",
        kind.number_prefixes,
        "Beginnings of numbers that get no codes, besides those that cost more than others.",
        example="+86170,+86171",
    )
    SMS_DAILY_BUDGET: Decimal = variable(
        "100",
        kind.money,
        "Money a day for text messages, in `SMS_CURRENCY`: staff are told at 80 %, and no codes are sent beyond it.",
        example="250.00",
    )
    SMS_CONVERSION_PERCENT: int = variable(
        "20", kind.integer(0, 100), "Staff are told when fewer of a day's codes to a country are used; 0: never."
    )
    SMS_CONVERSION_LEAST: int = variable("20", kind.integer(1, 100_000), "… of at least so many.")
    SMS_CODE_DAYS: int = variable("30", kind.integer(2, 3650), "Days it is kept that a code was asked for.")
    SMS_REFUSAL_DAYS: int = variable("90", kind.integer(1, 3650), "Days it is kept that a code was refused.")

    # Jenkins
    JENKINS_ALLOWED_SERVERS: list[str] = variable(
        "",
        kind.servers,
        "Where Jenkins servers may be: host names and networks. Empty: nowhere; in `debug` and `dev`, this machine. "
        "This machine and its own line (169.254.0.0/16) only where a network says so, whatever a name leads to.",
        example="jenkins.example.com,10.20.0.0/16",
    )
    JENKINS_CA_FILE: Path | None = variable(
        "",
        kind.existing_file,
        "Certificates (PEM) that Jenkins servers' are signed by, if not by one that everybody trusts.",
        example="/etc/gatehouse/jenkins-ca.pem",
    )
    JENKINS_REFRESH_SECONDS: int = variable(
        "15", kind.integer(5, 3600), "How often each Jenkins server is asked for its jobs, in one request."
    )
    JENKINS_LOG_MAX_BYTES: int = variable("100 MB", kind.size, "How much of a build's log is kept here.")
    JENKINS_LOG_DAYS: int = variable("30", kind.integer(1, 3650), "How long logs of builds are kept here.")

    # logs
    LOG_LEVEL: str = variable(
        "",
        kind.one_of("", "debug", "info", "warning", "error"),
        "Empty: debug in `debug` and `dev`, info elsewhere.",
        example="info",
    )
    LOG_FORMAT: str = variable(
        "", kind.one_of("", "console", "json"), "Empty: console on a terminal, json elsewhere.", example="json"
    )
    LOG_FILE: Path | None = variable(
        "", kind.file, "Also log to this file; empty: standard output only.", example="/var/log/gatehouse.log"
    )
    LOG_MAX_MB: int = variable("10", kind.integer(1, 100_000), "Size at which the log file is rotated.")
    LOG_MAX_DAYS: int = variable("7", kind.integer(1, 3650), "Days a rotated log file is kept.")
    LOG_BACKUPS: int = variable("5", kind.integer(0, 10_000), "How many rotated log files are kept.")

    # sheets
    IMPORT_MAX_BYTES: int = variable("20971520", kind.size, "Largest upload.", example="20MB")
    IMPORT_MAX_UNZIPPED: int = variable("209715200", kind.size, "Largest workbook once unzipped.", example="200MB")
    IMPORT_MAX_ROWS: int = variable("200000", kind.integer(1, 1_048_576), "Most rows in one import.")
    IMPORT_UNDO_DAYS: int = variable(
        "30", kind.integer(0, 3650), "Days in which an import can be undone; its rows are kept as long. 0: never."
    )
    EXPORT_NOW_ROWS: int = variable(
        "2000",
        kind.integer(0, 100_000),
        "Lists up to this length are downloaded at once, longer ones are written by the worker.",
    )
    EXPORT_ALERT_ROWS: int = variable(
        "5000",
        kind.integer(0, 1_000_000_000),
        "Tell the administrators when somebody takes out so many rows within a day; 0: never.",
    )

    # gateway
    GATEWAY_ALLOWED_ORIGINS: list[str] = variable(
        "",
        kind.origins,
        "Origins whose pages may open a socket; empty: the own host.",
        example="https://app.example.com",
    )
    GATEWAY_ALLOWED_IPS: list[str] = variable(
        "",
        kind.address_patterns,
        "Addresses that may open a socket (CIDR or 10.1.*); empty: all.",
        example="10.0.0.0/8,192.168.1.*",
    )
    GATEWAY_IDLE_SECONDS: float = variable(
        "30", kind.number(0, DAY), "Silence after which a socket is closed; 0: never."
    )
    GATEWAY_MAX_FRAME: int = variable("65536", kind.size, "Largest frame a client may send.", example="64KB")
    GATEWAY_MAX_BUFFER: int = variable(
        "1048576", kind.size, "Unsent bytes per connection before it is closed as too slow.", example="1MB"
    )
    GATEWAY_RATE: tuple[int, int] = variable("50:100", kind.rate, "Frames a second per connection, and the burst.")
    GATEWAY_USER_RATE: tuple[int, int] | None = variable(
        "500:1000",
        kind.optional_rate,
        "Frames a second per user, over all connections to a node, and the burst; 0: without limit.",
    )
    GATEWAY_MAX_TASKS: int = variable("20", kind.integer(1, 10_000), "Concurrent handler calls per connection.")
    GATEWAY_MAX_PER_USER: int = variable(
        "0", kind.integer(0, 100_000), "Connections per user; 0: without limit.", example="3"
    )
    GATEWAY_OVERFLOW: str = variable(
        "newest",
        kind.one_of("newest", "refuse", "both"),
        "Beyond that: the oldest goes, the new one is refused, or both close.",
    )
    GATEWAY_KEEP_SETTINGS: bool = variable(
        "false", kind.boolean, "Keep what a user's connections set, for the user's next connection?"
    )
    GATEWAY_ALLOW_GUESTS: bool = variable("false", kind.boolean, "May people who are not signed in keep a socket?")
    GATEWAY_QUEUE: bool = variable(
        "true",
        kind.boolean,
        "Deliver the messages on the queues: the Redis Stream, and RabbitMQ's where it is the broker.",
    )
    GATEWAY_QUEUE_GRACE: float = variable(
        "5", kind.number(0, 600), "Seconds that clients have to come back before a starting node reads the queues."
    )
    GATEWAY_QUEUE_MAX: int = variable(
        "100000", kind.integer(1, 100_000_000), "Waiting messages beyond which `queue.put` refuses more."
    )

    @property
    def public_url(self) -> str:
        """Where people reach this house."""
        if self.PUBLIC_URL:
            return self.PUBLIC_URL
        host = next((one.lstrip(".") for one in self.ALLOWED_HOSTS if one != "*"), self.HOST)
        if self.production:
            return f"https://{host}"
        return f"{'https' if self.TLS_CERT_FILE else 'http'}://{host}:{self.PORT}"

    @property
    def production(self) -> bool:
        return self.GATEHOUSE_ENV == "prod"


def about() -> list[tuple[str, Mapping[str, Any]]]:
    """Name and description (default, help, example, secret) of every variable, in order."""
    return [(one.name, one.metadata) for one in fields(Environment)]


def read(environ: Mapping[str, str]) -> Environment:
    """Read every variable.

    :raises BadEnvironment: with all problems, when there is one.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {one.name: _value(one, environ, problems) for one in fields(Environment)}
    if not environ.get("ACCESS_TOKEN_EXPIRES", "").strip():
        # who shortens sessions need not think of the tokens inside them
        values["ACCESS_TOKEN_EXPIRES"] = min(values["ACCESS_TOKEN_EXPIRES"], values["SESSION_EXPIRES"])
    environment = Environment(**values)
    wrong = {problem.name for problem in problems}
    problems += [one for one in _contradictions(environment, environ) if one.name not in wrong]
    if problems:
        raise BadEnvironment(problems)
    return environment


def load() -> Environment:
    """Read the process's environment over `.env`; on problems print all of them and exit with 78."""
    given = {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()} | dict(os.environ)
    try:
        environment = read(given)
        _make_home(environment, given)
        return environment
    except BadEnvironment as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(EX_CONFIG)


def _make_home(environment: Environment, environ: Mapping[str, str]) -> None:
    try:
        environment.GATEHOUSE_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        name = "GATEHOUSE_HOME"
        raise BadEnvironment([_problem(name, environ, f"a folder that can be made ({problem.strerror})")]) from problem


def _value(one: "Field[Any]", environ: Mapping[str, str], problems: list[Problem]) -> object:
    about = one.metadata
    given = environ.get(one.name, "").strip() or about["default"]
    try:
        return about["read"](given)
    except (ValueError, OSError):  # OSError: a path no file system would take
        problems.append(_problem(one.name, environ, about["expected"]))
        return about["read"](about["default"])


def _problem(name: str, environ: Mapping[str, str], expected: str) -> Problem:
    about = Environment.__dataclass_fields__[name].metadata
    given = environ.get(name, "").strip()
    shown = "nothing" if not given else "(hidden)" if about["secret"] else repr(given)
    return Problem(name, shown, expected, about["example"])


def _without_several(env: Environment) -> list[tuple[bool, str, str]]:
    counts = {name: getattr(env, name) for name in MULTI_LOGIN_COUNTS}
    alone = "nothing while MULTI_LOGIN is false: then each sign-in ends the one before"
    nothing = f"oldest, or a number above 0 in one of {', '.join(counts)}: without any nothing is refused"
    refuses = env.MULTI_LOGIN_OVERFLOW == "refuse"
    return [
        *((bool(count) and not env.MULTI_LOGIN, name, alone) for name, count in counts.items()),
        (refuses and not env.MULTI_LOGIN, "MULTI_LOGIN_OVERFLOW", alone),
        (refuses and env.MULTI_LOGIN and not any(counts.values()), "MULTI_LOGIN_OVERFLOW", nothing),
    ]


def _contradictions(env: Environment, environ: Mapping[str, str]) -> list[Problem]:
    wrong: list[tuple[bool, str, str]] = [
        (
            env.SESSION_REFRESH_INTERVAL >= env.SESSION_EXPIRES,
            "SESSION_REFRESH_INTERVAL",
            f"less than SESSION_EXPIRES ({env.SESSION_EXPIRES}), or a renewal could never happen",
        ),
        (
            env.SESSION_ABSOLUTE_EXPIRES < env.SESSION_EXPIRES,
            "SESSION_ABSOLUTE_EXPIRES",
            f"at least SESSION_EXPIRES ({env.SESSION_EXPIRES})",
        ),
        (
            env.ACCESS_TOKEN_EXPIRES > env.SESSION_EXPIRES,
            "ACCESS_TOKEN_EXPIRES",
            f"at most SESSION_EXPIRES ({env.SESSION_EXPIRES})",
        ),
        (
            env.SECRET_KEY in env.SECRET_KEY_FALLBACKS,
            "SECRET_KEY_FALLBACKS",
            "former keys only, not the present SECRET_KEY",
        ),
        *_without_several(env),
        (bool(env.TLS_CERT_FILE) and not env.TLS_KEY_FILE, "TLS_KEY_FILE", "the key of TLS_CERT_FILE"),
        (bool(env.TLS_KEY_FILE) and not env.TLS_CERT_FILE, "TLS_CERT_FILE", "the certificate of TLS_KEY_FILE"),
    ]
    if env.TLS_CERT_FILE and env.TLS_KEY_FILE and (found := tls.problem(env.TLS_CERT_FILE, env.TLS_KEY_FILE)):
        wrong.append((True, *found))
    if env.production:
        wrong += [
            (len(env.SECRET_KEY) < 50, "SECRET_KEY", "at least 50 random characters in prod"),
            (
                any(len(former) < 50 for former in env.SECRET_KEY_FALLBACKS),
                "SECRET_KEY_FALLBACKS",
                "at least 50 random characters each in prod",
            ),
            (
                not environ.get("ALLOWED_HOSTS") or "*" in env.ALLOWED_HOSTS,
                "ALLOWED_HOSTS",
                "the host names this server answers to, without *, in prod",
            ),
            (env.EMAIL_URL.startswith("console"), "EMAIL_URL", "a real mail server in prod"),
        ]
    return [_problem(name, environ, expected) for is_wrong, name, expected in wrong if is_wrong]
