"""The form of a schedule: which job, when, and with what; the fields for its parameters are made from what the job asks for."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.jenkins import parameters, rights, services
from integrations.jenkins.forms import ParameterForm
from integrations.jenkins.models import HIDDEN, Job, JobQuerySet, Schedule
from integrations.jenkins.numbers import number_in
from project.core.admin import ServiceForm
from project.core.errors import GatehouseError

WRITTEN = ("name", "at", "cron", "time_zone", "reason", "notify_sms", "enabled")
OF = "parameters-of"
"""Says which job's parameters were sent."""


class ParametersWidget(forms.Widget):
    """A form of its own; the script fetches it anew where another job is chosen."""

    needs_multipart_form = True
    job: Job | None = None
    inner: ParameterForm | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> ParameterForm | None:
        return self.inner

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return render_to_string(
            "jenkins/parameters.html", {"job": self.job, "form": self.inner, "of": OF, "url": PARTS}
        )


PARTS = reverse_lazy("admin:jenkins_schedule_parameters", args=(0,))


class ParametersField(forms.Field):
    """Whatever the job asks for."""

    widget = ParametersWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not None and data.has_changed()

    def clean(self, value: ParameterForm | None) -> dict[str, Any]:
        if value is None:
            return {}
        if not value.is_bound:
            raise forms.ValidationError(_("Look through what the job asks for, then save again."))
        if not value.is_valid():
            raise forms.ValidationError(_("Correct what is marked."))
        return value.given()


class ScheduleForm(ServiceForm[Schedule]):
    """Which job, when, and with what."""

    parameters = ParametersField(label=gettext_lazy("Parameters"), required=False)

    class Meta:
        model = Schedule
        fields = ("job", *WRITTEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may = jobs_for(self.actor)
        if "job" in self.fields:
            self.fields["job"].queryset = may  # type: ignore[attr-defined]  # a ModelChoiceField
        if "parameters" in self.fields:
            widget: Any = self.fields["parameters"].widget
            widget.job = self._job(may)
            widget.inner = self._inner(widget.job)

    def _get_validation_exclusions(self) -> set[str]:
        # what was given is for the service: files and secrets are nothing that the column could hold
        return {*super()._get_validation_exclusions(), "parameters"}  # type: ignore[misc]  # Django's hook, not in the stubs

    def write(self) -> Schedule:
        given = {name: self.cleaned_data[name] for name in (*WRITTEN, "parameters")}
        known = Schedule.objects.filter(pk=self.instance.pk).select_related("job__server").first()
        try:
            if known is None:
                return services.plan(job=self.cleaned_data["job"], by=self.actor, **given)
            return services.replan(known, by=self.actor, **given)
        except GatehouseError as problem:
            if not problem.fields:
                raise
            self._refuse(problem.fields)
            return self.instance

    def _refuse(self, fields: Mapping[str, Any]) -> None:
        inner: ParameterForm | None = getattr(self.fields["parameters"].widget, "inner", None)
        if "parameters" in fields:
            if inner is not None:
                inner.refuse(fields)
            self.add_error("parameters", _("Correct what is marked."))
        for name, said in fields.items():
            if name != "parameters":
                self.add_error(name if name in self.fields else None, said)

    def _job(self, may: JobQuerySet) -> Job | None:
        if self.instance.pk:
            return self.instance.job
        chosen = number_in(str((self.data if self.is_bound else self.initial).get("job") or ""))
        return may.filter(pk=chosen).first() if chosen is not None else None

    def _inner(self, job: Job | None) -> ParameterForm | None:
        if job is None or not job.asks_for:
            return None
        sent = (self.data, self.files) if self.is_bound and self.data.get(OF) == str(job.pk) else ()
        if not self.instance.pk:
            return fresh(job, self.actor, *sent)
        files = {one.name for one in job.asks_for if one.kind in parameters.FILES}
        plain = self.instance.parameters
        kept = dict.fromkeys(self.instance.secret_names, HIDDEN) | {name: plain[name] for name in files & plain.keys()}
        return ParameterForm(*sent, job=job, last=plain, kept=kept)


def jobs_for(person: Any) -> JobQuerySet:
    """What somebody may schedule."""
    return rights.jobs_of(person, "build").present().only_jobs()


def fresh(job: Job, person: Any, *sent: Any) -> ParameterForm:
    """The form of a schedule that is not there yet; it begins with what the person gave the last time."""
    return ParameterForm(*sent, job=job, last=services.last_given(job, by=person), kept={})


def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the fields for what a job asks for."""
    job = get_object_or_404(jobs_for(request.user), pk=pk)
    shown = {"job": job, "form": fresh(job, request.user) if job.asks_for else None, "of": OF}
    return HttpResponse(render_to_string("jenkins/parameters_part.html", shown), headers={"Cache-Control": "no-store"})
