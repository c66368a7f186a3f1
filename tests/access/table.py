"""Who may call what: one row for each operation of the OpenAPI schema.

A new endpoint fails `test_api.py` until it has its row here. What a row says is asked of everybody: nobody, people without
permissions, staff without this one, staff with this one alone, machines with and without the scope, a displaced session.
"""

from dataclasses import dataclass, field
from typing import Any

API = "/api/v1/"


@dataclass(frozen=True)
class Anybody:
    """Also who has not signed in: this is how one does."""


@dataclass(frozen=True)
class Themselves:
    """Everybody who has signed in, about what is theirs; what is another's is not there for them.

    :param machines: also for API tokens.
    """

    machines: bool = False


@dataclass(frozen=True)
class Holders:
    """Those who hold the permissions, of which the last is what this call is about; for machines: as scopes.

    :param ranked: about a person, or what is one's; only of lower rank than one's own.
    :param people: for people only: most want a recent sign-in, which no machine has.
    :param body: what must be sent so that the question is about permissions and not about fields.
    """

    permissions: tuple[str, ...]
    ranked: bool = False
    people: bool = False
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Superusers:
    """Superusers alone, whatever permissions others hold, and no machine.

    :param body: as for holders.
    """

    body: dict[str, Any] = field(default_factory=dict)


Row = Anybody | Themselves | Holders | Superusers


def holders(*names: str, ranked: bool = False, people: bool = False, **body: Any) -> Holders:
    return Holders(tuple(name if "." in name else f"accounts.{name}" for name in names), ranked, people, body)


def jenkins(*names: str, **body: Any) -> Holders:
    return holders(*(f"jenkins.{name}" for name in names), **body)


SEES_SERVERS, MANAGES_SERVERS = jenkins("view_server"), jenkins("manage_server")
SEES_JOBS, BUILDS_JOBS = jenkins("view_job"), jenkins("view_job", "build_job")
CONFIGURES_JOBS = jenkins("view_job", "configure_job")
OF_ONESELF = Themselves()
OF_ONES_JOBS = Themselves(machines=True)
SEES_PEOPLE, SEES_SIGN_INS, SEES_TOKENS = holders("view_user"), holders("view_loginevent"), holders("view_apitoken")
SEES_SESSIONS, SEES_KEYS, SEES_SOCKETS = (
    holders("view_loginsession"),
    holders("view_signingkey"),
    holders("realtime.view_connection"),
)

