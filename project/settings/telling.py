"""Mails, logs, the audit trail."""

from pathlib import Path

import dj_email_url

from project.settings.house import ENVIRONMENT, env

vars().update({"EMAIL_TIMEOUT": 10} | {k: v for k, v in dj_email_url.parse(env.EMAIL_URL).items() if v is not None})
DEFAULT_FROM_EMAIL = env.DEFAULT_FROM_EMAIL

LOG_LEVEL = (env.LOG_LEVEL or ("debug" if ENVIRONMENT in {"debug", "dev"} else "info")).upper()
AUDIT_LOOK = "project.events.look_of"  # how an event reads, for whoever shows one
AUDITLOG_CID_GETTER = "project.core.context.get_request_id"
LOG_FORMAT = env.LOG_FORMAT
LOGGING_CONFIG = None  # project.core.logs.configure() does it, for every process alike
LOG_FILE: Path | None = env.LOG_FILE
LOG_ROTATION = {"max_bytes": env.LOG_MAX_MB * 1024**2, "max_days": env.LOG_MAX_DAYS, "backups": env.LOG_BACKUPS}
