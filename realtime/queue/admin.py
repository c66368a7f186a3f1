"""Messages of the queues that could not be delivered, in the back office: read, deliver again, discard."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from project.core.admin import Confirmed, ModelAdmin, ReadOnlyAdmin, Tone, ago, badge, confirmation
from project.core.errors import GatehouseError
from realtime import services
from realtime.models import DeadLetter
from realtime.queue import dead

SHOWN_CHARACTERS = 80
TONES: dict[str, Tone] = {"waiting": "warn", "delivered": "ok", "discarded": "idle"}


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin, ModelAdmin[DeadLetter]):
    """What lay on a queue and could not be delivered, why, and what became of it."""

    list_display = ("shown_message", "shown_reason", "source", "shown_state", "shown_when")
    list_display_links = ("shown_message",)
    list_filter = ("state", "reason", "source", ("created_at", RangeDateTimeFilter))
    search_fields = ("message_id", "body", "detail")
    search_help_text = gettext_lazy("Message id, or a part of the message or of the reason")
    actions = ("deliver_again", "discard")
    actions_detail = ("deliver_this_again", "discard_this")
    fieldsets = (
        (None, {"fields": ("shown_state", "shown_reason", "shown_detail", "attempts")}),
        (gettext_lazy("Message"), {"fields": ("message_id", "source", "size", "is_cut", "shown_body")}),
        (gettext_lazy("Time"), {"fields": ("created_at", "settled_at", "settled_by")}),
    )
    readonly_fields = ("shown_state", "shown_reason", "shown_detail", "shown_body")
    empty_state = gettext_lazy("Every message of the queues could be delivered. One that cannot be is set aside here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        return services.dead_letters(by=request.user)

    @display(description=gettext_lazy("Message"))
    def shown_message(self, letter: DeadLetter) -> SafeString:
        text = " ".join(letter.body[: 2 * SHOWN_CHARACTERS].split())[:SHOWN_CHARACTERS]
        return format_html("<code>{}{}</code>", text, "…" if len(letter.body) > len(text) else "")

    @display(description=gettext_lazy("Reason"), ordering="reason")
    def shown_reason(self, letter: DeadLetter) -> str:
        return letter.get_reason_display()

    @display(description=gettext_lazy("In words"))
    def shown_detail(self, letter: DeadLetter) -> SafeString:
        return format_html('<div class="whitespace-pre-wrap">{}</div>', dead.explained(letter))

    @display(description=gettext_lazy("As it was received"))
    def shown_body(self, letter: DeadLetter) -> SafeString:
        return format_html('<pre class="whitespace-pre-wrap break-all">{}</pre>', _in_lines(letter.body))

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, letter: DeadLetter) -> SafeString:
        return badge(letter.get_state_display(), TONES[letter.state])

    @display(description=gettext_lazy("Set aside"), ordering="created_at")
    def shown_when(self, letter: DeadLetter) -> SafeString:
        return ago(letter.created_at)

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("realtime.retry_deadletter") and self._waits(request, object_id)

    def has_discard_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("realtime.discard_deadletter") and self._waits(request, object_id)

    def _waits(self, request: HttpRequest, object_id: Any) -> bool:
        """Whether there is something to do; of a list, each is asked when it is done."""
        if object_id is None:
            return True
        letter = self.get_object(request, str(object_id))
        return letter is not None and letter.state == "waiting"

    @admin.action(description=gettext_lazy("Deliver again…"), permissions=["retry"])
    def deliver_again(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        """Ask, then deliver; what still cannot be stays, and says why."""
        number = queryset.count()
        question = ngettext("Deliver %(n)d message again", "Deliver %(n)d messages again", number) % {"n": number}
        answer = confirmation(
            self, request, queryset, question=question, touched=self._named(queryset), button=question
        )
        if not isinstance(answer, Confirmed):
            return answer
        done = self._each(request, queryset, lambda one: services.deliver_again(letter=one, by=request.user))
        said = ngettext("%(n)d message was delivered.", "%(n)d messages were delivered.", done) % {"n": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
        return None

    @admin.action(description=gettext_lazy("Discard…"), permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> HttpResponse | None:
        """Ask, then give them up."""
        number = queryset.count()
        question = ngettext("Discard %(n)d message", "Discard %(n)d messages", number) % {"n": number}
        answer = confirmation(
            self, request, queryset, question=question, touched=self._named(queryset), button=question
        )
        if not isinstance(answer, Confirmed):
            return answer
        reason = answer.reason
        done = self._each(request, queryset, lambda one: services.discard(letter=one, by=request.user, reason=reason))
        said = ngettext("%(n)d message was discarded.", "%(n)d messages were discarded.", done) % {"n": done}
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
        return None

    @action(description=gettext_lazy("Deliver again"), icon="replay", url_path="deliver-again", permissions=["retry"])
    def deliver_this_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then deliver the one whose page this is."""
        answer = self.deliver_again(request, self._one(request, object_id))
        return answer or redirect("admin:realtime_deadletter_change", object_id)

    @action(description=gettext_lazy("Discard"), icon="delete", url_path="discard", permissions=["discard"])
    def discard_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then give up the one whose page this is."""
        answer = self.discard(request, self._one(request, object_id))
        return answer or redirect("admin:realtime_deadletter_change", object_id)

    def _one(self, request: HttpRequest, object_id: str) -> QuerySet[DeadLetter]:
        if (letter := self.get_object(request, object_id)) is None:
            raise Http404
        return self.get_queryset(request).filter(pk=letter.pk)

    def _named(self, those: QuerySet[DeadLetter]) -> list[SafeString]:
        return [format_html("{} {}", self.shown_message(one), one.get_reason_display()) for one in those]

    def _each(self, request: HttpRequest, those: QuerySet[DeadLetter], do: Callable[[DeadLetter], Any]) -> int:
        """Do something with each, the oldest first; say why some stay, and return how many did not."""
        done = 0
        problems: list[str] = []
        for one in those.order_by("pk"):
            try:
                do(one)
                done += 1
            except GatehouseError as problem:
                problems.append(_in_words(problem))
        for text in dict.fromkeys(problems):
            self.message_user(request, text, messages.ERROR)
        return done


def _in_words(problem: GatehouseError) -> str:
    fields = "; ".join(f"{name}: {' '.join(map(str, texts))}" for name, texts in problem.fields.items())
    return f"{problem} {fields}".strip()


def _in_lines(body: str) -> str:
    """JSON with its structure shown; anything else as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return body or _("(empty)")
