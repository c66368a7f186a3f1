"""Where an installation lives, and how it is reached."""

from dataclasses import dataclass
from pathlib import Path

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class Place:
    """Place and mode."""

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


@dataclass(frozen=True, kw_only=True)
class Web:
    """Web."""

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
        kind.integer(0, 3650 * kind.DAY),
        "How long browsers keep to https once they came by it, in `prod`; 0: not told.",
        example="31536000",
    )
    METRICS_ALLOWED_IPS: list[str] = variable(
        "", kind.networks, "Who else than loopback and staff may read /metrics.", example="10.0.3.0/24"
    )
