"""What the scripts of the gateway's pages say to people; the templates hand it over as JSON."""

from django.utils.translation import gettext as _


def of_console() -> dict[str, str]:
    """Return every text of the console's script, in the active language."""
    return _shared() | _of_the_line() | _of_frames() | _of_json() | _of_composing() | _of_sending()


def of_connections() -> dict[str, str]:
    """Return every text of the list of connections."""
    return _shared() | _of_frames() | _of_json() | _of_the_list() | _of_one_connection() | _of_watching()


def of_nodes() -> dict[str, str]:
    """Return every text of the nodes' page."""
    return _shared() | {
        "perSecond": _("{n}/s"),
        "silent": _("does not answer"),
        "alone": _("cannot reach the others"),
        "inTouch": _("in touch"),
        "sum": _("Sum"),
        "connections": _("Connections"),
        "received": _("Messages in"),
        "sent": _("Messages out"),
        "queued": _("Waiting for the other nodes"),
        "cpu": _("Processor, of one core"),
        "memory": _("Memory"),
    }


def _shared() -> dict[str, str]:
    return {
        "guest": _("Guest"),
        "unanswered": _("The server does not answer."),
        "away": _("Not up to date: {message}"),
        "refusal": _("{message} {details}"),
        "socket": _("1 socket"),
        "sockets": _("{count} sockets"),
        "copied": _("Copied"),
        "remove": _("Remove"),
        "now": _("just now"),
        "ago": _("{time} ago"),
        "s": _("{n} s"),
        "min": _("{n} min"),
        "h": _("{n} h"),
        "d": _("{n} d"),
    }


def _of_the_line() -> dict[str, str]:
    return {
        "offline": _("Not connected"),
        "connecting": _("Connecting…"),
        "online": _("Connected"),
        "closing": _("Closing…"),
        "connect": _("Connect"),
        "disconnect": _("Disconnect"),
        "closed": _("Closed with {code}"),
        "closedWhy": _("Closed with {code}: {reason}"),
        "cut": _("The line was cut; the server may be away."),
        "noTicket": _("Paste a ticket, or get one."),
        "noToken": _("Paste an access token."),
        "ticketFailed": _("No ticket: {message}"),
        "ticketReady": _("A fresh ticket is in place; it works once, for 30 seconds."),
        "again": _("Connecting again in {time}"),
        "waiting": _("Connecting again soon"),
        "never": _("Connecting again needs a new sign-in, or somebody's permission."),
        "watched": _("Yes: what travels here is seen"),
        "unwatched": _("No"),
    }


def _of_frames() -> dict[str, str]:
    return {
        "in": _("received"),
        "out": _("sent"),
        "note": _("note"),
        "binary": _("binary"),
        "byte": _("1 byte"),
        "bytes": _("{count} bytes"),
        "cutShort": _("cut short"),
        "shown": _("{shown} of {all} frames"),
        "frame": _("1 frame"),
        "frames": _("{count} frames"),
        "paused": _("Paused; {count} new"),
        "pause": _("Pause"),
        "resume": _("Resume"),
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


def _of_composing() -> dict[str, str]:
    return {
        "needsTopic": _("Name a topic."),
        "wants": _("needs {permission}"),
        "required": _("required"),
        "noHistory": _("Nothing was sent yet."),
        "noSnippets": _("Nothing is saved yet."),
        "leave": _("Leave {group}"),
        "automatic": _("Automatic: follows from who you are"),
        "member": _("1 member"),
        "members": _("{count} members"),
    }


def _of_sending() -> dict[str, str]:
    return {
        "sentTo": _("Sent to {who}; {sockets} got it."),
        "sentToNobody": _("Sent to {who}, who has no connection now: nobody got it."),
        "sendFailed": _("Not sent: {message}"),
        "needsWho": _("Say who it is for."),
        "everyone": _("everyone"),
        "to_user": _("User's number"),
        "to_group": _("Group"),
        "to_connection": _("Connection"),
    }


def _of_the_list() -> dict[str, str]:
    return {
        "person": _("1 person"),
        "persons": _("{count} people"),
        "figures": _("{sockets} of {people}"),
        "range": _("{first}–{last} of {matched}"),
        "none": _("Nobody is connected"),
        "noneHint": _("Sockets show up here the moment they open. The console opens one."),
        "noMatch": _("Nothing matches"),
        "noMatchHint": _("Search looks at names, addresses, devices and groups. Take a filter away to see more."),
        "chosen": _("{sockets} of {people} chosen"),
        "tooMany": _("At most {most} at once"),
        "askDisconnect": _("Disconnect {sockets} of {people}?"),
        "askSend": _("Send to {sockets} of {people}"),
        "askSendGroup": _("Send to the group {group}: {sockets}"),
        "more": _("+{n}"),
        "choose": _("Choose the socket of {name}"),
        "open": _("Show the socket of {name}"),
        "filterBy": _("Show only {what}"),
        "dropFilter": _("Take away the filter {what}"),
        "machine": _("machine"),
        "filter_user": _("user {value}"),
        "filter_node": _("node {value}"),
        "filter_address": _("address {value}"),
        "filter_group": _("group {value}"),
        "groupOption": _("{name} ({count})"),
        "any": _("Any"),
    }


def _of_one_connection() -> dict[str, str]:
    return {
        "nothing": _("None"),
        "leaveGroup": _("Take out of {group}"),
        "automatic": _("Automatic: follows from who they are"),
        "removeSetting": _("Remove the setting {key}"),
        "changed": _("Done."),
        "since": _("{time}, {ago}"),
    }


def _of_watching() -> dict[str, str]:
    return {
        "watch": _("Watch frames"),
        "unwatch": _("Stop watching"),
        "watching": _("Watching; {time} left"),
        "notWatching": _("Not watching"),
        "leftOut": _("1 frame left out"),
        "leftOuts": _("{count} frames left out"),
        "endedClosed": _("The socket closed; the watch is over."),
        "endedTime": _("Fifteen minutes are over; start again to go on."),
        "endedLeft": _("The watch is over."),
        "lineLost": _("The line to the server was lost; the watch goes on when it is back."),
    }
