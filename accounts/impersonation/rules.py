"""What whoever acts as somebody else may ask for.

Everything is asked by the name of its path: what is about people's own sign-in is for themselves, whatever they chose, and a
new page or call there is refused until it is named here.
"""

from django.http import HttpRequest

from accounts import errors
from accounts.impersonation.state import may_write
from accounts.models import LoginSession, User

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ABOUT_ONESELF = ("auth-", "dashboard:", "own_")
"""How the names of paths begin that are about people's own sign-in."""
HARMLESS = frozenset({"auth-me", "dashboard:health", "dashboard:pulse", "dashboard:away_script", "dashboard:away"})
"""Of these, what shows nothing but what the subject sees: for reading."""
WAYS_OUT = frozenset(
    {"auth-impersonation", "auth-logout", "auth-refresh", "dashboard:end_impersonation", "admin:logout"}
)
"""Stopping; and what is done with the session itself, which is the actor's."""
OF_THE_BROWSER = frozenset({"set_language"})
NEVER = frozenset({"user-impersonate", "admin:accounts_user_impersonate", "admin:login", "admin:password_change_done"})


def ensure_may_ask(request: HttpRequest, session: LoginSession, user: User) -> None:
    """Pass silently when nobody acts as `user`, or when whoever does may ask for this.

    :raises NotWhileActing: for what is the person's own business.
    :raises OnlyReading: for what might change something, unless they chose to and may.
    """
    if user.impersonator is None:
        return
    name = request.resolver_match.view_name if request.resolver_match else ""
    reads = request.method in SAFE
    if name in WAYS_OUT or name in OF_THE_BROWSER:
        return
    if name in NEVER or (name.startswith(ABOUT_ONESELF) and not (reads and name in HARMLESS)):
        raise errors.NotWhileActing
    if not reads and not may_write(session, user):
        raise errors.OnlyReading(name=user.get_short_name())


def is_way_out(request: HttpRequest) -> bool:
    """Is this how one stops? Then it does not matter that there is nothing left to stop."""
    return bool(request.resolver_match and request.resolver_match.view_name in WAYS_OUT)
