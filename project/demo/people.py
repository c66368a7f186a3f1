"""Departments, roles and people of the invented company."""

import random
import secrets
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from accounts.models import Department, Role, User
from project.demo import names

TREE: dict[str, tuple[str, ...]] = {
    "总经办 Executive office": (),
    "产品研发中心 Product and engineering": (
        "平台组 Platform",
        "客户端组 Clients",
        "质量保障 Quality",
        "产品设计 Design",
    ),
    "运营中心 Operations": ("客户服务 Customer care", "数据分析 Data", "市场推广 Marketing"),
    "销售中心 Sales": ("华东区 East China", "华南区 South China", "海外 Overseas"),
    "职能中心 Central services": ("人力资源 People", "财务 Finance", "法务 Legal", "行政 Facilities"),
}
WEIGHTS = {
    "平台组 Platform": 5,
    "客户端组 Clients": 4,
    "客户服务 Customer care": 6,
    "华东区 East China": 5,
    "华南区 South China": 4,
    "总经办 Executive office": 1,
    "法务 Legal": 1,
}

ROLES: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "demo-administrator": (
        "平台管理员 Platform administrator",
        90,
        # the audit trail is for reading, whoever one is
        ("accounts", "realtime", "sheets", "jenkins", "django_celery_beat", "auditlog.view"),
    ),
    "demo-people": (
        "人事主管 People lead",
        60,
        ("accounts.view", "accounts.add", "accounts.change", "accounts.end", "sheets", "realtime.view"),
    ),
    "demo-lead": ("部门负责人 Department lead", 40, ("accounts.view_user", "accounts.view_department", "realtime")),
    "demo-operator": (
        "值班运维 Operator",
        30,
        ("realtime", "jenkins.view", "jenkins.build", "auditlog.view", "django_celery_beat.view", "accounts.view"),
    ),
    "demo-auditor": ("审计员 Auditor", 20, ("auditlog.view", "accounts.view")),
    "demo-member": ("普通员工 Member", 5, ()),
}
SCOPES = {"demo-lead": Role.Scope.DEPARTMENT_TREE, "demo-member": Role.Scope.SELF}
JOINED_DAYS = 1400
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 (an alphabet without look-alikes)


class Account(NamedTuple):
    """Somebody of the company one can sign in as."""

    username: str
    password: str
    what: str


def local(name: str) -> str:
    """Return the half of "中文 English" that this installation speaks."""
    chinese, _space, english = name.partition(" ")
    return chinese if settings.LANGUAGE_CODE.startswith("zh") else english


def departments() -> list[Department]:
    """Make the tree of departments."""
    made: list[Department] = []
    for place, (name, children) in enumerate(TREE.items()):
        top = Department.objects.create(name=local(name), position=place * 10)
        made.append(top)
        made += [
            Department.objects.create(name=local(child), parent=top, position=number * 10)
            for number, child in enumerate(children)
        ]
    return made


def roles() -> dict[str, Role]:
    """Make the roles with their permissions."""
    found = {}
    everything = list(Permission.objects.select_related("content_type"))
    for key, (name, rank, allowed) in ROLES.items():
        group = Group.objects.create(name=local(name))
        group.permissions.set([one for one in everything if _covered(one, allowed)])
        found[key] = Role.objects.create(group=group, key=key, rank=rank, scope=SCOPES.get(key, Role.Scope.ALL))
    return found


def people(
    tree: list[Department], roles: dict[str, Role], number: int, chance: random.Random
) -> tuple[list[User], list[Account]]:
    """Make `number` people with their places, roles and managers."""
    leaves = [one for one in tree if one.parent_id or not one.people.exists()]
    sizes = {local(name): size for name, size in WEIGHTS.items()}
    weights = [sizes.get(one.name, 2 if one.parent_id else 0.4) for one in leaves]
    rows = [
        _person(name, chance.choices(leaves, weights)[0], place, chance)
        for place, name in enumerate(names.invent(number, chance))
    ]
    User.objects.bulk_create(rows)
    made = {
        one.username: one for one in User.objects.get_queryset().filter(username__in=[one.username for one in rows])
    }
    found = [made[one.username] for one in rows]
    _lead(found, tree)
    _give_roles(found, roles, chance)
    return found, _accounts(found, roles)