ROWS: dict[str, Row] = {
    "POST auth/login": Anybody(),
    "POST auth/second-factor": Anybody(),
    "GET auth/captcha": Anybody(),
    "POST auth/refresh": Anybody(),
    "POST auth/password-reset": Anybody(),
    "POST auth/password-reset/confirm": Anybody(),
    "POST auth/sms-code": Anybody(),
    "POST auth/login/sms": Anybody(),
    "PUT auth/phone": OF_ONESELF,
    "DELETE auth/phone": OF_ONESELF,
    "POST auth/confirm": OF_ONESELF,
    "POST auth/logout": OF_ONESELF,
    "DELETE auth/impersonation": OF_ONESELF,
    "GET auth/me": OF_ONESELF,
    "PATCH auth/me": OF_ONESELF,
    "PUT auth/me/avatar": OF_ONESELF,
    "DELETE auth/me/avatar": OF_ONESELF,
    "POST auth/password": OF_ONESELF,
    "GET auth/sessions": OF_ONESELF,
    "DELETE auth/sessions/{sid}": OF_ONESELF,
    "POST auth/sessions/revoke-others": OF_ONESELF,
    "GET auth/sign-ins": OF_ONESELF,
    "POST auth/ticket": OF_ONESELF,
    "GET auth/tokens": OF_ONESELF,
    "POST auth/tokens": OF_ONESELF,
    "DELETE auth/tokens/{key_id}": OF_ONESELF,
    "GET auth/totp": OF_ONESELF,
    "POST auth/totp": OF_ONESELF,
    "DELETE auth/totp": OF_ONESELF,
    "POST auth/totp/recovery-codes": OF_ONESELF,
    "GET address-rules/": holders("view_addressrule"),
    "POST address-rules/": holders("add_addressrule"),
    "GET address-rules/{id}/": holders("view_addressrule"),
    "PATCH address-rules/{id}/": holders("change_addressrule"),
    "DELETE address-rules/{id}/": holders("delete_addressrule"),
    "POST address-rules/test/": holders("view_addressrule"),
    "GET column-sets/": OF_ONES_JOBS,
    "POST column-sets/": OF_ONES_JOBS,
    "DELETE column-sets/{id}/": OF_ONES_JOBS,
    "GET departments/": holders("view_department"),
    "POST departments/": holders("add_department"),
    "GET departments/{id}/": holders("view_department"),
    "PATCH departments/{id}/": holders("change_department"),
    "PUT departments/{id}/": holders("change_department"),
    "DELETE departments/{id}/": holders("delete_department"),
    "POST departments/{id}/end-sessions/": holders("end_loginsession", people=True),
    "POST departments/{id}/move/": holders("change_department"),
    "GET exports/": OF_ONES_JOBS,
    "POST exports/": holders("view_user", resource="users", format="csv"),
    "GET exports/{id}/": OF_ONES_JOBS,
    "POST exports/{id}/cancel/": OF_ONES_JOBS,
    "GET exports/{id}/download/": OF_ONES_JOBS,
    "GET imports/": OF_ONES_JOBS,
    "POST imports/": OF_ONES_JOBS,
    "GET imports/{id}/": OF_ONES_JOBS,
    "PATCH imports/{id}/": OF_ONES_JOBS,
    "POST imports/{id}/cancel/": OF_ONES_JOBS,
    "POST imports/{id}/confirm/": OF_ONES_JOBS,
    "GET imports/{id}/errors.xlsx/": OF_ONES_JOBS,
    "GET imports/{id}/preview/": OF_ONES_JOBS,
    "POST imports/{id}/undo/": OF_ONES_JOBS,
    "GET imports/template/": OF_ONES_JOBS,
    "GET imports/matches/": OF_ONES_JOBS,
    "DELETE imports/matches/": OF_ONES_JOBS,
    "GET jenkins/servers/": SEES_SERVERS,
    "POST jenkins/servers/": Superusers({"name": "Ours", "url": "http://192.0.2.1/"}),
    "GET jenkins/servers/{id}/": SEES_SERVERS,
    "PATCH jenkins/servers/{id}/": Superusers(),
    "DELETE jenkins/servers/{id}/": Superusers(),
    "GET jenkins/servers/{id}/health/": SEES_SERVERS,
    "POST jenkins/servers/{id}/refresh/": SEES_SERVERS,
    "POST jenkins/servers/{id}/restart/": jenkins("restart_server"),
    "POST jenkins/servers/test/": Superusers({"url": "http://192.0.2.1/"}),
    "GET jenkins/servers/{id}/nodes/": SEES_SERVERS,
    "POST jenkins/servers/{id}/nodes/": MANAGES_SERVERS,
    "DELETE jenkins/servers/{id}/nodes/{name}/": MANAGES_SERVERS,
    "GET jenkins/servers/{id}/plugins/": SEES_SERVERS,
    "POST jenkins/servers/{id}/plugins/": MANAGES_SERVERS,
    "DELETE jenkins/servers/{id}/plugins/{name}/": MANAGES_SERVERS,
    "GET jenkins/servers/{id}/nodes/{name}/": SEES_SERVERS,
    "GET jenkins/servers/{id}/plugins/{name}/": SEES_SERVERS,
    "GET jenkins/servers/{id}/views/": SEES_JOBS,
    "POST jenkins/servers/{id}/views/": CONFIGURES_JOBS,
    "GET jenkins/servers/{id}/views/{name}/": SEES_JOBS,
    "GET jenkins/servers/{id}/labels/{name}/": SEES_SERVERS,
    "GET jenkins/servers/{id}/fingerprints/{digest}/": SEES_JOBS,
    "GET jenkins/jobs/": SEES_JOBS,
    "GET jenkins/jobs/{id}/numbers/": SEES_JOBS,
    "GET jenkins/jobs/{id}/numbers/{number}/": SEES_JOBS,
    "GET jenkins/jobs/{id}/last-log/": SEES_JOBS,
    "GET jenkins/builds/{id}/artifacts/": SEES_JOBS,
    "GET jenkins/builds/{id}/artifacts/download/": SEES_JOBS,
    "GET jenkins/queue/{item}/": SEES_JOBS,
    "POST jenkins/jobs/": CONFIGURES_JOBS,
    "POST jenkins/folders/": CONFIGURES_JOBS,
    "GET jenkins/jobs/{id}/": SEES_JOBS,
    "DELETE jenkins/jobs/{id}/": CONFIGURES_JOBS,
    "POST jenkins/jobs/{id}/build/": BUILDS_JOBS,
    "GET jenkins/jobs/{id}/config/": CONFIGURES_JOBS,
    "PUT jenkins/jobs/{id}/config/": CONFIGURES_JOBS,
    "POST jenkins/jobs/{id}/diff/": CONFIGURES_JOBS,
    "POST jenkins/jobs/{id}/rename/": CONFIGURES_JOBS,
    "POST jenkins/jobs/{id}/copy/": CONFIGURES_JOBS,
    "POST jenkins/jobs/{id}/enable/": CONFIGURES_JOBS,
    "PUT jenkins/jobs/{id}/approval/": Superusers({"needed": True}),
    "GET jenkins/builds/": SEES_JOBS,
    "GET jenkins/builds/{id}/": SEES_JOBS,
    "GET jenkins/builds/{id}/log/": SEES_JOBS,
    "GET jenkins/builds/{id}/log/download/": SEES_JOBS,
    "POST jenkins/builds/{id}/again/": BUILDS_JOBS,
    "POST jenkins/builds/{id}/stop/": jenkins("view_job", "build_job", "stop_build"),
    "POST jenkins/builds/{id}/approve/": jenkins("view_job", "approve_build"),
    "POST jenkins/builds/{id}/reject/": jenkins("view_job", "approve_build", reason="no"),
    "GET jenkins/queue/": SEES_JOBS,
    "DELETE jenkins/queue/": jenkins("view_job", "build_job", "stop_build"),
    "DELETE jenkins/queue/{item}/": BUILDS_JOBS,
    "GET jenkins/schedules/": SEES_JOBS,
    "POST jenkins/schedules/": BUILDS_JOBS,
    "GET jenkins/schedules/{id}/": SEES_JOBS,
    "PATCH jenkins/schedules/{id}/": BUILDS_JOBS,
    "DELETE jenkins/schedules/{id}/": jenkins("view_job", "configure_job", "build_job"),
    "GET jenkins/rules/": Superusers(),
    "POST jenkins/rules/": Superusers(),
    "PUT jenkins/rules/{id}/": Superusers(),
    "DELETE jenkins/rules/{id}/": Superusers(),
    "GET keys/": SEES_KEYS,
    "POST keys/{kid}/retire/": holders("rotate_keys", people=True),
    "POST keys/rotate/": holders("rotate_keys", people=True),
    "GET realtime/connections": SEES_SOCKETS,
    "GET realtime/connections/{connection_id}": SEES_SOCKETS,
    "PATCH realtime/connections/{connection_id}": holders("realtime.change_connection", leave=["public.lobby"]),
    "DELETE realtime/connections/{connection_id}": holders("realtime.disconnect"),
    "POST realtime/messages": holders("realtime.send"),
    "GET realtime/dead-letters": holders("realtime.view_deadletter"),
    "GET realtime/dead-letters/{letter_id}": holders("realtime.view_deadletter"),
    "POST realtime/dead-letters/{letter_id}/retry": holders("realtime.retry_deadletter"),
    "POST realtime/dead-letters/{letter_id}/discard": holders("realtime.discard_deadletter"),
    "GET realtime/nodes": SEES_SOCKETS,
    "GET realtime/settings/{user_id}": holders("realtime.view_keptsettings"),
    "DELETE realtime/settings/{user_id}": holders("realtime.delete_keptsettings"),
    "GET realtime/summary": SEES_SOCKETS,
    "GET roles/": holders("view_role"),
    "POST roles/": holders("add_role", key="newrole", name="New role", rank=10),
    "GET roles/{id}/": holders("view_role"),
    "PATCH roles/{id}/": holders("change_role", ranked=True),
    "PUT roles/{id}/": holders("change_role", ranked=True),
    "DELETE roles/{id}/": holders("delete_role", ranked=True),
    "GET sessions/": SEES_SESSIONS,
    "GET sessions/{id}/": SEES_SESSIONS,
    "DELETE sessions/{id}/": holders("end_loginsession", ranked=True, people=True),
    "POST sessions/end-all/": holders("end_loginsession", people=True),
    "GET sign-ins/": SEES_SIGN_INS,
    "GET sign-ins/{id}/": SEES_SIGN_INS,
    "GET sign-ins/export/": SEES_SIGN_INS,
    "GET sms/campaigns/": holders("sms.view_campaign"),
    "POST sms/campaigns/": holders(
        "sms.send_campaign", template="notice", parameters={"text": "x"}, recipients=[{"phone": "+8613800000000"}]
    ),
    "GET sms/campaigns/sheet/": holders("sms.send_campaign"),
    "POST sms/campaigns/upload/": holders("sms.send_campaign"),
    "GET sms/campaigns/{id}/": holders("sms.view_campaign"),
    "GET sms/campaigns/{id}/recipients/": holders("sms.view_campaign"),
    "POST sms/campaigns/{id}/confirm/": holders("sms.send_campaign"),
    "POST sms/campaigns/{id}/stop/": holders("sms.send_campaign"),
    "GET sms/messages/": holders("sms.view_message"),
    "POST sms/messages/": holders(
        "sms.send_message", phone="+8613800000000", template="notice", parameters={"text": "x"}
    ),
    "GET sms/messages/{id}/": holders("sms.view_message"),
    "POST sms/messages/{id}/cancel/": holders("sms.send_message"),
    "POST sms/messages/{id}/resend/": holders("sms.resend_message"),
    "GET sms/templates/": holders("sms.view_template"),
    "POST sms/templates/": holders("sms.add_template", key="lunch", name="Lunch", texts={"en": "Lunch is ready."}),
    "GET sms/templates/{key}/": holders("sms.view_template"),
    "PATCH sms/templates/{key}/": holders("sms.change_template"),
    "DELETE sms/templates/{key}/": holders("sms.delete_template"),
    "POST sms/templates/{key}/preview/": holders("sms.view_template"),
    "GET sms/providers/": holders("sms.view_provider"),
    "POST sms/providers/": holders("sms.add_provider", people=True, key="ours", name="Ours", kind="memory"),
    "PUT sms/providers/order/": holders("sms.change_provider", people=True),
    "GET sms/providers/{key}/": holders("sms.view_provider"),
    "PATCH sms/providers/{key}/": holders("sms.change_provider", people=True),
    "DELETE sms/providers/{key}/": holders("sms.delete_provider", people=True),
    "POST sms/providers/{key}/check/": holders("sms.change_provider"),
    "POST sms/providers/{key}/test/": holders("sms.send_message", "sms.change_provider", people=True),
    "GET sms/refusals/": holders("sms.view_refusal"),
    "GET sms/refusals/{id}/": holders("sms.view_refusal"),
    "POST sms/receipts/{key}": Anybody(),
    "GET tokens/": SEES_TOKENS,
    "GET tokens/{key_id}/": SEES_TOKENS,
    "DELETE tokens/{key_id}/": holders("revoke_apitoken", ranked=True),
    "GET users/": SEES_PEOPLE,
    "POST users/": holders("add_user"),
    "GET users/{id}/": SEES_PEOPLE,
    "PATCH users/{id}/": holders("change_user", ranked=True),
    "PUT users/{id}/": holders("change_user", ranked=True),
    "DELETE users/{id}/": holders("delete_user", ranked=True),
    "GET users/{id}/avatar/": OF_ONES_JOBS,
    "POST users/{id}/end-sessions/": holders("end_loginsession", ranked=True, people=True),
    "POST users/{id}/impersonate/": holders("impersonate_user", ranked=True, people=True, reason="to see it"),
    "POST users/{id}/invite/": holders("change_user", ranked=True, people=True),
    "POST users/{id}/password/": holders("change_user", ranked=True, people=True, new_password="battery correct horse"),
    "GET users/{id}/second-factor/": SEES_PEOPLE,
    "DELETE users/{id}/second-factor/": holders("view_user", "remove_secondfactor", ranked=True, people=True),
    "GET departments/{id}/history/": holders("auditlog.view_logentry", "view_department"),
    "GET roles/{id}/history/": holders("auditlog.view_logentry", "view_role"),
    "GET users/{id}/history/": holders("auditlog.view_logentry", "view_user"),
    "GET users/{id}/may/": holders("view_role", "view_user"),
    "GET users/{id}/permissions/": holders("view_role", "view_user"),
    "GET users/{id}/leave/": holders("change_user"),
    "POST users/{id}/leave/": holders("change_user", ranked=True, anonymise=False),
    "POST users/{id}/anonymise/": holders("delete_user", ranked=True, people=True),
    "POST users/{id}/unlock/": holders("unlock_loginevent", ranked=True),
    "GET lockouts/": holders("unlock_loginevent"),
    "POST lockouts/unlock": holders("unlock_loginevent"),
    "POST users/bulk/": holders("change_user"),
    "GET users/export/": SEES_PEOPLE,
}
