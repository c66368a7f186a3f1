"""What the audit trail's events are called, and how they look in lists."""

from typing import Any, NamedTuple

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User, reach_by
from accounts.scope import people
from project.core.admin import Tone


class Look(NamedTuple):
    """How an event reads after the name of who did it."""

    text: Any
    icon: str = "history"
    tone: Tone = "info"


EVENTS: dict[str, Look] = {
    "user.first_administrator": Look(gettext_lazy("made the first administrator"), "verified_user", "ok"),
    "user.created": Look(gettext_lazy("created a person"), "person_add", "ok"),
    "user.deactivated": Look(gettext_lazy("disabled a person"), "person_off", "bad"),
    "users.deactivate": Look(gettext_lazy("disabled people"), "person_off", "bad"),
    "users.activate": Look(gettext_lazy("enabled people again"), "person_check", "ok"),
    "users.give_role": Look(gettext_lazy("gave people a role"), "shield_person", "warn"),
    "users.take_role": Look(gettext_lazy("took a role from people"), "shield_person", "warn"),
    "users.move": Look(gettext_lazy("moved people to a department"), "move_group"),
    "users.set_manager": Look(gettext_lazy("gave people a manager"), "supervisor_account"),
    "users.require_password": Look(gettext_lazy("required new passwords"), "password", "warn"),
    "user.activated": Look(gettext_lazy("enabled a person again"), "person_check", "ok"),
    "user.deleted": Look(gettext_lazy("deleted a person"), "person_remove", "bad"),
    "user.left": Look(gettext_lazy("let a person leave"), "logout", "warn"),
    "user.anonymised": Look(gettext_lazy("anonymised a person"), "domino_mask", "bad"),
    "user.roles_changed": Look(gettext_lazy("changed a person's roles"), "shield_person", "warn"),
    "user.password_set": Look(gettext_lazy("set a password"), "password", "warn"),
    "user.password_reset": Look(gettext_lazy("reset a password"), "password", "warn"),
    "user.password_change_required": Look(gettext_lazy("required a new password"), "password"),
    "user.password_link_asked": Look(gettext_lazy("asked for a link to a new password"), "mail"),
    "user.invited": Look(gettext_lazy("invited somebody"), "forward_to_inbox"),
    "second_factor.added": Look(gettext_lazy("added a second factor"), "shield_lock", "ok"),
    "second_factor.removed": Look(gettext_lazy("removed a second factor"), "no_encryption", "warn"),
    "second_factor.recovery_codes": Look(gettext_lazy("made new recovery codes"), "shield_lock"),
    "rescue.password": Look(gettext_lazy("set a password at the shell"), "password", "warn"),
    "rescue.sessions": Look(gettext_lazy("ended sessions at the shell"), "key_off", "bad"),
    "rescue.second_factor": Look(gettext_lazy("removed a second factor at the shell"), "no_encryption", "warn"),
    "user.unlocked": Look(gettext_lazy("unlocked a person"), "lock_open"),
    "rescue.unlock": Look(gettext_lazy("unlocked a person at the shell"), "lock_open"),
    "sign_in.unlocked": Look(gettext_lazy("unlocked a user name that nobody has"), "lock_open"),
    "sign_in.address_unlocked": Look(gettext_lazy("unlocked an address"), "lock_open"),
    "role.created": Look(gettext_lazy("created a role"), "add_moderator", "ok"),
    "role.changed": Look(gettext_lazy("changed a role"), "shield_person"),
    "role.permissions_changed": Look(gettext_lazy("changed what a role permits"), "shield_person", "warn"),
    "role.scope_changed": Look(gettext_lazy("changed whom a role reaches"), "shield_person", "warn"),
    "role.deleted": Look(gettext_lazy("deleted a role"), "remove_moderator", "bad"),
    "department.created": Look(gettext_lazy("created a department"), "domain_add", "ok"),
    "department.changed": Look(gettext_lazy("changed a department"), "domain"),
    "department.moved": Look(gettext_lazy("moved a department"), "move_down"),
    "department.deleted": Look(gettext_lazy("deleted a department"), "domain_disabled", "bad"),
    "session.displaced": Look(gettext_lazy("signed in elsewhere; the older session ended"), "devices"),
    "session.revoked": Look(gettext_lazy("ended a session"), "key_off", "bad"),
    "session.reuse": Look(gettext_lazy("used a refresh token twice; the session ended"), "warning", "bad"),
    "session.password": Look(gettext_lazy("lost a session: the password changed"), "key_off"),
    "session.disabled": Look(gettext_lazy("lost a session: the account was disabled"), "key_off", "bad"),
    "sessions.ended": Look(gettext_lazy("ended sessions"), "key_off", "bad"),
    "impersonation.started": Look(gettext_lazy("began to act as somebody else"), "theater_comedy", "warn"),
    "impersonation.ended": Look(gettext_lazy("stopped acting as somebody else"), "theater_comedy"),
    "address_rule.created": Look(gettext_lazy("added an address rule"), "add_circle", "warn"),
    "address_rule.changed": Look(gettext_lazy("changed an address rule"), "shield_lock", "warn"),
    "address_rule.deleted": Look(gettext_lazy("deleted an address rule"), "delete", "bad"),
    "rescue.addresses": Look(gettext_lazy("switched all address rules off"), "gpp_bad", "bad"),
    "api_token.created": Look(gettext_lazy("made an API token"), "smart_toy", "warn"),
    "api_token.revoked": Look(gettext_lazy("revoked an API token"), "key_off", "bad"),
    "signing_key.generated": Look(gettext_lazy("made a signing key"), "vpn_key"),
    "signing_key.scheduled": Look(gettext_lazy("prepared the rotation of the signing keys"), "update"),
    "signing_key.promoted": Look(gettext_lazy("let another key sign"), "vpn_key", "ok"),
    "signing_key.retired": Look(gettext_lazy("retired a signing key"), "key_off", "warn"),
    "sign_ins.purged": Look(gettext_lazy("forgot old sign-ins and sessions"), "auto_delete"),
    "realtime.message_sent": Look(gettext_lazy("sent a message"), "send"),
    "dead_letter.delivered": Look(gettext_lazy("delivered a message again"), "forward_to_inbox"),
    "dead_letter.discarded": Look(gettext_lazy("discarded a message that could not be delivered"), "delete", "warn"),
    "realtime.disconnected": Look(gettext_lazy("disconnected a socket"), "link_off", "warn"),
    "realtime.settings_forgotten": Look(gettext_lazy("forgot kept settings"), "delete"),
    "realtime.connection_changed": Look(gettext_lazy("changed a socket's settings or groups"), "tune"),
    "realtime.watch_started": Look(gettext_lazy("began to watch a socket"), "visibility", "warn"),
    "realtime.watch_ended": Look(gettext_lazy("stopped watching a socket"), "visibility_off"),
    "import.uploaded": Look(gettext_lazy("uploaded a workbook"), "upload_file"),
    "import.mapped": Look(gettext_lazy("matched a workbook's columns"), "view_column"),
    "import.confirmed": Look(gettext_lazy("confirmed an import"), "task_alt"),
    "import.done": Look(gettext_lazy("imported a workbook"), "task_alt", "ok"),
    "import.cancelled": Look(gettext_lazy("cancelled an import"), "cancel"),
    "import.taken_back": Look(gettext_lazy("took an import back"), "undo", "warn"),
    "import.undo_asked": Look(gettext_lazy("asked for an import to be undone"), "undo", "warn"),
    "import.undo_checked": Look(gettext_lazy("checked what undoing an import would change"), "fact_check"),
    "import.undo_cancelled": Look(gettext_lazy("cancelled the undoing of an import"), "cancel"),
    "import.undo_stopped": Look(gettext_lazy("stopped undoing an import"), "cancel"),
    "import.undone": Look(gettext_lazy("undid an import"), "undo", "warn"),
    "export.asked": Look(gettext_lazy("asked for an export"), "file_save"),
    "export.done": Look(gettext_lazy("exported a list"), "file_save", "ok"),
    "export.large": Look(gettext_lazy("took out many rows"), "warning", "bad"),
    "export.cancelled": Look(gettext_lazy("cancelled an export"), "cancel"),
    "export.downloaded": Look(gettext_lazy("downloaded an export"), "download"),
    "sms.asked": Look(gettext_lazy("sent a text message"), "sms"),
    "sms.cancelled": Look(gettext_lazy("cancelled a text message"), "cancel"),
    "sms.sent_again": Look(gettext_lazy("sent a text message again"), "forward_to_inbox", "warn"),
    "sms.given_up": Look(gettext_lazy("gave a text message up"), "sms_failed", "bad"),
    "sms.budget_near": Look(gettext_lazy("spent most of the day's budget for text messages"), "payments", "warn"),
    "sms.budget_spent": Look(gettext_lazy("spent the day's budget for text messages"), "payments", "bad"),
    "sms.conversion": Look(gettext_lazy("sent codes that hardly anybody used"), "sms_failed", "bad"),
    "user.phone_bound": Look(gettext_lazy("bound a phone"), "phonelink_lock", "ok"),
    "user.phone_removed": Look(gettext_lazy("removed a phone number"), "phonelink_erase", "warn"),
    "sms.account_trouble": Look(gettext_lazy("was refused by a provider of text messages"), "sms_failed", "bad"),
    "sms_campaign.begun": Look(gettext_lazy("began a campaign"), "campaign"),
    "sms_campaign.confirmed": Look(gettext_lazy("had a campaign sent"), "campaign", "warn"),
    "sms_campaign.waits": Look(
        gettext_lazy("let a campaign wait: the day's budget is nearly spent"), "payments", "warn"
    ),
    "sms_campaign.stopped": Look(gettext_lazy("stopped a campaign"), "cancel", "bad"),
    "sms_campaign.done": Look(gettext_lazy("finished a campaign"), "task_alt", "ok"),
    "sms_template.created": Look(gettext_lazy("created a template of text messages"), "add_comment", "ok"),
    "sms_template.changed": Look(gettext_lazy("changed a template of text messages"), "edit_note"),
    "sms_template.deleted": Look(gettext_lazy("deleted a template of text messages"), "delete", "bad"),
    "sms_provider.created": Look(gettext_lazy("added a provider of text messages"), "add_circle", "warn"),
    "sms_provider.changed": Look(gettext_lazy("changed a provider of text messages"), "cell_tower", "warn"),
    "sms_provider.switched_on": Look(gettext_lazy("switched a provider of text messages on"), "toggle_on", "ok"),
    "sms_provider.switched_off": Look(gettext_lazy("switched a provider of text messages off"), "toggle_off", "warn"),
    "sms_provider.deleted": Look(gettext_lazy("deleted a provider of text messages"), "delete", "bad"),
    "sms_provider.tried": Look(gettext_lazy("tried a provider of text messages out"), "send"),
    "jenkins_server.added": Look(gettext_lazy("added a Jenkins server"), "add_circle", "warn"),
    "jenkins_server.changed": Look(gettext_lazy("changed a Jenkins server"), "edit", "warn"),
    "jenkins_server.deleted": Look(gettext_lazy("deleted a Jenkins server"), "delete", "bad"),
    "jenkins_server.restarted": Look(gettext_lazy("restarted a Jenkins server"), "restart_alt", "warn"),
    "jenkins_job.approval": Look(gettext_lazy("changed who must approve builds"), "how_to_reg", "warn"),
    "jenkins_build.asked": Look(gettext_lazy("asked for a build"), "play_circle"),
    "jenkins_build.approved": Look(gettext_lazy("approved a build"), "task_alt", "ok"),
    "jenkins_build.rejected": Look(gettext_lazy("rejected a build"), "block", "bad"),
    "jenkins_build.expired": Look(gettext_lazy("let a build expire that nobody approved"), "timer_off", "warn"),
    "jenkins_build.stopped": Look(gettext_lazy("stopped a build"), "stop_circle", "warn"),
    "jenkins_build.over": Look(gettext_lazy("saw a build end"), "flag"),
    "jenkins_queue.cancelled": Look(gettext_lazy("took a build out of Jenkins' queue"), "cancel", "warn"),
    "jenkins_queue.emptied": Look(gettext_lazy("emptied Jenkins' queue"), "delete_sweep", "bad"),
    "jenkins_job.created": Look(gettext_lazy("created a job"), "add_circle", "ok"),
    "jenkins_job.folder_created": Look(gettext_lazy("created a folder of jobs"), "create_new_folder", "ok"),
    "jenkins_job.changed": Look(gettext_lazy("configured a job"), "edit", "warn"),
    "jenkins_job.enabled": Look(gettext_lazy("enabled a job"), "toggle_on", "ok"),
    "jenkins_job.disabled": Look(gettext_lazy("disabled a job"), "toggle_off", "warn"),
    "jenkins_job.renamed": Look(gettext_lazy("renamed a job"), "drive_file_rename_outline"),
    "jenkins_job.copied": Look(gettext_lazy("copied a job"), "content_copy"),
    "jenkins_job.deleted": Look(gettext_lazy("deleted a job"), "delete", "bad"),
    "jenkins_server.node_added": Look(gettext_lazy("added a machine to Jenkins"), "dns", "warn"),
    "jenkins_server.node_deleted": Look(gettext_lazy("removed a machine from Jenkins"), "dns", "bad"),
    "jenkins_server.view_created": Look(gettext_lazy("made a view of Jenkins jobs"), "view_list", "info"),
    "jenkins_build.artifact_read": Look(gettext_lazy("fetched a file of a build"), "download", "info"),
    "jenkins_server.plugin_installed": Look(gettext_lazy("installed a plugin of Jenkins"), "extension", "warn"),
    "jenkins_server.plugin_removed": Look(gettext_lazy("removed a plugin of Jenkins"), "extension_off", "warn"),
    "jenkins_schedule.created": Look(gettext_lazy("scheduled builds"), "schedule"),
    "jenkins_schedule.changed": Look(gettext_lazy("changed a schedule of builds"), "edit_calendar"),
    "jenkins_schedule.deleted": Look(gettext_lazy("deleted a schedule of builds"), "event_busy", "warn"),
    "jenkins_schedule.missed": Look(gettext_lazy("missed a scheduled build"), "alarm_off", "bad"),
    "jenkins_rule.created": Look(gettext_lazy("added a rule for jobs"), "shield_lock", "warn"),
    "jenkins_rule.changed": Look(gettext_lazy("changed a rule for jobs"), "shield_lock", "warn"),
    "jenkins_rule.deleted": Look(gettext_lazy("deleted a rule for jobs"), "delete", "bad"),
    "demo.loaded": Look(gettext_lazy("loaded demo data"), "theater_comedy"),
}
BY_ACTION: dict[int, Look] = {
    LogEntry.Action.CREATE: Look(gettext_lazy("created: %(kind)s"), "add_circle", "ok"),
    LogEntry.Action.UPDATE: Look(gettext_lazy("changed: %(kind)s"), "edit"),
    LogEntry.Action.DELETE: Look(gettext_lazy("deleted: %(kind)s"), "delete", "bad"),
    LogEntry.Action.ACCESS: Look(gettext_lazy("looked at: %(kind)s"), "visibility", "idle"),
}


