"""A view is made at a server: jobs and folders under a name, which everybody finds there and the tree of jobs is narrowed by."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.jenkins import rights, services
from integrations.jenkins.admin import configuring
from integrations.jenkins.models import Server
from integrations.jenkins.pages import tree


class ViewForm(forms.Form):
    """Its name, and what is in it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, widget=UnfoldAdminTextInputWidget)
    jobs = forms.MultipleChoiceField(
        label=gettext_lazy("Jobs and folders"),
        error_messages={"required": gettext_lazy("Choose a job or folder at least.")},
    )

    def __init__(self, *args: Any, lines: list[tree.Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [one.full_name for one in lines if one.job]
        self.fields["jobs"].choices = zip(names, names, strict=True)  # type: ignore[attr-defined]  # a MultipleChoiceField


def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a view at the top of a server; the service knows who may."""
    server = get_object_or_404(Server.objects.enabled(), pk=pk)
    if not rights.may_at(request.user, "configure", server, ""):
        raise PermissionDenied
    shown = [one for each in tree.of(request.user, server=str(pk)) for one in each.lines]
    form = ViewForm(request.POST or None, lines=shown)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        made = configuring.tried(
            form, lambda: services.create_view(server, name=given["name"], jobs=given["jobs"], by=request.user)
        )
        if made is not None:
            messages.success(request, _("The view “{name}” was made.").format(name=made.name))
            return redirect(_back(server))
    title = _("New view at {server}").format(server=server.name)
    chosen = set(form["jobs"].value() or ())
    return configuring.page(
        request, form, title, _("Create"), _back(server), template="jenkins/view.html", lines=shown, chosen=chosen
    )


def _back(server: Server) -> str:
    return f"{reverse('admin:jenkins_job_changelist')}?server={server.pk}"
