"""What an installation is, and what it is made of."""

import django_stubs_ext

from project import env as environment
from project.home import secret_key

django_stubs_ext.monkeypatch()

env = environment.load()
BASE_DIR = environment.ROOT
HOME = env.GATEHOUSE_HOME

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

LANGUAGE_CODE = env.LANGUAGE_CODE
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "borrowed"]
TIME_ZONE = env.TIME_ZONE
USE_TZ = True
