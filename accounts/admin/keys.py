"""Signing keys: to look at; `manage.py jwt_keys` makes and rotates them."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.models import SigningKey
from project.core.admin import ModelAdmin, ReadOnlyAdmin, Tone, ago, badge

TONES: dict[str, Tone] = {"current": "ok", "next": "info", "retired": "idle"}


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin, ModelAdmin[SigningKey]):
    """The keys that sign access tokens; never their private part."""

    list_display = ("kid", "algorithm", "shown_state", "shown_created", "shown_promoted", "shown_retired")
    list_filter = ("state", "algorithm")
    fields = ("kid", "algorithm", "shown_state", "public", "created_at", "promoted_at", "retired_at")
    readonly_fields = fields
    empty_state = gettext_lazy(
        "The first key is made when the server starts. Make another with: manage.py jwt_keys generate"
    )

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, key: SigningKey) -> SafeString:
        return badge(key.get_state_display(), TONES.get(key.state, "idle"))

    @display(description=gettext_lazy("Created"), ordering="created_at")
    def shown_created(self, key: SigningKey) -> SafeString:
        return ago(key.created_at)

    @display(description=gettext_lazy("Current since"), ordering="promoted_at")
    def shown_promoted(self, key: SigningKey) -> SafeString:
        return ago(key.promoted_at)

    @display(description=gettext_lazy("Retired"), ordering="retired_at")
    def shown_retired(self, key: SigningKey) -> SafeString:
        return ago(key.retired_at)
