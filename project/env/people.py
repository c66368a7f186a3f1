"""Who signs in, how, and for how long."""

from dataclasses import dataclass
from pathlib import Path

from project.env import kinds as kind
from project.env.declaring import variable


@dataclass(frozen=True, kw_only=True)
class FirstAdministrator:
    """First administrator."""

    DJANGO_SUPERUSER_USERNAME: str = variable("admin", kind.user_name, "User name of the first administrator.")
    DJANGO_SUPERUSER_PASSWORD: str = variable(
        "",
        kind.text,
        "Password of the first administrator; empty: generated and printed once.",
        example="a long sentence",
        secret=True,
    )
    DJANGO_SUPERUSER_EMAIL: str = variable("", kind.email, "Their mail address.", example="admin@example.com")


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Sessions."""

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
    SESSION_EXPIRES: int = variable(
        "604800", kind.integer(1, 3650 * kind.DAY), "Seconds a session lives unless renewed."
    )
    SESSION_AUTO_REFRESH: bool = variable("true", kind.boolean, "Does use renew a session?")
    SESSION_REFRESH_INTERVAL: int = variable(
        "86400", kind.integer(1, 3650 * kind.DAY), "Seconds between renewals; smaller than `SESSION_EXPIRES`."
    )
    SESSION_MAX_REFRESH_TIMES: int = variable(
        "30", kind.integer(-1, 1_000_000), "How often a session may be renewed; -1: without limit."
    )
    SESSION_ABSOLUTE_EXPIRES: int = variable(
        "3196800", kind.integer(1, 3650 * kind.DAY), "Seconds after which a session ends whatever happens."
    )
    ACCESS_TOKEN_EXPIRES: int = variable("1800", kind.integer(1, 30 * kind.DAY), "Seconds an access token lives.")
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
        "5",
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
        "600", kind.integer(10, kind.DAY), "How long a password or a code counts as proof before dangerous actions."
    )
    IMPERSONATION_SECONDS: int = variable(
        "900",
        kind.integer(30, kind.DAY),
        "How long somebody may act as another person before they are themselves again.",
    )
    IMPERSONATION_TELLS: bool = variable(
        "true", kind.boolean, "Is a person told, by mail and on their pages, that somebody acts as them, and why?"
    )
    SUPERUSER_SECOND_FACTOR: bool = variable("false", kind.boolean, "Must superusers have a second factor?")
