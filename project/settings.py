"""Django's settings, in sections. What an operator may decide is read in project.env and nowhere else."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
import dj_email_url
import django_stubs_ext

from project import env as environment
from project.core import redis_url
from project.home import secret_key

django_stubs_ext.monkeypatch()

env = environment.load()
BASE_DIR = environment.ROOT
HOME = env.GATEHOUSE_HOME

# --- place and mode -------------------------------------------------------------------------------------------------

VERSION = "1.0.0"
ENVIRONMENT = env.GATEHOUSE_ENV
DEBUG = ENVIRONMENT == "debug"
TESTING = ENVIRONMENT == "test"
SECRET_KEY = env.SECRET_KEY or secret_key(HOME)
SECRET_KEY_FALLBACKS = env.SECRET_KEY_FALLBACKS
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HOST, PORT = env.HOST, env.PORT
TLS_CERT_FILE, TLS_KEY_FILE = env.TLS_CERT_FILE, env.TLS_KEY_FILE
SHUTDOWN_SECONDS = env.SHUTDOWN_SECONDS

INSTALLED_APPS = [
    "project.core",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "import_export",
    "auditlog",
    "django_celery_beat",
    "tree_queries",
    "realtime",
    "integrations.sheets",
    "integrations.sms",
    "integrations.jenkins",
    "accounts",
    # last: it dresses what the others registered with the admin
    "project",
]

MIDDLEWARE = [
    "project.core.middleware.RequestContextMiddleware",
    "project.metrics.RequestMetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "project.security_headers.ContentSecurityPolicyMiddleware",
    "project.handler.StaticFilesMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.authentication.AdminSessionMiddleware",
    "accounts.devices.DeviceCookieMiddleware",
    "accounts.addresses.middleware.AddressRulesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.impersonation.middleware.ImpersonationMiddleware",
    "accounts.passwords.middleware.PasswordDueMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "project.core.context.in_templates",
            ]
        },
    }
]

# --- web ------------------------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.ALLOWED_HOSTS
PUBLIC_URL = env.public_url
PUBLIC_URL_IS_GUESSED = not env.PUBLIC_URL and not env.production
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS
CORS_ALLOWED_ORIGINS = env.CORS_ALLOWED_ORIGINS
TRUSTED_PROXIES = env.TRUSTED_PROXIES
METRICS_ALLOWED_IPS = env.METRICS_ALLOWED_IPS

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = not env.production  # prod collects once and serves hashed names for ever
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = HOME / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # uploads and exports: never under a URL, only through a view that checks who asks
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HOME / "private", "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if env.production
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "project.core.api.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.production or bool(env.TLS_CERT_FILE)
# true only from TRUSTED_PROXIES: the first middleware takes it out of what others send
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.HSTS_SECONDS if env.production else 0
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = env.SESSION_ABSOLUTE_EXPIRES
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'", "ws:", "wss:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}

# --- language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = env.LANGUAGE_CODE
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "borrowed"]
TIME_ZONE = env.TIME_ZONE
USE_TZ = True

# --- data -----------------------------------------------------------------------------------------------------------

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

# --- cache, channel layer, broker: one URL each, REDIS_URL for all ---------------------------------------------------

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
    # Redis' channels know no databases: without its number in their names two installations would hear each other
    prefix = f"{REDIS_PREFIX}:layer:{redis_url.database(url)}:"
    return {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host], "prefix": prefix}}


CHANNEL_LAYERS = {"default": _channel_layer(CHANNEL_LAYER_URL)}

CELERY_BROKER_URL = redis_url.for_broker(env.CELERY_BROKER_URL or env.REDIS_URL or "memory://localhost/")
EMBEDDED_BROKER = CELERY_BROKER_URL.startswith("memory")
BROKER_SECONDS = 2.0  # for each step; only threads of their own wait for a broker, never a request
CELERY_TASK_TIME_LIMIT = 1500  # below RabbitMQ's 30 minutes for a message nobody acknowledges
BROKER_OPTIONS: dict[str, dict[str, Any]] = {
    "memory": {"polling_interval": 0.05},
    "redis": {
        "global_keyprefix": f"{REDIS_PREFIX}:",
        # longer than any task runs: sooner, a message would be given to a second worker beside the first
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
        # look often, and each time, for what a dead worker held
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 2,
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": BROKER_SECONDS,
        "health_check_interval": 10,  # a worker's line that died without a word is noticed after twice as long
        "max_retries": 0,  # of a connection to publish on; a worker's own are tried for ever
    },
    "amqp": {
        "confirm_publish": True,  # what a broker lost on its way is an error, not a silence
        # else closing a connection would wait for ever for a broker's last word
        "read_timeout": BROKER_SECONDS,
        "write_timeout": BROKER_SECONDS,
        "max_retries": 0,
    },
}
CELERY_BROKER_TRANSPORT_OPTIONS = next(
    options for scheme, options in BROKER_OPTIONS.items() if CELERY_BROKER_URL.startswith(scheme)
)
CELERY_BROKER_CONNECTION_TIMEOUT = BROKER_SECONDS
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker or scheduler that gave up would be alive and deaf
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_HEARTBEAT = 10  # RabbitMQ: a line that died without a word is noticed within half a minute
# once, at once: the connection may be one that a restarted broker has forgotten
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CELERY_TASK_DEFAULT_QUEUE = REDIS_PREFIX  # exchange and routing key follow; a shared RabbitMQ knows no other prefix
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = (
    None  # no results, so nothing to clean up: else each scheduler adds a task for it, two at once the same
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
WORKER_CONCURRENCY = env.WORKER_CONCURRENCY or max(2, os.cpu_count() or 1)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its exchange has no prefix: one installation could stop another's workers
# a row's lease, not the message, says whose a job is; cutting half an import because the broker blinked helps nobody
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # one that nobody took in its time is not wanted any more: the next has been sent
    "core.sweep": {"task": "core.sweep", "schedule": 10.0, "options": {"expire_seconds": 10}},
    "accounts.close_run_out": {"task": "accounts.close_run_out", "schedule": 60.0, "options": {"expire_seconds": 60}},
    "accounts.rotate_keys": {"task": "accounts.rotate_keys", "schedule": 60.0, "options": {"expire_seconds": 60}},
    "accounts.purge": {"task": "accounts.purge", "schedule": 21_600.0, "options": {"expire_seconds": 3600}},
    "realtime.end_lost_watches": {
        "task": "realtime.end_lost_watches",
        "schedule": 60.0,
        "options": {"expire_seconds": 60},
    },
    "realtime.purge": {"task": "realtime.purge", "schedule": 3600.0, "options": {"expire_seconds": 3600}},
    "sms.drain": {"task": "sms.drain", "schedule": 10.0, "options": {"expire_seconds": 10}},
    "sms.look": {"task": "sms.look", "schedule": 20.0, "options": {"expire_seconds": 20}},
    "sms.purge": {"task": "sms.purge", "schedule": 21_600.0, "options": {"expire_seconds": 3600}},
    "jenkins.refresh": {
        "task": "jenkins.refresh",
        "schedule": float(env.JENKINS_REFRESH_SECONDS),
        "options": {"expire_seconds": env.JENKINS_REFRESH_SECONDS},
    },
    "jenkins.purge": {"task": "jenkins.purge", "schedule": 21_600.0, "options": {"expire_seconds": 3600}},
    "jenkins.run_due": {"task": "jenkins.run_due", "schedule": 20.0, "options": {"expire_seconds": 20}},
    "jenkins.expire": {"task": "jenkins.expire", "schedule": 60.0, "options": {"expire_seconds": 60}},
    "sheets.purge": {"task": "sheets.purge", "schedule": 3600.0, "options": {"expire_seconds": 3600}},
    "sms.watch": {"task": "sms.watch", "schedule": 600.0, "options": {"expire_seconds": 600}},
    "sms.forget_codes": {"task": "sms.forget_codes", "schedule": 21_600.0, "options": {"expire_seconds": 3600}},
}

# --- people and sessions ----------------------------------------------------------------------------------------------

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

# --- API --------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.machines.authentication.MachineAuthentication",
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.AdminSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["project.core.api.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "project.core.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "project.core.api.answer_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Staff accounts, sessions, spreadsheets and a realtime gateway. "
    "What travels on the WebSocket `/ws/` is told by [the realtime reference](/api/realtime/).",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RoleScopeEnum": "accounts.models.Role.Scope",
        "SignInScopeEnum": "accounts.models.LoginSession.Scope",
        "BuildStateEnum": "integrations.jenkins.models.Build.State",
        "JobStatusEnum": "integrations.jenkins.models.Job.Status",
        "ImportStateEnum": "integrations.sheets.models.ImportJob.State",
        "ExportStateEnum": "integrations.sheets.models.ExportJob.State",
        "ReasonEnum": "accounts.models.LoginEvent.Reason",
        "DeadLetterStateEnum": "realtime.models.DeadLetter.State",
        "DeadLetterReasonEnum": "realtime.models.DeadLetter.Reason",
        "KindEnum": "accounts.models.LoginSession.Kind",
        "MessageStateEnum": "integrations.sms.models.Message.State",
        "SmsProviderKindEnum": "integrations.sms.models.Provider.Kind",
        "AttemptOutcomeEnum": "integrations.sms.models.Attempt.Outcome",
        "ImportModeEnum": "integrations.sheets.models.ImportJob.Mode",
        "CampaignStateEnum": "integrations.sms.models.Campaign.State",
        "ImportUndoEnum": "integrations.sheets.models.ImportJob.Undo",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "project.core.api.complete_errors",
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}
SIMPLE_JWT = {"ALGORITHM": "RS256", "SIGNING_KEY": "", "USER_ID_CLAIM": "sub"}

# --- spreadsheets -----------------------------------------------------------------------------------------------------

IMPORT_MAX_BYTES = env.IMPORT_MAX_BYTES
IMPORT_MAX_UNZIPPED = env.IMPORT_MAX_UNZIPPED
IMPORT_MAX_ROWS = env.IMPORT_MAX_ROWS
IMPORT_UNDO_DAYS = env.IMPORT_UNDO_DAYS
EXPORT_NOW_ROWS = env.EXPORT_NOW_ROWS
EXPORT_ALERT_ROWS = env.EXPORT_ALERT_ROWS
EXPORT_ALARM = "accounts.alarms.large_export"
SHEET_PROOF = "accounts.step_up.ensure"
SHEET_PROOF_PAGE = "accounts.admin.step_up.ask"
SHEET_RESOURCES = {
    "users": "accounts.resources.UserResource",
    "departments": "accounts.resources.DepartmentResource",
    "roles": "accounts.resources.RoleResource",
    "address_rules": "accounts.resources.AddressRuleResource",
    "sign_ins": "accounts.resources.SignInResource",
    "sms_recipients": "integrations.sms.resources.RecipientResource",
}

# --- gateway ----------------------------------------------------------------------------------------------------------

GATEWAY_AUTHENTICATORS = [
    "accounts.authentication.TicketCredential",
    "accounts.authentication.BearerCredential",
    "accounts.authentication.CookieCredential",
]
GATEWAY_SESSION_CHECK = "accounts.authentication.ended_sessions"
GATEWAY_PEOPLE_SEEN = "accounts.scope.seen_among"
GATEWAY_ADDRESS_CHECK = "accounts.addresses.refused_sockets"
GATEWAY_ALLOWED_ORIGINS = env.GATEWAY_ALLOWED_ORIGINS
GATEWAY_ALLOWED_IPS = env.GATEWAY_ALLOWED_IPS
GATEWAY_IDLE_SECONDS = env.GATEWAY_IDLE_SECONDS
GATEWAY_MAX_FRAME = env.GATEWAY_MAX_FRAME
GATEWAY_MAX_BUFFER = env.GATEWAY_MAX_BUFFER
GATEWAY_RATE = env.GATEWAY_RATE
GATEWAY_USER_RATE = env.GATEWAY_USER_RATE
GATEWAY_MAX_TASKS = env.GATEWAY_MAX_TASKS
GATEWAY_MAX_PER_USER = env.GATEWAY_MAX_PER_USER
GATEWAY_OVERFLOW = env.GATEWAY_OVERFLOW
GATEWAY_ALLOW_GUESTS = env.GATEWAY_ALLOW_GUESTS
GATEWAY_AUTH_SECONDS = 10
GATEWAY_HANDSHAKE_SECONDS = 10  # for the head of a request, of whatever kind
GATEWAY_STUCK_SECONDS = 5  # after which a reader who takes nothing of what waits is let go
GATEWAY_GUEST_RULE = ""
"""Dotted path of a function (connection) → bool: is this one a guest? Empty: whoever is bound to nobody."""
GATEWAY_STORAGE = "realtime.kept.KeptInRows" if env.GATEWAY_KEEP_SETTINGS else ""
"""Dotted path of a class that keeps the settings of users' connections (realtime/storage.py); empty: they end with it."""
GATEWAY_QUEUE = env.GATEWAY_QUEUE
GATEWAY_QUEUE_GRACE = env.GATEWAY_QUEUE_GRACE
GATEWAY_QUEUE_MAX = env.GATEWAY_QUEUE_MAX

