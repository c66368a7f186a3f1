"""Variables that are right by themselves and wrong together."""

from collections.abc import Iterator, Mapping

from project import tls
from project.env.environment import Environment

MULTI_LOGIN_COUNTS = ("MULTI_LOGIN_WEB", "MULTI_LOGIN_APP", "MULTI_LOGIN_DESKTOP", "MULTI_LOGIN_OTHER")


def contradictions(env: Environment, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each variable that does not go with another one or the mode, and what would."""
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
    return ((name, expected) for is_wrong, name, expected in wrong if is_wrong)


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
