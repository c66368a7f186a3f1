"""Signing keys: what each is for, how old they are, and how another takes over."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import keys, services
from accounts.admin.forms import acting
from accounts.admin.step_up import ask
from accounts.errors import KeysInFiles
from accounts.keys import Key, State, times
from accounts.models import SigningKey
from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, Tone, ago, badge, confirmation
from project.core.errors import GatehouseError

TONES: dict[str, Tone] = {"current": "ok", "next": "info", "retired": "idle"}
MEANINGS: Mapping[str, Any] = {
    "next": gettext_lazy("Published, signs nothing yet. Whoever verifies our tokens learns of it in time."),
    "current": gettext_lazy("Signs the access tokens. There is always exactly one."),
    "retired": gettext_lazy("Signs no more. Its last tokens count until they run out; then it is history."),
}


class RotationForm(forms.Form):
    """The kind of key that is to be made."""

    algorithm = forms.ChoiceField(
        label=gettext_lazy("Algorithm"),
        choices=[(one, one) for one in keys.ALGORITHMS],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin, ModelAdmin[SigningKey]):
    """The keys that sign access tokens; never their private part."""

    list_before_template = "gatehouse/keys.html"
    list_display = ("shown_kid", "algorithm", "shown_state", "shown_created", "shown_promoted", "shown_retired")
    list_display_links = ("shown_kid",)
    list_filter = ("state", "algorithm")
    fields = (
        "kid",
        "algorithm",
        "shown_state",
        "shown_end",
        "public",
        "created_at",
        "promote_at",
        "promoted_at",
        "retired_at",
    )
    readonly_fields = fields
    actions = ("retire", "distrust")
    empty_state = gettext_lazy("The first key is made when the server starts.")

    # --- what is shown -----------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("Key"), ordering="kid")
    def shown_kid(self, key: SigningKey) -> SafeString:
        return format_html('<span class="gh-mono" title="{}">{}…</span>', key.kid, key.kid[:12])

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, key: SigningKey) -> SafeString:
        return _state(key.state)

    @display(description=gettext_lazy("Its tokens count until"))
    def shown_end(self, key: SigningKey) -> SafeString:
        known = next((one for one in _known() if one.kid == key.kid), None)
        return ago(times.dies_at(known) if known else None)

    @display(description=gettext_lazy("Created"), ordering="created_at")
    def shown_created(self, key: SigningKey) -> SafeString:
        return ago(key.created_at)

    @display(description=gettext_lazy("Current since"), ordering="promoted_at")
    def shown_promoted(self, key: SigningKey) -> SafeString:
        return ago(key.promoted_at or key.promote_at)

    @display(description=gettext_lazy("Retired"), ordering="retired_at")
    def shown_retired(self, key: SigningKey) -> SafeString:
        return ago(key.retired_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        about = standing_of_rotation() | {"may_rotate": self.has_rotate_permission(request)}
        if settings.JWT_KEYS_DIR and self.has_view_permission(request):
            return self._page(request, "gatehouse/key_files.html", _("Signing keys"), lines=_lines(), **about)
        return super().changelist_view(request, (extra_context or {}) | about)

    # --- what may be done --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        inside = self.admin_site.admin_view
        return [
            path("rotate/", inside(self.rotate), name="accounts_signingkey_rotate"),
            path("prepare/", inside(self.prepare), name="accounts_signingkey_prepare"),
            *super().get_urls(),
        ]

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.rotate_keys")

    def rotate(self, request: HttpRequest) -> HttpResponse:
        """Ask how, then let the next key take over."""
        if page := self._refusal(request):
            return page
        about = standing_of_rotation()
        waiting = about["waiting"]
        ready_at = times.ready_at(waiting) if waiting else timezone.now() + times.PUBLISH
        ready = ready_at <= timezone.now()
        form = RotationForm(request.POST or None, initial={"algorithm": settings.JWT_ALGORITHM})
        if form.is_bound and form.is_valid():
            try:
                key = services.rotate_keys(
                    by=acting(request),
                    force=request.POST.get("force") == "yes",
                    current=request.POST.get("current", ""),
                    algorithm=form.cleaned_data["algorithm"],
                )
            except GatehouseError as problem:
                form.add_error(None, str(problem))
            else:
                return self._done(request, _told(key))
        at = time_format(timezone.localtime(ready_at), "H:i")
        button = _("Rotate now") if ready else _("Rotate at %(time)s") % {"time": at}
        more = about | {"form": form, "ready": ready, "ready_at": timezone.localtime(ready_at), "button": button}
        return self._page(request, "gatehouse/rotate_keys.html", _("Rotate the signing keys"), **more)

    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Make the next key ahead of its time."""
        if page := self._refusal(request):
            return page
        about = standing_of_rotation()
        form = RotationForm(request.POST or None, initial={"algorithm": settings.JWT_ALGORITHM})
        if form.is_bound and form.is_valid():
            try:
                key = services.prepare_key(by=acting(request), algorithm=form.cleaned_data["algorithm"])
            except GatehouseError as problem:
                form.add_error(None, str(problem))
            else:
                return self._done(request, _("The key %(kid)s… waits.") % {"kid": key.kid[:12]})
        more = about | {"form": form, "preparing": True, "waiting": None, "button": _("Prepare the next key")}
        return self._page(request, "gatehouse/rotate_keys.html", _("Prepare the next key"), **more)

    @admin.action(description=gettext_lazy("Retire a key that waits…"), permissions=["rotate"])
    def retire(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> HttpResponse | None:
        chosen = list(queryset.filter(state=SigningKey.State.NEXT))
        question = ngettext("Retire %(n)d key", "Retire %(n)d keys", len(chosen)) % {"n": len(chosen)}
        note = _("They will never sign.")
        return self._end(request, chosen, question, note, stolen=False)

    @admin.action(description=gettext_lazy("Stolen: refuse at once…"), permissions=["rotate"])
    def distrust(self, request: HttpRequest, queryset: QuerySet[SigningKey]) -> HttpResponse | None:
        chosen = list(queryset)
        question = ngettext("Refuse %(n)d key at once", "Refuse %(n)d keys at once", len(chosen)) % {"n": len(chosen)}
        note = _(
            "What they signed is refused within half a minute; programs refresh their tokens, nobody is signed out. "
            "Where the key that signs is among them, another one signs at once."
        )
        return self._end(request, chosen, question, note, stolen=True)

    def _end(
        self, request: HttpRequest, chosen: list[SigningKey], question: str, note: str, *, stolen: bool
    ) -> HttpResponse | None:
        if not chosen:
            self.message_user(request, _("None of these keys waits."), messages.WARNING)
            return None
        if page := ask(request):
            return page
        touched = [
            format_html('<span class="gh-mono">{}…</span> {}', one.kid[:24], _state(one.state)) for one in chosen
        ]
        answer = confirmation(self, request, chosen, question=question, touched=touched, button=question, note=note)
        if not isinstance(answer, Confirmed):
            return answer
        # the one that signs last: its successor must not be one that is to go as well
        for one in sorted(chosen, key=lambda key: key.state == SigningKey.State.CURRENT):
            services.retire_key(by=acting(request), kid=one.kid, stolen=stolen, reason=answer.reason)
        number = len(chosen)
        said = ngettext("%(n)d key is out of use.", "%(n)d keys are out of use.", number) % {"n": number}
        self.message_user(request, said, messages.SUCCESS)
        return None

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Refuse who may not; for keys in files say who can, or ask again who is there before something is done."""
        if not self.has_rotate_permission(request):
            raise PermissionDenied
        if settings.JWT_KEYS_DIR:
            self.message_user(request, str(KeysInFiles(folder=settings.JWT_KEYS_DIR)), messages.ERROR)
            return redirect("admin:accounts_signingkey_changelist")
        return ask(request) if request.method == "POST" else None

    def _page(self, request: HttpRequest, template: str, title: str, **more: Any) -> HttpResponse:
        about = self.admin_site.each_context(request) | {"title": title, "opts": self.opts} | more
        return TemplateResponse(request, template, about)

    def _done(self, request: HttpRequest, said: str) -> HttpResponse:
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:accounts_signingkey_changelist")


def standing_of_rotation() -> dict[str, Any]:
    """How old the key is that signs, and what comes next: for the page of keys and the health page."""
    known = _known()
    current = next((key for key in known if key.state is State.CURRENT), None)
    old = current is not None and times.is_old(current)
    return {
        "current": current,
        "waiting": next((key for key in reversed(known) if key.state is State.NEXT), None),
        "takes_over": next((key for key in known if key.promote_at), None),
        "days": (timezone.now() - times.signs_since(current)).days if current else 0,
        "limit": settings.JWT_KEY_ROTATE_DAYS,
        "old": old,
        "state": badge(_("time to rotate"), "warn") if old else badge(_("in order"), "ok"),
        "by_itself": settings.JWT_KEY_AUTO_ROTATE and not settings.JWT_KEYS_DIR,
        "in_files": settings.JWT_KEYS_DIR,
        "problems": keys.problems(),
        "meanings": [(_state(state), meaning) for state, meaning in MEANINGS.items()],
    }


def _known() -> list[Key]:
    try:
        return keys.store().load()
    except ImproperlyConfigured:
        return []  # `keys.problems` says why


def _lines() -> list[dict[str, Any]]:
    return [
        {
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": _state(key.state),
            "created": ago(key.created_at),
            "promoted": ago(key.promoted_at),
            "retired": ago(key.retired_at),
        }
        for key in reversed(_known())
    ]


def _state(state: str) -> SafeString:
    return badge(SigningKey.State(state).label, TONES.get(state, "idle"))


def _told(key: Key) -> str:
    if key.promote_at is None:
        return _("The key %(kid)s… signs from now on.") % {"kid": key.kid[:12]}
    at = time_format(timezone.localtime(key.promote_at), "H:i")
    return _("The key %(kid)s… takes over by itself at %(time)s.") % {"kid": key.kid[:12], "time": at}