def seen_by(user: Any) -> QuerySet[LogEntry]:
    """The entries that `user` may read: all, or what is about people they reach and what they did themselves."""
    entries: QuerySet[LogEntry] = LogEntry.objects.all()
    if reach_by(user).everybody:
        return entries
    kind = ContentType.objects.get_for_model(User)
    return entries.filter(Q(actor=user.pk) | Q(content_type=kind, object_id__in=people(user).values("pk")))


def event_of(entry: LogEntry) -> str:
    """Return the event's name; "" for a change that was noted by itself."""
    return str((entry.additional_data or {}).get("event", ""))


def look_of(entry: LogEntry) -> Look:
    """Return how an entry reads and looks; an unknown event shows its own name."""
    event = event_of(entry)
    if event:
        return EVENTS.get(event, Look(event))
    plain = BY_ACTION.get(entry.action, Look("%(kind)s"))
    return plain._replace(text=gettext(str(plain.text)) % {"kind": kind_of(entry)})


def kind_of(entry: LogEntry) -> str:
    """Return what kind of thing an entry is about."""
    model = entry.content_type.model_class()
    return str(model._meta.verbose_name) if model else entry.content_type.model


def who(entry: LogEntry, *, full: bool = False) -> str:
    """Return who did it, and as whom; where nobody in particular did, whom it happened to.

    :param full: with the user name.
    """
    if entry.actor:
        name, subject = (
            str(entry.actor if full else entry.actor.get_full_name()),
            (entry.additional_data or {}).get("as"),
        )
        return gettext("%(actor)s as %(subject)s") % {"actor": name, "subject": subject} if subject else name
    details = (entry.additional_data or {}).get("details")
    person = details.get("person", "") if isinstance(details, dict) else ""
    return person or gettext("The system")


def reason_of(entry: LogEntry) -> str:
    """Return the reason somebody gave."""
    return str((entry.additional_data or {}).get("reason", ""))
