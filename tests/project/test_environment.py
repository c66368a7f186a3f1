"""What an operator is told about a wrong environment (T-F-7)."""

import os
import subprocess
from contextlib import suppress

import pytest

from project import env
from tests import launcher

MALFORMED = {
    "GATEHOUSE_HOME": "/etc/hostname",
    "GATEHOUSE_ENV": "production",
    "PORT": "eighty",
    "TLS_CERT_FILE": "/no/such/file.crt",
    "TLS_KEY_FILE": "/no/such/file.key",
    "SHUTDOWN_SECONDS": "-1",
    "TIME_ZONE": "Mars/Olympus",
    "LANGUAGE_CODE": "klingon",
    "PUBLIC_URL": "https://office.example.com/gate",
    "CSRF_TRUSTED_ORIGINS": "office.example.com",
    "CORS_ALLOWED_ORIGINS": "https://*.example.com",
    "TRUSTED_PROXIES": "10.0.0.0/64",
    "METRICS_ALLOWED_IPS": "nobody",
    "DATABASE_URL": "oracle://u:hunter2@h/db",
    "DATABASE_POOL_SIZE": "0",
    "DATABASE_MAX_AGE": "forever",
    "REDIS_URL": "http://:hunter2@cache",
    "REDIS_PREFIX": "two words",
    "REDIS_POOL_SIZE": "1.5",
    "CACHE_URL": "memcached://:hunter2@host",
    "CHANNEL_LAYER_URL": "redis://:hunter2@host:port",
    "CELERY_BROKER_URL": "sqs://hunter2",
    "WORKER_CONCURRENCY": "all of them",
    "DJANGO_SUPERUSER_EMAIL": "nobody",
    "SMS_REGION": "China",
    "SMS_AT_ONCE": "65",
    "SMS_READ_SECONDS": "8",
    "SMS_DAYS": "0",
    "SMS_CURRENCY": "¥",
    "SMS_SIGN_IN": "sometimes",
    "SMS_VERIFIED_ONLY": "maybe",
    "SMS_CODE_SECONDS": "601",
    "SMS_CODE_TRIES": "0",
    "SMS_CAPTCHA_AFTER": "-1",
    "SMS_LIMIT_PHONE": "1 a minute",
    "SMS_LIMIT_ADDRESS": "0/min",
    "SMS_LIMIT_NETWORK": "5/week",
    "SMS_LIMIT_DEVICE": "5",
    "SMS_LIMIT_COUNTRY": "-1/h",
    "SMS_LIMIT_PURPOSE": "many/day",
    "SMS_COUNTRIES": "CN",
    "SMS_BLOCKED_PREFIXES": "86170",
    "SMS_DAILY_BUDGET": "a fortune",
    "SMS_CONVERSION_PERCENT": "101",
    "SMS_CONVERSION_LEAST": "0",
    "SMS_CODE_DAYS": "1",
    "SMS_REFUSAL_DAYS": "0",
    "JENKINS_ALLOWED_SERVERS": "http://jenkins.example.com",
    "JENKINS_CA_FILE": "/nowhere/ca.pem",
    "JENKINS_REFRESH_SECONDS": "1",
    "JENKINS_ARTIFACT_MAX_BYTES": "huge",
    "JENKINS_ARTIFACT_HOSTS": "ftp://files.example.com",
    "JENKINS_LOG_MAX_BYTES": "much",
    "JENKINS_LOG_DAYS": "0",
    "MULTI_LOGIN": "maybe",
    "MULTI_LOGIN_WEB": "-1",
    "MULTI_LOGIN_APP": "few",
    "MULTI_LOGIN_DESKTOP": "1001",
    "MULTI_LOGIN_OTHER": "1.5",
    "MULTI_LOGIN_OVERFLOW": "newest",
    "SESSION_EXPIRES": "7d",
    "SESSION_AUTO_REFRESH": "2",
    "SESSION_REFRESH_INTERVAL": "0",
    "SESSION_MAX_REFRESH_TIMES": "-2",
    "SESSION_ABSOLUTE_EXPIRES": "1",
    "ACCESS_TOKEN_EXPIRES": "0",
    "ALLOWED_HOSTS": "ht tp://office",
    "DJANGO_SUPERUSER_USERNAME": "a b",
    "REFRESH_GRACE_SECONDS": "3600",
    "JWT_ALGORITHM": "none",
    "JWT_KEYS_DIR": "/no/such/folder",
    "JWT_KEY_ROTATE_DAYS": "0",
    "JWT_KEY_AUTO_ROTATE": "sometimes",
    "LOGIN_MAX_FAILURES": "0",
    "CAPTCHA_AFTER_FAILURES": "-2",
    "STEP_UP_SECONDS": "5",
    "IMPERSONATION_SECONDS": "0",
    "IMPERSONATION_TELLS": "perhaps",
    "SUPERUSER_SECOND_FACTOR": "perhaps",
    "API_TOKEN_MAX_DAYS": "0",
    "PASSWORD_RULE": "hard",
    "PASSWORD_MIN_LENGTH": "6",
    "PASSWORD_MAX_AGE_DAYS": "-1",
    "LOGIN_EVENT_DAYS": "0",
    "LEAVER_ANONYMISE_DAYS": "-1",
    "SESSION_HISTORY_DAYS": "for ever",
    "IP2REGION_FILE": "/no/such/file.xdb",
    "EMAIL_URL": "pigeon://hunter2",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "LOG_FILE": "/no/such/folder/gatehouse.log",
    "LOG_MAX_MB": "0",
    "LOG_MAX_DAYS": "x",
    "LOG_BACKUPS": "-1",
    "IMPORT_MAX_BYTES": "20 bananas",
    "IMPORT_MAX_UNZIPPED": "0",
    "IMPORT_MAX_ROWS": "2000000",
    "EXPORT_NOW_ROWS": "many",
    "EXPORT_ALERT_ROWS": "-1",
    "IMPORT_UNDO_DAYS": "-1",
    "GATEWAY_ALLOWED_ORIGINS": "javascript:alert(1)",
    "GATEWAY_ALLOWED_IPS": "10.1.*.*",
    "GATEWAY_IDLE_SECONDS": "nan",
    "HSTS_SECONDS": "a year",
    "GATEWAY_MAX_FRAME": "-64KB",
    "GATEWAY_MAX_BUFFER": "1TB",
    "GATEWAY_RATE": "100:50",
    "GATEWAY_USER_RATE": "-1",
    "GATEWAY_MAX_TASKS": "0",
    "GATEWAY_MAX_PER_USER": "-1",
    "GATEWAY_OVERFLOW": "oldest",
    "GATEWAY_ALLOW_GUESTS": "perhaps",
    "GATEWAY_KEEP_SETTINGS": "perhaps",
    "GATEWAY_QUEUE": "perhaps",
    "GATEWAY_QUEUE_GRACE": "-1",
    "GATEWAY_QUEUE_MAX": "0",
}
"""One value for each variable that its reader must refuse."""

