"""Locked out now: who cannot sign in because of too many failures, and how to let them in again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import locked_out, scope, services
from accounts.admin import shown
from accounts.admin.forms import acting
from accounts.admin.sign_ins import LoginEventAdmin
from accounts.locked_out import LockedOut
from accounts.models import LoginEvent, User
from accounts.sign_in import username_as_kept
from integrations.sms import phones
from project.core.admin import Confirmed, ago, badge, confirmation
from project.core.errors import GatehouseError

PERMISSION = "accounts.unlock_loginevent"


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """List the locks that the person who asks may know of."""
    _ensure_may(request)
    page = admin.site.each_context(request) | {
        "title": _("Locked out now"),
        "lines": [_line(request, one) for one in locked_out.seen_by(request.user)],
    }
    return TemplateResponse(request, "gatehouse/locked_out.html", page)


def unlock(request: HttpRequest) -> HttpResponse:
    """Ask, then unlock a name or an address."""
    _ensure_may(request)
    username, ip = request.GET.get("username", ""), request.GET.get("ip", "")
    user = _ensure_seen(request, username, ip)
    answer = confirmation(
        LoginEventAdmin(LoginEvent, admin.site),
        request,
        [],
        question=_("Unlock %(name)s") % {"name": user or username or ip},
        touched=[shown.person(user) if user else username or ip],
        button=_("Unlock"),
        note=_note(user, username),
        back=reverse("dashboard:locked_out"),
    )
    if not isinstance(answer, Confirmed):
        return answer
    try:
        if username:
            services.unlock_name(username=username, by=acting(request), reason=answer.reason)
        else:
            services.unlock_address(ip=ip, by=acting(request), reason=answer.reason)
    except GatehouseError as problem:
        messages.error(request, str(problem))
    except ValidationError as problem:
        raise Http404 from problem
    else:
        messages.success(request, _("%(name)s may try again at once.") % {"name": user or username or ip})
    return redirect("dashboard:locked_out")


def _ensure_may(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _ensure_seen(request: HttpRequest, username: str, ip: str) -> User | None:
    """Return whose the name is; what somebody may not see is not there."""
    if bool(username) == bool(ip):
        raise Http404
    user = locked_out.owner_of(username_as_kept(username)) if username else None
    if user is None and not locked_out.sees_strangers(request.user):
        raise Http404
    if user is not None and not scope.people(request.user).filter(pk=user.pk).exists():
        raise Http404
    if user is not None and not request.user.has_perm(PERMISSION, user):
        raise PermissionDenied
    return user


def _note(user: User | None, username: str) -> str:
    if user is not None:
        return _(
            "They may try again at once, from everywhere. Make sure that it was they who failed: their passwords may be guessed."
        )
    if username:
        return _("Nobody has this user name: somebody mistyped theirs, or names are being guessed.")
    return _("Everybody at this address may try again at once. Names that are locked stay so.")


def _line(request: HttpRequest, lock: LockedOut) -> dict[str, Any]:
    may = lock.user is None or request.user.has_perm(PERMISSION, lock.user)
    about = {"username": lock.username} if lock.username else {"ip": lock.ip}
    return {
        "who": _who(lock),
        "what": _what(lock),
        "failures": lock.failures,
        "place": shown.place(lock.last),
        "program": shown.program_of(lock.last),
        "since": ago(lock.since),
        "until": ago(lock.until),
        "unlock": f"{reverse('dashboard:unlock')}?{urlencode(about)}" if may else "",
    }


def _who(lock: LockedOut) -> SafeString:
    if lock.user is not None:
        by_phone = lock.username != lock.user.username
        what = _("codes to %(phone)s") % {"phone": phones.masked(lock.username)} if by_phone else ""
        return format_html('{} <span class="gh-faint">{}</span>', shown.person(lock.user), what)
    name = lock.username or lock.ip
    below = _("nobody has this name") if lock.username else _("an address, for all names")
    return format_html(
        '<span><span class="gh-person-name">{}</span><span class="gh-person-sub">{}</span></span>', name, below
    )


def _what(lock: LockedOut) -> SafeString:
    if not lock.username:
        return badge(_("address locked"), "bad", icon="lock")
    if lock.ip:
        return badge(_("locked at this address"), "warn", icon="lock")
    return badge(_("locked everywhere"), "bad", icon="lock")
