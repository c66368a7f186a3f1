"""Fields in which somebody or something of the house is chosen."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import scope, tree
from accounts.models import Department, Role, User


def person(request: Any, label: Any, **more: Any) -> forms.ModelChoiceField[User]:
    """One of the people whom the person who asks may see, found by typing."""
    widget = AutocompleteSelect(User._meta.get_field("manager"), admin.site)
    return forms.ModelChoiceField(scope.people(request.user).active(), label=label, widget=widget, **more)


def department(label: Any, **more: Any) -> forms.ModelChoiceField[Department]:
    """A department of the tree, indented by its depth."""
    widget = UnfoldAdminSelectWidget()
    field = forms.ModelChoiceField(Department.objects.without_tree_fields(), label=label, widget=widget, **more)
    rows = [(one.pk, "\u2003" * one.depth + one.name) for one in tree.departments()]
    field.choices = [("", more.get("empty_label", "")), *rows]
    return field


def role(request: Any, label: Any, **more: Any) -> forms.ModelChoiceField[Role]:
    """One of the roles below the rank of the person who asks."""
    roles = Role.objects.select_related("group")
    if not request.user.is_superuser:
        roles = roles.filter(rank__lt=request.user.rank)
    return forms.ModelChoiceField(roles, label=label, widget=UnfoldAdminSelectWidget(), **more)
