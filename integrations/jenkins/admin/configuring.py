"""Jobs and folders are made and changed: each page says what will happen, and makes the one call."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from integrations.jenkins import jobxml, names, rights, services
from integrations.jenkins.models import Job, Server
from project.core.errors import GatehouseError

FOLDER, UPLOAD = "folder", "upload"


class NameForm(forms.Form):
    """A name, and for a copy where it goes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, widget=UnfoldAdminTextInputWidget)


class CopyForm(NameForm):
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        required=False,
        max_length=names.LONGEST,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Its full name; empty: at the top."),
    )


class DeleteForm(forms.Form):
    """What is deleted, typed."""

    name = forms.CharField(
        label=gettext_lazy("Full name"),
        max_length=names.LONGEST,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class XmlForm(forms.Form):
    """The XML of a job, pasted or uploaded."""

    xml = forms.CharField(
        label=gettext_lazy("XML"),
        required=False,
        strip=False,
        max_length=jobxml.LARGEST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 22, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xml,text/xml,application/xml"}),
    )

    def given(self) -> str:
        """The XML, from the file if there is one."""
        file = self.cleaned_data.get("file")
        if file is None:
            return str(self.cleaned_data.get("xml") or "")
        return str(file.read(jobxml.LARGEST + 1).decode("utf-8", "replace"))


class NewForm(CopyForm, XmlForm):
    """A folder or a job."""

    kind = forms.ChoiceField(label=pgettext_lazy("a folder or a job", "What"), widget=UnfoldAdminSelectWidget)
    field_order = ("kind", "name", "folder", "xml", "file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(FOLDER, _("A folder")), *((key, str(one.title)) for key, one in jobxml.TEMPLATES.items())]
        self.fields["kind"].choices = [*kinds, (UPLOAD, _("A job from XML"))]  # type: ignore[attr-defined]
        self.fields["xml"].widget.attrs["rows"] = 8
        self.fields["xml"].help_text = _("Only for a job from XML.")


def urls(inside: Callable[..., Any]) -> list[URLPattern]:
    """The addresses of these pages, below the list of jobs."""
    return [
        path("new/<int:pk>/", inside(new), name="jenkins_job_new"),
        path("<int:pk>/xml/", inside(xml), name="jenkins_job_xml"),
        path("<int:pk>/rename/", inside(rename), name="jenkins_job_rename"),
        path("<int:pk>/copy/", inside(copy), name="jenkins_job_copy"),
        path("<int:pk>/delete-there/", inside(delete), name="jenkins_job_delete_there"),
        path("<int:pk>/enable/", inside(enable), name="jenkins_job_enable"),
    ]


def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Create a folder, or a job from a template or from XML, at a server."""
    if not request.user.has_perm(rights.PERMISSIONS["configure"]):
        raise PermissionDenied
    server = get_object_or_404(Server.objects.enabled(), pk=pk)
    started = {"folder": request.GET.get("folder", ""), "kind": request.GET.get("kind", FOLDER)}
    form = NewForm(request.POST or None, request.FILES or None, initial=started)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        where = {"name": given["name"], "folder": given["folder"], "by": request.user}
        kind = given["kind"]
        source = form.given() if kind == UPLOAD else jobxml.TEMPLATES[kind].xml if kind != FOLDER else ""
        made = tried(
            form,
            lambda: (
                services.create_folder(server, **where)
                if kind == FOLDER
                else services.create_job(server, xml=source, **where)
            ),
        )
        if made is not None:
            messages.success(request, _("Created: {name}").format(name=made.full_name))
            return redirect("admin:jenkins_job_change", made.pk)
    back = f"{reverse('admin:jenkins_job_changelist')}?server={server.pk}"
    title = _("New at {server}").format(server=server.name)
    return page(request, form, title, _("Create"), back)


def xml(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the XML of a job, what another would change, and change it: never without having shown it."""
    job = _job(request, pk)
    lines: list[tuple[str, str]] | None = None
    if request.method == "POST":
        form = XmlForm(request.POST, request.FILES)
        if form.is_valid():
            source = form.given()
            if request.POST.get("step") == "save":
                if tried(form, lambda: services.update_job(job, xml=source, by=request.user)) is not None:
                    messages.success(request, _("Configured anew: {name}").format(name=job.full_name))
                    return _to(job)
            elif (found := tried(form, lambda: services.difference(job, xml=source, by=request.user))) is not None:
                lines = [(_look(line), line) for line in found]
                form = XmlForm(initial={"xml": source})
    else:
        try:
            form = XmlForm(initial={"xml": services.xml_of(job, by=request.user)})
        except GatehouseError as problem:
            messages.error(request, str(problem))
            return _to(job)
    title = _("Configure {name}").format(name=job.full_name)
    shown = {"lines": lines, "job": job}
    return page(request, form, title, _("Show the difference"), _address(job), template="jenkins/xml.html", **shown)


def rename(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    form = NameForm(request.POST or None, initial={"name": job.name})
    title = _("Rename {name}").format(name=job.full_name)
    note = _("What is asked beyond Jenkins, approval and rules, goes along.")
    return _changed(request, job, form, title, _("Rename"), services.rename_job, note=note)


def copy(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    form = CopyForm(request.POST or None, initial={"name": f"{job.name}-2", "folder": job.folder})
    title = _("Copy {name}").format(name=job.full_name)
    note = _("If builds of it want a second person, those of the copy do too.")
    return _changed(request, job, form, title, _("Copy"), services.copy_job, note=note)


def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a job, or a folder with all that is in it, once its full name is typed."""
    job = _job(request, pk)
    form = DeleteForm(request.POST or None)
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data["name"]

        def act() -> bool:
            services.delete_job(job, typed=typed, by=request.user)
            return True

        if tried(form, act):
            messages.success(request, _("Deleted: {name}").format(name=job.full_name))
            return redirect(f"{reverse('admin:jenkins_job_changelist')}?server={job.server_id}")
    note = _("Jenkins forgets it, with all its builds there: this cannot be taken back. Type its full name: {name}")
    title = _("Delete {name}").format(name=job.full_name)
    return page(
        request, form, title, _("Delete"), _address(job), note=note.format(name=job.full_name), danger=True, job=job
    )


def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a job be built, or not any more."""
    job = _job(request, pk)
    if request.method != "POST":
        return _to(job)
    try:
        services.enable_job(job, enabled=request.POST.get("enabled") == "yes", by=request.user)
    except GatehouseError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Saved."))
    return _to(job)


def _changed(
    request: HttpRequest,
    job: Job,
    form: forms.Form,
    title: str,
    button: str,
    act: Callable[..., Job],
    **shown: Any,
) -> HttpResponse:
    if form.is_bound and form.is_valid():
        made = tried(form, lambda: act(job, by=request.user, **form.cleaned_data))
        if made is not None:
            messages.success(request, _("Saved."))
            return _to(made)
    return page(request, form, title, button, _address(job), job=job, **shown)


def tried(form: forms.Form, act: Callable[[], Any]) -> Any:
    """What the service returns; None where it refuses, which the form then says."""
    try:
        return act()
    except GatehouseError as problem:
        for name, said in problem.fields.items():
            form.add_error(name if name in form.fields else None, said)
        if not form.errors:
            form.add_error(None, str(problem))
        return None


def page(
    request: HttpRequest,
    form: forms.Form,
    title: str,
    button: str,
    back: str,
    template: str = "jenkins/change.html",
    **shown: Any,
) -> HttpResponse:
    """A page with one form."""
    about = {"title": title, "form": form, "button": button, "back": back, "opts": Job._meta, "media": form.media}
    return TemplateResponse(request, template, admin.site.each_context(request) | about | shown)


def _job(request: HttpRequest, pk: int) -> Job:
    if not request.user.has_perm(rights.PERMISSIONS["configure"]):
        raise PermissionDenied
    rows = rights.jobs_of(request.user, "configure").present().select_related("server")
    found: Job = get_object_or_404(rows, pk=pk)
    return found


def _address(job: Job) -> str:
    return reverse("admin:jenkins_job_change", args=(job.pk,))


def _to(job: Job) -> HttpResponse:
    return redirect(_address(job))


def _look(line: str) -> str:
    if line.startswith(("@@", "---", "+++")):
        return "jk-where"
    return "jk-plus" if line.startswith("+") else "jk-minus" if line.startswith("-") else ""
