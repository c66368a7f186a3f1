"""What the console's script says to people; the template hands it over as JSON."""

from django.utils.translation import gettext as _


def texts() -> dict[str, str]:
    """Return every text of the script, in the active language."""
    return _of_the_line() | _of_frames() | _of_json() | _of_sending()


def _of_the_line() -> dict[str, str]:
    return {
        "offline": _("Not connected"),
        "connecting": _("Connecting…"),
        "online": _("Connected"),
        "closing": _("Closing…"),
        "connect": _("Connect"),
        "disconnect": _("Disconnect"),
        "guest": _("Guest"),
        "closed": _("Closed with {code}"),
        "cut": _("The line was cut; the server may be away."),
        "noTicket": _("Paste a ticket, or get one."),
        "noToken": _("Paste an access token."),
        "ticketFailed": _("No ticket: {message}"),
        "ticketReady": _("A fresh ticket is in place; it works once, for 30 seconds."),
        "signIn": _("Signed in as {name}"),
        "again": _("You may connect again."),
        "never": _("Connecting again needs a new sign-in, or somebody's permission."),
    }


def _of_frames() -> dict[str, str]:
    return {
        "in": _("received"),
        "out": _("sent"),
        "note": _("note"),
        "binary": _("binary, {size}"),
        "shown": _("{shown} of {all} frames"),
        "frame": _("1 frame"),
        "frames": _("{count} frames"),
        "paused": _("Paused; {count} new"),
        "pause": _("Pause"),
        "resume": _("Resume"),
        "copied": _("Copied"),
        "reply": _("reply"),
        "push": _("push"),
        "error": _("error"),
        "item": _("1 item"),
        "items": _("{count} items"),
        "field": _("1 field"),
        "fields": _("{count} fields"),
    }


def _of_json() -> dict[str, str]:
    return {
        "jsonPlace": _("Line {line}, column {column}: {problem}"),
        "jsonValue": _("a value is missing"),
        "jsonEnd": _("something is left over"),
        "jsonString": _("the text does not end"),
        "jsonEscape": _("this escape is not known"),
        "jsonControl": _("control characters must be escaped"),
        "jsonNumber": _("this is not a number"),
        "jsonColon": _("a colon is missing"),
        "jsonKey": _("a key in quotes is missing"),
        "jsonComma": _("a comma is missing"),
        "jsonDeep": _("this is nested too deeply"),
        "jsonWord": _("this word is not known"),
    }


def _of_sending() -> dict[str, str]:
    return {
        "sent": _("Sent to {who}."),
        "sendFailed": _("Not sent: {message}"),
        "needsTopic": _("Name a topic."),
        "needsWho": _("Say who it is for."),
        "everyone": _("everyone"),
        "to_user": _("User's number"),
        "to_group": _("Group"),
        "to_connection": _("Connection"),
        "nameSnippet": _("A name for this snippet"),
        "noHistory": _("Nothing was sent yet."),
        "noSnippets": _("Nothing is saved yet."),
        "remove": _("Remove"),
        "leave": _("Leave {group}"),
        "automatic": _("Automatic: follows from who you are"),
        "noGroups": _("No groups"),
        "whoEmpty": _("Connect, and the server's view of this connection appears here."),
    }
