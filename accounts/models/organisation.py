"""How people are ordered: departments below departments, roles above roles."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from accounts import validators


class Department(TreeNode):  # type: ignore[misc]  # tree_queries has no types
    """A part of the organisation; departments form a tree."""

    # not a cascade: a department goes only when nothing hangs on it any more
    parent = TreeNodeForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent department")
    )
    name = models.CharField(_("name"), max_length=60, validators=[validators.no_control_characters])
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="heads", verbose_name=_("head")
    )
    position = models.PositiveIntegerField(_("position"), default=0, validators=[MaxValueValidator(1_000_000)])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = TreeQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="department_name_once_per_parent")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        # a UniqueConstraint lets NULL parents repeat
        twins = Department.objects.filter(parent=self.parent_id, name=self.name).exclude(pk=self.pk)
        if twins.exists():
            raise ValidationError({"name": _("There is already a department of this name here.")})


class Role(models.Model):
    """A group's key, rank and scope.

    A higher rank may change, end and impersonate a lower one, never the reverse. The scope says which people its holders
    may see and act on; who has several roles reaches what any of them reaches.
    """

    class Scope(models.TextChoices):
        ALL = "all", _("everybody")
        DEPARTMENT_TREE = "department_tree", _("own department and those below it")
        DEPARTMENT = "department", _("own department")
        CHOSEN = "chosen", _("chosen departments and those below them")
        SELF = "self", _("only themselves")

    group = models.OneToOneField(Group, models.CASCADE, related_name="role", verbose_name=_("group"))
    key = models.SlugField(_("key"), max_length=40, unique=True)
    rank = models.PositiveSmallIntegerField(_("rank"), default=0, validators=[MaxValueValidator(1_000)])
    second_factor_required = models.BooleanField(
        _("second factor required"),
        default=False,
        help_text=_("Who has the role must set up a second factor at their next sign-in."),
    )
    scope = models.CharField(_("people in reach"), max_length=20, choices=Scope.choices, default=Scope.ALL)
    departments: Any = models.ManyToManyField(
        Department, blank=True, related_name="reached_by", verbose_name=_("departments in reach")
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["-rank", "key"]

    def __str__(self) -> str:
        return self.group.name
