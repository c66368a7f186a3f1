"""Permissions in people's words."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

DEEDS: Mapping[str, Any] = {"view": _("View"), "add": _("Add"), "change": _("Change"), "delete": _("Delete")}
OTHER_DEEDS: Mapping[str, Any] = {
    "end_loginsession": _("End sessions"),
    "unlock_loginevent": _("Unlock after too many failures"),
    "revoke_apitoken": _("Revoke tokens of others"),
    "remove_secondfactor": _("Remove second factors of others"),
    "impersonate_user": _("Act as others, only looking"),
    "impersonate_write": _("Change things while acting as others"),
    "rotate_keys": _("Rotate and retire keys"),
    "send": _("Send messages"),
    "send_message": _("Send text messages"),
    "send_to_number": _("Send text messages to any number"),
    "send_campaign": _("Send text messages to many"),
    "resend_message": _("Send text messages again"),
    "view_phone": _("See whole phone numbers of text messages"),
    "disconnect": _("Disconnect"),
    "build_job": _("Start builds"),
    "configure_job": _("Configure jobs"),
    "approve_build": _("Approve builds of others"),
    "stop_build": _("Stop builds of others"),
    "restart_server": _("Restart Jenkins servers"),
    "manage_server": _("Change machines and plugins of Jenkins servers"),
}


def in_words(permission: str) -> str:
    """`accounts.view_user` as "Users: View"; what nobody knows any more as it is."""
    app_label, _dot, codename = permission.partition(".")
    if codename in OTHER_DEEDS:
        return str(OTHER_DEEDS[codename])
    deed, _line, model_name = codename.partition("_")
    try:
        model = apps.get_model(app_label, model_name)
    except LookupError:
        return permission
    kind = str(model._meta.verbose_name_plural)
    return f"{kind[:1].upper()}{kind[1:]}: {DEEDS[deed]}" if deed in DEEDS else permission
