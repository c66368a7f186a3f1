"""People as rows of a sheet."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import scope, sockets, standing, validators
from accounts.models import Department, Reach, Role, User, UserQuerySet, reach_of
from accounts.resources.cells import Email, InDepartment, Person, Roles, RolesColumn
from integrations.sheets import filters
from integrations.sheets.columns import Choice, Column, Flag, Moment, Text
from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import BAD, CHANGED, NEW, Checked, Given


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
        note=_(
            "6 to 30 letters and digits. Rows are matched by it: a name that is there already is changed, not added."
        ),
    )
    real_name = Column("real_name", _("real name"), aliases=("姓名", "真实姓名", "name", "full name"))
    nickname = Column("nickname", _("nickname"), aliases=("昵称",))
    password = Column(
        "password",
        _("password"),
        aliases=("密码", "登录密码"),
        secret=True,
        note=_("For new people only. Left empty, they cannot sign in until a password is set."),
    )
    gender = Column(
        "gender", _("gender"), aliases=("性别", "sex"), widget=Choice(User.Gender, aliases=GENDERS, empty=0), width=10
    )
    phone = Column("phone", _("phone"), aliases=("手机", "手机号", "电话", "mobile"), widget=Text(null=True))
    email = Column(
        "email", _("mail address"), aliases=("邮箱", "电子邮箱", "email", "e-mail"), widget=Email(), width=28
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
        for person in found.values():
            _read_roles(person)
        return found

    def export_rows(self, queryset: Any, columns: Sequence[Column]) -> Any:
        for person in self._related(queryset).iterator(chunk_size=1_000):
            _read_roles(person)
            yield [column.cell(person) for column in columns]

    def guard(self, instance: User | None, values: Mapping[str, Any]) -> str:
        if instance is not None and not scope.outranks(self.actor, instance):
            return gettext("stands at or above your own rank")
        if instance is not None and instance.anonymised_at is not None:
            return gettext("was anonymised")
        return ""

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        checked = super().examine(rows)
        # people out of the actor's reach were not found; only that the name is taken can be told
        added = {row.key.casefold(): row for row in checked if row.kind == NEW}
        names = [row.key for row in added.values()]
        for taken in User.objects.filter(username__in=names).values_list("username", flat=True):
            self.fault(added[taken.casefold()], self.key.name, gettext("belongs to somebody else already"), taken)
        return checked

    def accept(self, column: Column, value: Any, instance: Any) -> None:
        if column is self.key and instance.pk is None:
            validators.username(value)
        super().accept(column, value, instance)

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

    def check_row(self, instance: User, values: Mapping[str, Any], row: Checked) -> None:
        if "roles" in row.many and not self.trusted:
            self._check_roles(instance, row)
        if not self.trusted and row.kind != BAD:
            self._check_place(instance, row)
        if "manager" in row.changes:
            try:
                instance.clean()
            except ValidationError as problem:
                self.fault(row, "manager", " ".join(problem.messages), row.values.get("manager"))

    def _check_roles(self, instance: User, row: Checked) -> None:
        had = frozenset(role.pk for role in instance.roles) if instance.pk else frozenset()
        known = self.column("roles").widget.known
        for pk in had ^ row.many["roles"]:
            role = known.get(pk)
            if role and not self.actor.is_superuser and role.rank >= self.actor.rank:
                reason = gettext("the role “{name}” stands at or above your own rank").format(name=role.group.name)
                self.fault(row, "roles", reason, row.values.get("roles"))
                return

    def _check_place(self, instance: User, row: Checked) -> None:
        """Who is new or moves must end in the actor's reach, and reach nobody whom the actor does not."""
        if self.actor.reach.everybody:
            return
        if (not instance.pk or "department" in row.changes) and not self.actor.reach.covers_departments(
            [instance.department_id]
        ):
            reason = gettext("put people into departments whose people you reach")
            self.fault(row, "department", reason, row.values.get("department"))
        elif "department" in row.changes or "roles" in row.many:
            had = frozenset(role.pk for role in instance.roles) if instance.pk else frozenset()
            gained = self._reach(row.many.get("roles", had), instance.department_id)
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
        for row in rows:
            if row.kind == NEW:
                row.instance.password = secrets.get(row.number, {}).get("password") or make_password(None)
        super().write(rows, secrets)
        names = [row.key for row in rows if row.kind == NEW]
        # not every database tells the keys of rows made in bulk
        keys = dict(User.objects.filter(username__in=names).values_list("username", "pk"))
        self._write_roles(rows, keys)
        changed = [row.instance.pk for row in rows if row.kind == CHANGED]
        moved = [
            row.instance.pk for row in rows if row.kind == CHANGED and {"roles", "department"} & row.changes.keys()
        ]
        transaction.on_commit(partial(standing.forget_people, changed))
        transaction.on_commit(partial(sockets.regroup, moved))
        return [keys[name] for name in names]

    def _write_roles(self, rows: Sequence[Checked], keys: Mapping[str, int]) -> None:
        known: dict[int, Role] = self.column("roles").widget.known
        members = User.groups.through
        gone, come, moved = Q(), [], []
        for row in rows:
            if "roles" not in row.many:
                continue
            person = keys.get(row.key) or row.instance.pk
            had = frozenset() if row.kind == NEW else self.column("roles").value(row.instance)
            moved.append(person)
            lost = [known[pk].group_id for pk in had - row.many["roles"] if pk in known]
            gone |= Q(user_id=person, group_id__in=lost) if lost else Q()
            come += [members(user_id=person, group_id=known[pk].group_id) for pk in row.many["roles"] - had]
        if gone:
            members.objects.filter(gone).delete()
        members.objects.bulk_create(come, ignore_conflicts=True)
        User.objects.filter(pk__in=moved).update(perm_epoch=F("perm_epoch") + 1)

    def unwrite(self, keys: Sequence[Any]) -> None:
        User.objects.filter(pk__in=keys).delete()


def _read_roles(person: User) -> None:
    """Fill the person's `roles` from what was prefetched, so that nobody is asked for one by one."""
    roles = [role for group in person.groups.all() if (role := getattr(group, "role", None))]
    person.__dict__["roles"] = sorted(roles, key=lambda role: (-role.rank, role.key))