def _covered(permission: Permission, allowed: tuple[str, ...]) -> bool:
    name = f"{permission.content_type.app_label}.{permission.codename}"
    if permission.content_type.app_label in {"admin", "auth", "contenttypes", "sessions"}:
        return False
    return any(name == one or name.startswith((f"{one}_", f"{one}.")) for one in allowed)


def _person(name: names.Name, department: Department, place: int, chance: random.Random) -> User:
    joined = timezone.now() - timedelta(days=chance.randrange(20, JOINED_DAYS), minutes=chance.randrange(600))
    return User(
        username=name.user,
        real_name=name.real,
        nickname=name.nick,
        gender=name.gender,
        email=f"{name.user}@example.com",
        phone=f"1900000{place:04d}" if chance.random() < 0.85 else None,
        department=department,
        language=chance.choices(("zh-hans", "en", ""), (6, 1, 3))[0],
        is_active=chance.random() > 0.05,
        date_joined=joined,
        password=UNUSABLE_PASSWORD_PREFIX + get_random_string(40),
    )


def _lead(people: list[User], tree: list[Department]) -> None:
    """Give every department a head, and everybody their head as manager."""
    heads: dict[int, User] = {}
    for one in people:
        if one.is_active and one.department_id and one.department_id not in heads:
            heads[one.department_id] = one
    for department in tree:
        department.head = heads.get(department.pk)
    Department.objects.bulk_update(tree, ["head"])
    chief = heads.get(tree[0].pk, people[0])
    above = {one.pk: one.parent_id for one in tree}
    for one in people:
        head = heads.get(one.department_id or 0, chief)
        if head is one:
            head = heads.get(above.get(one.department_id or 0) or 0, chief)
        one.manager = None if head is one else head
    User.objects.bulk_update(people, ["manager"])


def _give_roles(people: list[User], roles: dict[str, Role], chance: random.Random) -> None:
    heads = {one.manager_id for one in people}
    links = []
    for one in people:
        key = "demo-lead" if one.pk in heads else "demo-member"
        links.append((one, roles[key]))
        one.is_staff = key == "demo-lead"
    for key, number in (("demo-people", 4), ("demo-operator", 6), ("demo-auditor", 2), ("demo-administrator", 2)):
        for one in chance.sample([one for one in people if one.is_active and not one.is_staff], number):
            one.is_staff = True
            links.append((one, roles[key]))
    User.objects.bulk_update(people, ["is_staff"])
    through = User.groups.through
    through.objects.bulk_create([through(user_id=one.pk, group_id=role.group_id) for one, role in links])


def _accounts(people: list[User], roles: dict[str, Role]) -> list[Account]:
    """Give three people a password: one who administers, one who cares for people, one who just works here."""
    told = (
        ("demo-administrator", _("administers everything but superusers")),
        ("demo-people", _("cares for people: imports, sessions, roles below")),
        ("demo-member", _("signs in over the API only")),
    )
    found = []
    for key, what in told:
        of_role = User.groups.through.objects.filter(group_id=roles[key].group_id).values_list("user_id", flat=True)
        person = next(one for one in people if one.is_active and one.pk in set(of_role) and _fits(one, key))
        password = "".join(secrets.choice(PASSWORD_LETTERS) for _place in range(12))
        person.password = make_password(password)
        person.save(update_fields=["password"])
        found.append(Account(person.username, password, what))
    return found


def _fits(person: User, key: str) -> bool:
    return person.is_staff != (key == "demo-member")
