"""The columns of people."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.resources.cells import Email, InDepartment, Person, Phone, Roles, RolesColumn
from accounts.resources.people.filters import FILTERS, TITLES
from integrations.sheets.columns import Choice, Column, Flag, Moment
from integrations.sheets.resources import SheetResource

NEVER = _("rights are never taken from a sheet")
GENDERS = {"未知": 0, "男": 1, "女": 2, "unknown": 0, "male": 1, "female": 2, "m": 1, "f": 2}


class PeopleColumns(SheetResource):
    """What stands in a sheet of people, what never does, and what their list is filtered by."""

    title = _("users")
    import_permissions = ("accounts.add_user", "accounts.change_user")
    export_permission = "accounts.view_user"
    related = ("department", "manager")
    prefetched = ("groups__role__group",)
    bookkeeping = ("auth_epoch", "perm_epoch")
    goes_along = ("accounts.User_groups", "accounts.PasswordLink", "accounts.Mail", "sms.Message")
    weighed: ClassVar[tuple[str, ...] | None] = ("department", "roles")
    filter_readers = FILTERS
    filter_titles = TITLES
    search_fields = User.SEARCHED
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
        "phone",
        _("phone"),
        aliases=("手机", "手机号", "电话", "mobile"),
        widget=Phone(null=True),
        example="13800000000",
        note=_("Numbers of other countries as text, with + and the country's code."),
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
