"""What staff do to many people at once: each action says whom it touches, asks, and tells whom it left alone."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import services
from accounts.admin import shown
from accounts.admin.forms import acting
from accounts.admin.sessions import end
from accounts.models import LoginSession, User
from accounts.services.people import may_touch
from project.core import audit
from project.core.admin import Confirmed, ModelAdmin, confirmation

SHOWN_AT_MOST = 50


class BulkActions(ModelAdmin[User]):
    """Actions on the people ticked in the list."""

    actions = ("end_all_sessions", "deactivate", "activate")

    @admin.action(description=gettext_lazy("End all sessions…"), permissions=["end"])
    def end_all_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        live = LoginSession.objects.live().filter(user__in=queryset.values("pk")).select_related("user")
        return end(self, request, list(live), rows=queryset)

    @admin.action(description=gettext_lazy("Deactivate…"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        chosen = list(queryset.filter(is_active=True))
        mine = may_touch(acting(request), chosen)
        if not mine:
            self.message_user(request, _("None of these can be deactivated by you."), messages.WARNING)
            return None
        question = ngettext("Deactivate %(n)d person", "Deactivate %(n)d people", len(mine)) % {"n": len(mine)}
        answer = confirmation(
            self,
            request,
            mine,
            question=question,
            touched=[shown.person(one) for one in mine[:SHOWN_AT_MOST]],
            button=question,
            note=_("They are signed out everywhere at once and cannot sign in any more; their data stay."),
        )
        if not isinstance(answer, Confirmed):
            return answer
        for one in mine:
            services.deactivate_user(user=one, by=acting(request))
        audit.record(
            "users.deactivated", actor=request.user, reason=answer.reason, people=[one.username for one in mine]
        )
        done = ngettext("%(n)d person is deactivated.", "%(n)d people are deactivated.", len(mine)) % {"n": len(mine)}
        self.message_user(request, done + left_alone(len(chosen) - len(mine)), messages.SUCCESS)
        return None

    @admin.action(description=gettext_lazy("Activate"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        chosen = list(queryset.filter(is_active=False))
        mine = may_touch(acting(request), chosen)
        for one in mine:
            services.activate_user(user=one, by=acting(request))
        done = ngettext("%(n)d person may sign in again.", "%(n)d people may sign in again.", len(mine)) % {
            "n": len(mine)
        }
        self.message_user(
            request, done + left_alone(len(chosen) - len(mine)), messages.SUCCESS if mine else messages.WARNING
        )


def left_alone(number: int) -> str:
    """Say how many of the chosen were not touched, if any."""
    if not number:
        return ""
    return " " + ngettext(
        "%(n)d other ranks as high as you and is left alone.",
        "%(n)d others rank as high as you and are left alone.",
        number,
    ) % {"n": number}