# --- mail -------------------------------------------------------------------------------------------------------------

vars().update({"EMAIL_TIMEOUT": 10} | {k: v for k, v in dj_email_url.parse(env.EMAIL_URL).items() if v is not None})
DEFAULT_FROM_EMAIL = env.DEFAULT_FROM_EMAIL

# --- text messages ------------------------------------------------------------------------------------------------------

SMS_REGION = env.SMS_REGION
SMS_CURRENCY = env.SMS_CURRENCY
SMS_AT_ONCE = env.SMS_AT_ONCE
SMS_DAYS = env.SMS_DAYS
SMS_ALARM = "accounts.alarms.text_messages"
SMS_CODE_RECIPIENT = "accounts.phone_codes.recipient"
SMS_SIGN_IN = env.SMS_SIGN_IN
SMS_VERIFIED_ONLY = env.SMS_VERIFIED_ONLY
SMS_CODE_SECONDS = env.SMS_CODE_SECONDS
SMS_CODE_TRIES = env.SMS_CODE_TRIES
SMS_CAPTCHA_AFTER = env.SMS_CAPTCHA_AFTER
SMS_LIMITS = {
    "phone": env.SMS_LIMIT_PHONE,
    "ip": env.SMS_LIMIT_ADDRESS,
    "network": env.SMS_LIMIT_NETWORK,
    "device": env.SMS_LIMIT_DEVICE,
    "prefix": env.SMS_LIMIT_COUNTRY,
    "purpose": env.SMS_LIMIT_PURPOSE,
}
"""By the column of `VerificationCode` that is counted: so many within so many seconds."""
SMS_COUNTRIES = env.SMS_COUNTRIES
SMS_BLOCKED_PREFIXES = env.SMS_BLOCKED_PREFIXES
SMS_DAILY_BUDGET = env.SMS_DAILY_BUDGET
SMS_CONVERSION_PERCENT = env.SMS_CONVERSION_PERCENT
SMS_CONVERSION_LEAST = env.SMS_CONVERSION_LEAST
SMS_CODE_DAYS = env.SMS_CODE_DAYS
SMS_REFUSAL_DAYS = env.SMS_REFUSAL_DAYS
SMS_PROOF_PAGE = "accounts.admin.step_up.ask"

