"""Who stands above whom, and which people somebody may see."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef

from accounts.models import ApiToken, Department, LoginEvent, LoginSession, Role, User, UserQuerySet, reach_by

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import Model


def outranks(actor: Any, subject: Any) -> bool:
    """Tell whether `actor` stands above `subject`; a superuser stands above all, nobody else above themselves."""
    if not getattr(actor, "is_active", False):
        return False
    if actor.is_superuser:
        return True
    return not subject.is_superuser and bool(actor.rank > subject.rank)


def below(actor: Any, people: UserQuerySet) -> UserQuerySet:
    """Those of `people` that `actor` outranks, asked of the database at once."""
    if not getattr(actor, "is_active", False):
        return people.none()
    if actor.is_superuser:
        return people
    if not actor.rank:
        return people.none()  # nobody stands below those without a role
    as_high = Role.objects.filter(rank__gte=actor.rank, group__user=OuterRef("pk"))
    return people.filter(~Exists(as_high), is_superuser=False)


def people(user: Any) -> UserQuerySet:
    """The people that `user` may see: the one place where lists, API, exports and sockets start."""
    return User.objects.get_queryset().seen_by(user)


def covers(user: Any, subject: User) -> bool:
    """Tell whether `user` may see `subject`, without asking for each."""
    return reach_by(user).covers(subject)


def may_act_on(actor: Any, subject: User) -> bool:
    """Tell whether `subject` is somebody whom `actor` sees and stands above."""
    return covers(actor, subject) and outranks(actor, subject)


def seen_among(user: Any, user_ids: Iterable[int]) -> set[int]:
    """Return those of `user_ids` that `user` may see; 0, nobody in particular, is for who sees everybody."""
    asked = set(user_ids)
    if reach_by(user).everybody:
        return asked
    return set(people(user).filter(pk__in=asked - {0}).values_list("pk", flat=True))


class RankBackend(BaseBackend):
    """Answers permissions about an object: the plain permission, the person concerned in reach, and rank above them."""

    def has_perm(self, user_obj: "AbstractBaseUser | AnonymousUser", perm: str, obj: "Model | None" = None) -> bool:
        if obj is None or not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return user_obj.has_perm(perm) and self._reaches(user_obj, perm, obj)

    def _reaches(self, user: User, perm: str, obj: "Model") -> bool:
        looks_only = perm.split(".")[-1].startswith("view_")
        match obj:
            case User() | LoginSession() | LoginEvent() | ApiToken():
                subject = person_of(obj)
                if subject is None:
                    return user.reach.everybody
                return covers(user, subject) and (looks_only or outranks(user, subject))
            case Department():
                return looks_only or user.reach.covers_departments([obj.pk])
            case Role():
                return looks_only or user.is_superuser or user.rank > obj.rank
            case Group():
                role = Role.objects.filter(group=obj).first()
                return looks_only or user.is_superuser or (role is not None and user.rank > role.rank)
        return True


def person_of(row: User | LoginSession | LoginEvent | ApiToken) -> User | None:
    """Return the person whom a row is about."""
    match row:
        case User():
            return row
        case ApiToken():
            return row.owner
    return row.user
