"""The API, and how it is described."""

from project.settings.house import VERSION

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
