"""What an export of people is narrowed by: the filters of their list."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Role, User
from accounts.models.people import with_phone
from integrations.sheets import filters
from integrations.sheets.filters import Filter


class Left(models.TextChoices):
    """Who has left, as the list of people asks."""

    YES = "yes", _("have left")
    ANONYMISED = "anonymised", _("anonymised")
    NO = "no", _("are here")


def _role(value: Any) -> Any:
    return _known(Role.objects.filter(key=filters.text(value)))


def _department(value: Any) -> Any:
    return _known(Department.objects.without_tree_fields().filter(pk=filters.whole(value)))


def _known(rows: Any) -> Any:
    found = rows.first()
    if found is None:
        raise ValueError
    return found


def _has_second_factor(has: bool) -> Q:
    return Q(second_factor__confirmed_at__isnull=not has)


def _has_left(value: str) -> Q:
    if value == Left.ANONYMISED:
        return Q(anonymised_at__isnull=False)
    return Q(left_at__isnull=value == Left.NO)


def _searched(sought: str) -> Q:
    """As the list searches: each word in one of the fields, or all of it as part of a phone number."""
    return filters.anywhere(User.SEARCHED, sought) | with_phone(sought)


FILTERS: dict[str, Filter] = {
    filters.SEARCH: (_searched, filters.text),
    "is_active": ("is_active", filters.flag),
    "is_staff": ("is_staff", filters.flag),
    "is_superuser": ("is_superuser", filters.flag),
    "gender": ("gender", filters.one_of(User.Gender)),
    "department": ("department", _department),
    "role": ("groups__role", _role),
    "second_factor": (_has_second_factor, filters.flag),
    "left": (_has_left, filters.one_of(Left)),
}
TITLES = {
    "is_superuser": _("superuser"),
    "role": _("role"),
    "second_factor": _("second factor"),
    "left": _("left"),
}
