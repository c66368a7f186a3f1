"""Why may somebody do something? What each role gives them, and what decides about one permission and one person.

Whether they may is asked of `has_perm`, as everywhere; what is collected here only says why.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import scope
from accounts.models import ApiToken, Department, Machine, Reach, Role, User, reach_through


@dataclass(frozen=True)
class Source:
    """Where a permission comes from: a role, a group that is nobody's role, the person's own row, or being a superuser."""

    kind: str
    name: str = ""
    role: Role | None = None

    def __str__(self) -> str:
        match self.kind:
            case "superuser":
                return _("superuser")
            case "direct":
                return _("given to the person directly")
        return self.name


class Part(NamedTuple):
    """What one role adds to the people in reach."""

    role: Role
    reach: Reach
    departments: tuple[str, ...]


@dataclass
class Rights:
    """All that a person may, and where each bit comes from."""

    person: User
    sources: dict[str, list[Source]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    departments: tuple[str, ...] = ()


class Reason(NamedTuple):
    """One thing that was looked at, and whether it speaks for or against."""

    code: str
    allows: bool
    text: str


class Verdict(NamedTuple):
    """Whether somebody may, and why."""

    allowed: bool
    reasons: list[Reason]


def of(person: User) -> Rights:
    """Collect what `person` may at this moment; nothing while they are disabled."""
    effective = person.get_all_permissions()
    given = _given(person)
    found = Rights(person, {name: given[name] for name in sorted(effective)})
    names = {one.pk: one.name for one in Department.objects.without_tree_fields()}
    for role in person.roles:
        reach = reach_through(role, person.department_id)
        found.parts.append(Part(role, reach, _named(reach, names)))
    found.departments = _named(person.reach, names)
    return found


def may(person: User, permission: str, subject: User | None = None, token: ApiToken | None = None) -> Verdict:
    """Tell whether `person` may what `permission` names, to `subject` if one is given, by way of `token` if one is given."""
    asking = Machine.of(token) if token else person
    allowed = asking.has_perm(permission) if subject is None else asking.has_perm(permission, subject)
    return Verdict(allowed and (token is None or token.is_live), [*_why(person, permission, subject, token)])


def known(permission: str) -> bool:
    """Tell whether there is such a permission."""
    named = Permission.objects.annotate(full=Concat("content_type__app_label", Value("."), "codename"))
    return named.filter(full=permission).exists()


# --- collecting -------------------------------------------------------------------------------------------------------


def _given(person: User) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = defaultdict(list)
    roles = {role.group_id: role for role in person.roles}
    for group in person.groups.prefetch_related("permissions__content_type"):
        role = roles.get(group.pk)
        for one in group.permissions.all():
            found[_full(one)].append(Source("role" if role else "group", group.name, role))
    for one in person.user_permissions.select_related("content_type"):
        found[_full(one)].append(Source("direct"))
    if person.is_superuser:
        for one in Permission.objects.select_related("content_type"):
            found[_full(one)].insert(0, Source("superuser"))
    return found


def _full(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _named(reach: Reach, names: dict[int, str]) -> tuple[str, ...]:
    return tuple(sorted(names[one] for one in reach.departments if one in names))


# --- saying why -------------------------------------------------------------------------------------------------------


def _why(person: User, permission: str, subject: User | None, token: ApiToken | None) -> Iterator[Reason]:
    who = person.get_full_name()
    if not person.is_active:
        yield Reason("disabled", False, _("%(who)s is disabled, and may nothing.") % {"who": who})
        return
    sources = _given(person).get(permission, [])
    for source in sources:
        yield Reason(source.kind, True, _giving(source, who))
    if not sources:
        yield Reason("not_given", False, _("No role of %(who)s gives this permission.") % {"who": who})
    if token is not None:
        yield from _by_way_of(token, permission)
    if subject is not None:
        yield from _about(person, permission, subject, token)


def _giving(source: Source, who: str) -> str:
    match source.kind:
        case "superuser":
            return _("%(who)s is a superuser, and may everything.") % {"who": who}
        case "direct":
            return _("The permission is given to %(who)s directly, without a role.") % {"who": who}
        case "group":
            return _("The group %(name)s gives it, which is no role.") % {"name": source.name}
    return _("The role %(name)s gives it.") % {"name": source.name}


def _by_way_of(token: ApiToken, permission: str) -> Iterator[Reason]:
    if not token.is_live:
        yield Reason("token_over", False, _("The token %(name)s is revoked or expired.") % {"name": token.name})
    if permission in token.scopes:
        yield Reason("token", True, _("The token %(name)s may use it.") % {"name": token.name})
    else:
        yield Reason("token_narrower", False, _("The token %(name)s was not given it.") % {"name": token.name})


def _about(person: User, permission: str, subject: User, token: ApiToken | None) -> Iterator[Reason]:
    whom = subject.get_full_name()
    if scope.covers(person, subject):
        yield Reason("in_reach", True, _reaching(person, subject))
    else:
        yield Reason("out_of_reach", False, _("%(whom)s is out of reach of every role.") % {"whom": whom})
    if permission.partition(".")[2].startswith("view_"):
        return
    asking: User = Machine.of(token) if token else person
    if scope.outranks(asking, subject):
        yield Reason("above", True, _("%(whom)s ranks lower.") % {"whom": whom})
    elif person.pk == subject.pk:
        yield Reason("oneself", False, _("Nobody stands above themselves: this needs somebody of a higher rank."))
    elif subject.is_superuser:
        yield Reason("superuser_only", False, _("%(whom)s is a superuser: only superusers may.") % {"whom": whom})
    else:
        ranks = {"whom": whom, "theirs": subject.rank, "own": person.rank}
        text = _("%(whom)s ranks as high or higher: rank %(theirs)d against %(own)d.") % ranks
        yield Reason("not_above", False, text)


def _reaching(person: User, subject: User) -> str:
    whom = subject.get_full_name()
    if person.is_superuser:
        return _("A superuser reaches everybody.")
    if person.pk == subject.pk:
        return _("Everybody reaches themselves.")
    roles = [role.group.name for role in person.roles if reach_through(role, person.department_id).covers(subject)]
    given = pgettext("between the items of a list", ", ").join(roles)
    return _("%(whom)s is in reach through %(roles)s.") % {"whom": whom, "roles": given}


def reach_in_words(reach: Reach, departments: tuple[str, ...]) -> Any:
    """Say whom a reach is about."""
    if reach.everybody:
        return Role.Scope.ALL.label
    if not departments:
        return Role.Scope.SELF.label
    return pgettext("between the items of a list", ", ").join(departments)
