"""Who stands above whom, and which people somebody may see."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef

from accounts.models import ApiToken, LoginSession, Role, User, UserQuerySet

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
    """The people that `user` may see: the one place where lists, API, exports and sockets start.

    Everybody with the permission sees everybody for now; scopes by department narrow it here.
    """
    everybody = User.objects.get_queryset()
    return everybody if getattr(user, "is_active", False) else everybody.none()


class RankBackend(BaseBackend):
    """Answers permissions about an object: the plain permission, and rank above the person concerned."""

    def has_perm(self, user_obj: "AbstractBaseUser | AnonymousUser", perm: str, obj: "Model | None" = None) -> bool:
        if obj is None or not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        return user_obj.has_perm(perm) and self._reaches(user_obj, perm, obj)

    def _reaches(self, user: User, perm: str, obj: "Model") -> bool:
        looks_only = perm.split(".")[-1].startswith("view_")
        if looks_only or user.is_superuser:
            return True
        match obj:
            case User():
                return outranks(user, obj)
            case LoginSession():
                return outranks(user, obj.user)
            case ApiToken():
                return outranks(user, obj.owner)
            case Role():
                return user.rank > obj.rank
            case Group():
                role = Role.objects.filter(group=obj).first()
                return role is not None and user.rank > role.rank
        return True
