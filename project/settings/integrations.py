"""Spreadsheets, text messages, Jenkins."""

from project.settings.house import ENVIRONMENT, env

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

SMS_REGION = env.SMS_REGION
SMS_CURRENCY = env.SMS_CURRENCY
SMS_AT_ONCE = env.SMS_AT_ONCE
SMS_READ_SECONDS = float(env.SMS_READ_SECONDS)
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
SMS_PROOF = "accounts.step_up.ensure"
SMS_PROOF_PAGE = "accounts.admin.step_up.ask"

THIS_MACHINE = ["127.0.0.0/8", "::1/128"]
JENKINS_ALLOWED_SERVERS = env.JENKINS_ALLOWED_SERVERS or (THIS_MACHINE if ENVIRONMENT in {"debug", "dev"} else [])
JENKINS_CA_FILE = env.JENKINS_CA_FILE
JENKINS_REFRESH_SECONDS = env.JENKINS_REFRESH_SECONDS
JENKINS_LOG_MAX_BYTES = env.JENKINS_LOG_MAX_BYTES
JENKINS_ARTIFACT_MAX_BYTES = env.JENKINS_ARTIFACT_MAX_BYTES
JENKINS_ARTIFACT_HOSTS = env.JENKINS_ARTIFACT_HOSTS
JENKINS_LOG_DAYS = env.JENKINS_LOG_DAYS
JENKINS_CONNECT_SECONDS, JENKINS_READ_SECONDS, JENKINS_CALL_SECONDS = 2.0, 5.0, 10.0
"""To connect, for each silence, and for a call in all."""
