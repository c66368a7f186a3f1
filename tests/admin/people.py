"""How staff look after people in the back office."""

from accounts import sessions
from accounts.models import LoginSession, User

LIST = "/admin/accounts/user/"


def form_of(person: User, **changes: object) -> dict[str, object]:
    """What the form of `person` sends when only `changes` were made."""
    fields = {
        "username": person.username,
        "real_name": person.real_name,
        "nickname": person.nickname,
        "gender": person.gender,
        "phone": person.phone or "",
        "email": person.email,
        "department": person.department_id or "",
        "manager": person.manager_id or "",
        "language": person.language,
        "time_zone": person.time_zone,
        "is_active": "on" if person.is_active else "",
        "roles": [role.pk for role in person.roles],
    }
    inlines = {
        f"{name}-{what}": 0 for name in ("login_sessions", "login_events") for what in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    sent = fields | inlines | changes
    return {name: value for name, value in sent.items() if value != ""}


def change(browser, person: User, **changes: object):
    return browser.post(f"{LIST}{person.pk}/change/", form_of(person, **changes), follow=True)


def fresh(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def signed_in(person: User) -> LoginSession:
    return sessions.open(user=person, scope="api", device="Pixel 9", ip="203.0.113.7")
