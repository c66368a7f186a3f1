"""People as rows of a sheet."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from secrets import token_urlsafe
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import scope, sockets, standing, validators
from accounts.models import Department, Reach, Role, User, UserQuerySet, reach_by, reach_of
from accounts.resources.cells import NO_ROLES, Email, InDepartment, Person, Roles, RolesColumn
from accounts.services import guards, passwords
from integrations.sheets import filters
from integrations.sheets.columns import Choice, Column, Flag, Moment, Text
from integrations.sheets.inserting import insert
from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import BAD, CHANGED, NEW, Checked


class Left(models.TextChoices):
    """Who has left, as the list of people asks."""

    YES = "yes"
    ANONYMISED = "anonymised"
    NO = "no"


NEVER = _("rights are never taken from a sheet")
GENDERS = {"未知": 0, "男": 1, "女": 2, "unknown": 0, "male": 1, "female": 2, "m": 1, "f": 2}


def _role(value: Any) -> Any:
    return _known(Role.objects.filter(key=filters.text(value)))


def _department(value: Any) -> Any:
    return _known(Department.objects.without_tree_fields().filter(pk=filters.whole(value)))


def _known(rows: Any) -> Any:
    found = rows.first()
    if found is None:
        raise ValueError
    return found


FILTERS: dict[str, filters.Reader] = {
    "search": filters.text,
    "is_active": filters.flag,
    "is_staff": filters.flag,
    "is_superuser": filters.flag,
    "gender": filters.one_of(User.Gender),
    "department": _department,
    "role": _role,
    "second_factor": filters.flag,
    "ids": filters.ids,
    "left": filters.one_of(Left),
}


class UserResource(SheetResource):
    """People: found by user name, passwords for new ones only, no rights but roles below one's own rank."""

    title = _("users")
    import_permissions = ("accounts.add_user", "accounts.change_user")
    export_permission = "accounts.view_user"
    related = ("department", "manager")
    prefetched = ("groups__role__group",)
    bookkeeping = ("auth_epoch", "perm_epoch")
    goes_along = ("accounts.User_groups", "accounts.PasswordLink", "accounts.Mail")
    quick = True
    refused = (
        Column(
            "id", _("user id"), aliases=("用户Id", "user id", "编号", "pk"), never=_("ids are given by this system")
        ),
        Column("is_superuser", _("superuser"), aliases=("超级管理员", "超级用户", "superuser status"), never=NEVER),
        Column("user_permissions", _("user permissions"), aliases=("权限", "permissions"), never=NEVER),
        Column("groups", _("groups"), aliases=("用户组",), never=NEVER),
    )

    username = Column(
        "username",
        _("user name"),
        aliases=("用户名", "用户名称", "账号", "登录名", "user", "login"),
        required=True,
        width=20,
        example="wangxiaoming",
        note=_(
            "6 to 30 letters and digits. Rows are matched by it: a name that is there already is changed, not added."
        ),
    )
    real_name = Column(
        "real_name", _("real name"), aliases=("姓名", "真实姓名", "name", "full name"), example=_("Wang Xiaoming")
    )
    nickname = Column("nickname", _("nickname"), aliases=("昵称",))
    password = Column(
        "password",
        _("password"),
        aliases=("密码", "登录密码"),
        secret=True,
        note=_("For new people only. Left empty, they cannot sign in until a password is set."),
    )
    gender = Column(
        "gender",
        _("gender"),
        aliases=("性别", "sex"),
        widget=Choice(User.Gender, aliases=GENDERS, empty=0),
        width=10,
        example=User.Gender.FEMALE.label,
    )
    phone = Column(
        "phone", _("phone"), aliases=("手机", "手机号", "电话", "mobile"), widget=Text(null=True), example="13800000000"
    )
    email = Column(
        "email",
        _("mail address"),
        aliases=("邮箱", "电子邮箱", "email", "e-mail"),
        widget=Email(),
        width=28,
        example="wang@example.com",
    )
    department = Column(
        "department",
        _("department"),
        aliases=("部门", "所属部门"),
        widget=InDepartment(),
        width=28,
        note=_("A name, or the path with slashes where the name occurs more than once."),
    )
    manager = Column(
        "manager", _("manager"), aliases=("上级", "主管", "直属上级"), widget=Person(), note=_("A user name.")
    )
    roles = RolesColumn(
        "roles", _("roles"), aliases=("角色",), widget=Roles(), many=True, width=24, note=_("Several with commas.")
    )
    is_staff = Column("is_staff", _("staff"), aliases=("职员", "后台用户"), widget=Flag(), readonly=True, width=10)
    is_active = Column("is_active", _("active"), aliases=("启用", "有效"), widget=Flag(), readonly=True, width=10)
    date_joined = Column("date_joined", _("created"), aliases=("创建时间",), widget=Moment(), readonly=True, width=20)

    class Meta:
        model = User
        fields = (
            "username",
            "real_name",
            "nickname",
            "password",
            "gender",
            "phone",
            "email",
            "department",
            "manager",
            "roles",
            "is_staff",
            "is_active",
            "date_joined",
        )
        import_id_fields = ("username",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._spelt_otherwise: Set[str] = set()
        self._reaches: dict[tuple[frozenset[int], int | None], Reach] = {}
        self.column("manager").widget.people = self.queryset()

    def queryset(self) -> UserQuerySet:
        return scope.people(self.actor)

    def filtered(self, given: Mapping[str, Any]) -> UserQuerySet:
        """The people of the list that was filtered so: search, is_active, department (id), role (key), …."""
        people = self.queryset()
        for name, value in filters.asked(given, FILTERS).items():
            people = self._narrowed(people, name, value)
        return people.distinct()

    def _narrowed(self, people: UserQuerySet, name: str, value: Any) -> UserQuerySet:
        match name:
            case "search":
                for word in filters.words(value):
                    people = people.search(word)
                return people
            case "role":
                return people.filter(groups__role=value)
            case "ids":
                return people.filter(pk__in=value)
            case "second_factor":
                return people.filter(second_factor__confirmed_at__isnull=not value)
            case "left":
                if value == Left.ANONYMISED:
                    return people.filter(anonymised_at__isnull=False)
                return people.filter(left_at__isnull=value == Left.NO)
        return people.filter(**{name: value})

    def choices(self, column: Column) -> list[str]:
        if isinstance(column.widget, InDepartment | Roles):
            return column.widget.choices()
        return super().choices(column)

    # --- checking ---

    def load(self, keys: Any) -> dict[str, User]:
        found: dict[str, User] = super().load(keys)
        # to some databases a name in other letters is the same name
        self._spelt_otherwise = found.keys() - set(keys)
        for person in found.values():
            _read_roles(person)
        return found

    def gathered(self, column: Column, keys: Sequence[int]) -> list[frozenset[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        through = User.groups.through.objects.filter(user_id__in=keys, group__role__isnull=False)
        for person, role in through.values_list("user_id", "group__role"):
            found[person].add(role)
        return [frozenset(found[key]) if key in found else NO_ROLES for key in keys]

    def guard(self, instance: User | None, values: Mapping[str, Any]) -> str:
        if instance is not None and not scope.outranks(self.actor, instance):
            return gettext("stands at or above your own rank")
        if instance is not None and instance.anonymised_at is not None:
            return gettext("was anonymised")
        return ""

    def refuse_taken(self, rows: list[Checked]) -> None:
        super().refuse_taken(rows)
        added = {row.key.casefold(): row for row in rows if row.kind == NEW}
        for taken in self._taken([row.key for row in added.values()]):
            if row := added.get(taken.casefold()):
                self.fault(row, self.key.name, gettext("belongs to somebody else already"), taken)

    def _taken(self, names: Sequence[str]) -> Iterable[str]:
        """Names that were not found although they are there: of people out of reach it can only be told that they are."""
        if reach_by(self.actor).everybody:
            return self._spelt_otherwise
        return User.objects.filter(username__in=names).values_list("username", flat=True)

    def validators_of_new(self, column: Column) -> Sequence[Callable[[Any], None]]:
        return [validators.username] if column is self.key else []

    def accept_secret(self, column: Column, value: Any, instance: Any) -> None:
        try:
            validators.password(value)
        except ValidationError:
            try:
                validate_password(value, instance)
            except ValidationError:
                raise ValidationError(
                    gettext(
                        "This password is too weak: 6 to 16 letters and digits with at least one of each will do, "
                        "or {n} and more characters that are on no list of leaked passwords."
                    ).format(n=settings.PASSWORD_MIN_LENGTH)
                ) from None

    def check_row(self, instance: User | None, values: Mapping[str, Any], row: Checked) -> None:
        had = frozenset(role.pk for role in instance.roles) if instance and instance.pk else NO_ROLES
        if "roles" in row.many and not self.trusted:
            self._check_roles(had, row)
        if not self.trusted and row.kind != BAD:
            self._check_place(instance, had, row)
        if "manager" in row.changes and instance:
            try:
                instance.clean()
            except ValidationError as problem:
                self.fault(row, "manager", " ".join(problem.messages), row.values.get("manager"))

    def _check_roles(self, had: frozenset[int], row: Checked) -> None:
        if self.actor.is_superuser:
            return
        known = self.column("roles").widget.known
        for pk in had ^ row.many["roles"]:
            role = known.get(pk)
            if role and role.rank >= self.actor.rank:
                reason = gettext("the role “{name}” stands at or above your own rank").format(name=role.group.name)
                self.fault(row, "roles", reason, row.values.get("roles"))
                return

    def _check_place(self, instance: User | None, had: frozenset[int], row: Checked) -> None:
        """Who is new or moves must end in the actor's reach, and reach nobody whom the actor does not."""
        if self.actor.reach.everybody:
            return
        department = instance.department_id if instance else getattr(row.given.get("department"), "pk", None)
        is_new = instance is None or not instance.pk
        if (is_new or "department" in row.changes) and not self.actor.reach.covers_departments([department]):
            reason = gettext("put people into departments whose people you reach")
            self.fault(row, "department", reason, row.values.get("department"))
        elif "department" in row.changes or "roles" in row.many:
            gained = self._reach(row.many.get("roles", had), department)
            if not self.actor.reach.includes(gained):
                reason = gettext("would reach people whom you do not reach yourself")
                self.fault(row, "roles" if "roles" in row.many else "department", reason, row.values.get("roles"))

    def _reach(self, roles: frozenset[int], department: int | None) -> Reach:
        """What these roles give in this department; asked once for each that occurs."""
        if (roles, department) not in self._reaches:
            known = self.column("roles").widget.known
            somebody = User(department_id=department)
            self._reaches[roles, department] = reach_of(somebody, [known[pk] for pk in roles if pk in known])
        return self._reaches[roles, department]

    # --- writing ---

    def seal(self, secrets: Mapping[int, Mapping[str, Any]], beat: Callable[[], None]) -> dict[int, dict[str, Any]]:
        """Hash passwords, on every core: a hash is slow on purpose."""
        numbers = [number for number, each in secrets.items() if each.get("password")]
        sealed: dict[int, dict[str, Any]] = {}
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hash") as pool:
            hashes = pool.map(make_password, [secrets[number]["password"] for number in numbers])
            for number, hashed in zip(numbers, hashes, strict=True):
                sealed[number] = {"password": hashed}
                beat()
        return sealed

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        new = [row for row in rows if row.kind == NEW]
        insert(User, [self._fields_of(row, secrets.get(row.number, {})) for row in new])
        self.write_changes([row for row in rows if row.kind == CHANGED])
        names = [row.key for row in new]
        keys = dict(User.objects.filter(username__in=names).values_list("username", "pk"))
        self._write_roles(rows, keys)
        changed = [row.instance.pk for row in rows if row.kind == CHANGED]
        moved = [
            row.instance.pk for row in rows if row.kind == CHANGED and {"roles", "department"} & row.changes.keys()
        ]
        transaction.on_commit(partial(standing.forget_people, changed))
        transaction.on_commit(partial(sockets.regroup, moved))
        return [keys[name] for name in names]

    @staticmethod
    def _fields_of(row: Checked, secrets: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in row.given.items() if name not in row.many}
        # who comes with roles has had them given once
        return fields | {"password": secrets.get("password") or _unusable(), "perm_epoch": int("roles" in row.many)}

    def _write_roles(self, rows: Sequence[Checked], keys: Mapping[str, int]) -> None:
        known: dict[int, Role] = self.column("roles").widget.known
        members = User.groups.through
        gone, come, moved, new = Q(), [], [], []
        for row in rows:
            if "roles" not in row.many:
                continue
            if row.kind == NEW:
                new += [{"user_id": keys[row.key], "group_id": known[pk].group_id} for pk in row.many["roles"]]
                continue
            had = self.column("roles").value(row.instance)
            moved.append(row.instance.pk)
            lost = [known[pk].group_id for pk in had - row.many["roles"] if pk in known]
            gone |= Q(user_id=row.instance.pk, group_id__in=lost) if lost else Q()
            come += [members(user=row.instance, group_id=known[pk].group_id) for pk in row.many["roles"] - had]
        if gone:
            members.objects.filter(gone).delete()
        insert(members, new)
        members.objects.bulk_create(come, ignore_conflicts=True)
        User.objects.filter(pk__in=moved).update(perm_epoch=F("perm_epoch") + 1)

    def unwrite(self, keys: Sequence[Any]) -> None:
        User.objects.filter(pk__in=keys).delete()

    def ensure_may_invite(self) -> None:
        guards.ensure_person(self.actor)

    def invite(self, keys: Sequence[Any]) -> int:
        invited = 0
        for person in self.queryset().active().filter(pk__in=keys).exclude(email=""):
            if not person.has_usable_password() and scope.outranks(self.actor, person):
                passwords.invite(user=person, by=self.actor)
                invited += 1
        return invited


def _unusable() -> str:
    """What `make_password(None)` makes, but drawn at once instead of letter by letter."""
    return UNUSABLE_PASSWORD_PREFIX + token_urlsafe(UNUSABLE_PASSWORD_SUFFIX_LENGTH * 3 // 4)


def _read_roles(person: User) -> None:
    """Fill the person's `roles` from what was prefetched, so that nobody is asked for one by one."""
    roles = [role for group in person.groups.all() if (role := getattr(group, "role", None))]
    person.__dict__["roles"] = sorted(roles, key=lambda role: (-role.rank, role.key))
