"""People and their sessions."""

from typing import Any

from project.settings.house import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.scope.RankBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "accounts.passwords.rules.Form"},
    {"NAME": "accounts.passwords.rules.NotLeaked"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "real_name", "nickname", "email", "phone")},
    },
    {"NAME": "accounts.passwords.rules.NotOurName"},
]
PASSWORD_RULE = env.PASSWORD_RULE
PASSWORD_MIN_LENGTH = env.PASSWORD_MIN_LENGTH
PASSWORD_FORBIDDEN_WORDS = env.PASSWORD_FORBIDDEN_WORDS
PASSWORD_MAX_AGE_DAYS = env.PASSWORD_MAX_AGE_DAYS
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"

MULTI_LOGIN = env.MULTI_LOGIN
MULTI_LOGIN_LIMITS = {
    "web": env.MULTI_LOGIN_WEB,
    "app": env.MULTI_LOGIN_APP,
    "desktop": env.MULTI_LOGIN_DESKTOP,
    "other": env.MULTI_LOGIN_OTHER,
}
MULTI_LOGIN_OVERFLOW = env.MULTI_LOGIN_OVERFLOW
SESSION_EXPIRES = env.SESSION_EXPIRES
SESSION_AUTO_REFRESH = env.SESSION_AUTO_REFRESH
SESSION_REFRESH_INTERVAL = env.SESSION_REFRESH_INTERVAL
SESSION_MAX_REFRESH_TIMES = env.SESSION_MAX_REFRESH_TIMES
SESSION_ABSOLUTE_EXPIRES = env.SESSION_ABSOLUTE_EXPIRES
ACCESS_TOKEN_EXPIRES = env.ACCESS_TOKEN_EXPIRES
REFRESH_GRACE_SECONDS = env.REFRESH_GRACE_SECONDS
JWT_ALGORITHM = env.JWT_ALGORITHM
JWT_KEYS_DIR = env.JWT_KEYS_DIR
JWT_KEY_ROTATE_DAYS = env.JWT_KEY_ROTATE_DAYS
JWT_KEY_AUTO_ROTATE = env.JWT_KEY_AUTO_ROTATE
LOGIN_MAX_FAILURES = env.LOGIN_MAX_FAILURES
CAPTCHA_AFTER_FAILURES = env.CAPTCHA_AFTER_FAILURES
LOGIN_EVENT_DAYS = env.LOGIN_EVENT_DAYS
LEAVER_ANONYMISE_DAYS = env.LEAVER_ANONYMISE_DAYS
SESSION_HISTORY_DAYS = env.SESSION_HISTORY_DAYS
IP2REGION_FILE = env.IP2REGION_FILE
API_TOKEN_MAX_DAYS = env.API_TOKEN_MAX_DAYS
ADDRESS_RULES_LOOK_SECONDS = 1.0
"""How long a process goes by what it knows of the address rules, before it asks whether they changed."""
ADDRESS_RULES_FLUSH_SECONDS = 5.0
"""How long a process keeps what it counted of their hits, before it adds that to the rows."""
STEP_UP_SECONDS = env.STEP_UP_SECONDS
IMPERSONATION_SECONDS = env.IMPERSONATION_SECONDS
IMPERSONATION_TELLS = env.IMPERSONATION_TELLS
SUPERUSER_SECOND_FACTOR = env.SUPERUSER_SECOND_FACTOR

FIRST_ADMINISTRATOR = {
    "username": env.DJANGO_SUPERUSER_USERNAME,
    "password": env.DJANGO_SUPERUSER_PASSWORD,
    "email": env.DJANGO_SUPERUSER_EMAIL,
}