# --- Jenkins ----------------------------------------------------------------------------------------------------------

THIS_MACHINE = ["127.0.0.0/8", "::1/128"]
JENKINS_ALLOWED_SERVERS = env.JENKINS_ALLOWED_SERVERS or (THIS_MACHINE if ENVIRONMENT in {"debug", "dev"} else [])
JENKINS_CA_FILE = env.JENKINS_CA_FILE
JENKINS_REFRESH_SECONDS = env.JENKINS_REFRESH_SECONDS
JENKINS_LOG_MAX_BYTES = env.JENKINS_LOG_MAX_BYTES
JENKINS_LOG_DAYS = env.JENKINS_LOG_DAYS
JENKINS_CONNECT_SECONDS, JENKINS_READ_SECONDS, JENKINS_CALL_SECONDS = 2.0, 5.0, 10.0
"""To connect, for each silence, and for a call in all."""

# --- logs -------------------------------------------------------------------------------------------------------------

LOG_LEVEL = (env.LOG_LEVEL or ("debug" if ENVIRONMENT in {"debug", "dev"} else "info")).upper()
AUDIT_LOOK = "project.events.look_of"  # how an event reads, for whoever shows one
AUDITLOG_CID_GETTER = "project.core.context.get_request_id"
LOG_FORMAT = env.LOG_FORMAT
LOGGING_CONFIG = None  # project.core.logs.configure() does it, for every process alike
LOG_FILE: Path | None = env.LOG_FILE
LOG_ROTATION = {"max_bytes": env.LOG_MAX_MB * 1024**2, "max_days": env.LOG_MAX_DAYS, "backups": env.LOG_BACKUPS}

# --- the admin's face ---------------------------------------------------------------------------------------------------

from project.face import UNFOLD  # noqa: E402, F401 (its lambdas need nothing of the above, but it reads last)