ANY_TEXT = {
    "HOST",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "DJANGO_SUPERUSER_PASSWORD",
    "DEFAULT_FROM_EMAIL",
    "PASSWORD_FORBIDDEN_WORDS",
}
"""Variables that no text is wrong for, on its own."""

OF_THE_OPERATORS_MACHINE = {"TLS_CERT_FILE", "TLS_KEY_FILE", "JWT_KEYS_DIR", "IP2REGION_FILE", "JENKINS_CA_FILE"}
"""Variables whose example names a file that is not here."""

SAFE_PRODUCTION = {
    "GATEHOUSE_ENV": "prod",
    "SECRET_KEY": "k" * 64,
    "ALLOWED_HOSTS": "office.example.com",
    "EMAIL_URL": "submission://u:p@mail.example.com",
}


def start(*command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the product with these settings."""
    return launcher.run(["manage.py", *(command or ("up", "--port", "0"))], cwd=env.ROOT, env=os.environ | settings)


def test_a_command_that_finds_no_tables_says_what_makes_them(tmp_path):
    ended = start("jwt_keys", "list", GATEHOUSE_HOME=str(tmp_path))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "make run" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.attack("T-F-7")
class TestBadEnvironment:
    def test_has_a_malformed_value_for_every_variable(self):
        assert set(MALFORMED) | ANY_TEXT == {name for name, _ in env.about()}

    @pytest.mark.parametrize("name", sorted(MALFORMED))
    def test_names_the_variable_what_it_got_what_it_expects_and_an_example(self, name):
        with pytest.raises(env.BadEnvironment) as refused:
            env.read({name: MALFORMED[name]})

        problem = next(one for one in refused.value.problems if one.name == name)
        assert problem.expected
        assert problem.example
        assert name in str(problem)
        about = dict(env.about())[name]
        assert problem.given == ("(hidden)" if about["secret"] else repr(MALFORMED[name]))

    @pytest.mark.parametrize(
        "junk", ["\0", "\ud800", "é" * 10_000, "1e999", "-", "::", "://", "[", "http://[", "%s%n", "٣"]
    )
    @pytest.mark.parametrize("name", sorted(MALFORMED))
    def test_survives_junk_in_any_variable(self, name, junk):
        with suppress(env.BadEnvironment):
            env.read({name: junk})

    @pytest.mark.parametrize("name", [name for name, _ in env.about() if name not in OF_THE_OPERATORS_MACHINE])
    def test_shows_an_example_that_it_would_take(self, name):
        about = dict(env.about())[name]

        about["read"](about["example"])

    def test_lists_every_problem_at_once_and_exits_with_78(self):
        ended = start(PORT="eighty", MULTI_LOGIN="maybe", TIME_ZONE="Mars/Olympus")

        assert ended.returncode == env.EX_CONFIG == 78
        assert "3 setting(s) are wrong" in ended.stderr
        assert "PORT: got 'eighty'; expected a whole number from 0 to 65535; for example PORT=8000" in ended.stderr
        assert "MULTI_LOGIN" in ended.stderr
        assert "TIME_ZONE" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stdout == ""

    @pytest.mark.parametrize("pattern", ["10.1.300.*", "256.*", "10.*.1", "10.1*"])
    def test_knows_what_an_address_can_begin_with(self, pattern):
        with pytest.raises(env.BadEnvironment, match="GATEWAY_ALLOWED_IPS"):
            env.read({"GATEWAY_ALLOWED_IPS": f"10.1.*,{pattern}"})

    def test_names_contradictions_beside_malformed_values(self):
        ended = start(PORT="eighty", SESSION_EXPIRES="3600", SESSION_REFRESH_INTERVAL="3600")

        assert "2 setting(s) are wrong" in ended.stderr
        assert "SESSION_REFRESH_INTERVAL: got '3600'; expected less than SESSION_EXPIRES (3600)" in ended.stderr

    def test_names_a_home_that_cannot_be_made(self):
        ended = start(GATEHOUSE_HOME="/proc/home")

        assert ended.returncode == 78
        assert "GATEHOUSE_HOME: got '/proc/home'" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_shortens_tokens_with_their_sessions_unless_told_otherwise(self):
        short = env.read({"SESSION_EXPIRES": "100", "SESSION_REFRESH_INTERVAL": "50"})

        assert short.ACCESS_TOKEN_EXPIRES == 100

    def test_hides_what_is_secret(self):
        ended = start(
            DATABASE_URL="oracle://u:hunter2@h/db", REDIS_URL="http://:hunter2@h", EMAIL_URL="pigeon://hunter2"
        )

        assert ended.returncode == 78
        assert "(hidden)" in ended.stderr
        assert "hunter2" not in ended.stderr + ended.stdout

    @pytest.mark.parametrize(
        ("given", "at_fault"),
        [
            ({"SESSION_EXPIRES": "3600", "SESSION_REFRESH_INTERVAL": "3600"}, "SESSION_REFRESH_INTERVAL"),
            ({"SESSION_ABSOLUTE_EXPIRES": "90000"}, "SESSION_ABSOLUTE_EXPIRES"),
            ({"ACCESS_TOKEN_EXPIRES": "700000"}, "ACCESS_TOKEN_EXPIRES"),
            ({"MULTI_LOGIN_WEB": "3"}, "MULTI_LOGIN_WEB"),
            ({"MULTI_LOGIN": "false", "MULTI_LOGIN_OVERFLOW": "refuse"}, "MULTI_LOGIN_OVERFLOW"),
            ({"MULTI_LOGIN": "true", "MULTI_LOGIN_OVERFLOW": "refuse"}, "MULTI_LOGIN_OVERFLOW"),
            ({"TLS_CERT_FILE": __file__}, "TLS_KEY_FILE"),
            ({"TLS_KEY_FILE": __file__}, "TLS_CERT_FILE"),
        ],
    )
    def test_refuses_values_that_contradict_each_other(self, given, at_fault):
        with pytest.raises(env.BadEnvironment) as refused:
            env.read(given)

        assert at_fault in {problem.name for problem in refused.value.problems}

    @pytest.mark.parametrize("overflow", ["oldest", "refuse"])
    def test_takes_numbers_of_devices_where_several_may_sign_in(self, overflow):
        env.read({"MULTI_LOGIN": "true", "MULTI_LOGIN_APP": "1", "MULTI_LOGIN_OVERFLOW": overflow})
        env.read({"MULTI_LOGIN_APP": "0", "MULTI_LOGIN_OVERFLOW": "oldest"})

    def test_applies_to_every_command(self):
        assert start("check", PORT="eighty").returncode == 78


@pytest.mark.attack("T-F-7")
class TestProduction:
    def test_starts_with_safe_settings(self):
        assert env.read(SAFE_PRODUCTION).production

    def test_takes_former_secret_keys(self):
        given = env.read(SAFE_PRODUCTION | {"SECRET_KEY_FALLBACKS": f"{'f' * 64}, {'g' * 64}"})

        assert given.SECRET_KEY_FALLBACKS == ["f" * 64, "g" * 64]

    @pytest.mark.parametrize(
        ("name", "unsafe"),
        [
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "short"),
            ("SECRET_KEY_FALLBACKS", f"{'f' * 64},short"),
            ("SECRET_KEY_FALLBACKS", SAFE_PRODUCTION["SECRET_KEY"]),
            ("ALLOWED_HOSTS", ""),
            ("ALLOWED_HOSTS", "*"),
            ("EMAIL_URL", ""),
            ("EMAIL_URL", "console://"),
        ],
    )
    def test_refuses_unsafe_settings(self, name, unsafe):
        with pytest.raises(env.BadEnvironment) as refused:
            env.read(SAFE_PRODUCTION | {name: unsafe})

        assert [problem.name for problem in refused.value.problems] == [name]


class TestDefaults:
    def test_are_enough_to_start(self):
        environment = env.read({})

        assert environment.GATEHOUSE_ENV == "dev"
        assert not environment.MULTI_LOGIN

    def test_apply_where_a_variable_is_empty(self):
        assert env.read({"PORT": " "}) == env.read({})
