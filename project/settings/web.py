"""What is answered to browsers, and how it is kept safe."""

from typing import Any

from project.settings.house import BASE_DIR, DEBUG, HOME, env

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
