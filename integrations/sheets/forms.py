"""What people fill in: an upload, an export."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from integrations.sheets.models import ExportJob, ImportJob


class UploadForm(forms.Form):
    """A file to import."""

    resource = forms.ChoiceField(label=_("What"))
    file = forms.FileField(
        label=_("File"), allow_empty_file=True, error_messages={"required": _("Choose a file first.")}
    )
    mode = forms.ChoiceField(
        label=_("If some rows are bad"),
        choices=[
            (ImportJob.Mode.ALL, _("Import nothing: all rows or none")),
            (ImportJob.Mode.VALID, _("Import the good rows")),
        ],
        initial=ImportJob.Mode.ALL,
    )

    def __init__(self, *args: Any, resources: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["resource"], resources)


class ExportForm(forms.Form):
    """A list to take out."""

    resource = forms.ChoiceField(label=_("What"))
    format = forms.ChoiceField(label=_("Format"), choices=ExportJob.Format.choices)
    columns = forms.MultipleChoiceField(label=_("Columns"), required=False)
    save_as = forms.CharField(label=_("Keep these columns as"), required=False, max_length=60)
    is_default = forms.BooleanField(label=_("Take them whenever I export this list"), required=False)

    def __init__(
        self, *args: Any, resources: list[tuple[str, Any]], columns: list[tuple[str, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["resource"], resources)
        _offer(self.fields["columns"], [(name, capfirst(str(label))) for name, label in columns])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("is_default") and not given.get("save_as"):
            self.add_error("save_as", _("Give them a name."))
        return given


def _offer(field: forms.Field, choices: list[tuple[str, Any]]) -> None:
    assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
    field.choices = choices
