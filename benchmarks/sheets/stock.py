"""django-import-export as it comes, at its fastest: `python -m benchmarks.sheets.stock import|export …`.

In bulk, without diffs, related rows looked up once: every switch it has for speed is on. It does not store roles in bulk, nor
does it validate, keep anything for an undo or write an audit.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.sheets import ground, meter


def _resource() -> Any:
    resources = importlib.import_module("import_export.resources")
    fields = importlib.import_module("import_export.fields")
    widgets = importlib.import_module("import_export.widgets")
    models = importlib.import_module("accounts.models")
    group = importlib.import_module("django.contrib.auth.models").Group
    loaders = importlib.import_module("import_export.instance_loaders")
    genders = {"unknown": 0, "male": 1, "female": 2}

    class Gender(widgets.Widget):  # type: ignore[misc,name-defined]  # imported when Django is set up
        def clean(self, value: Any, row: Any = None, **_options: Any) -> Any:
            return genders[value]

        def render(self, value: Any, obj: Any = None, **_options: Any) -> Any:
            return str(models.User.Gender(value).label)

    def related(name: str, model: Any, field: str) -> Any:
        widget = widgets.CachedForeignKeyWidget(model, field)
        return fields.Field(attribute=name, column_name=name, widget=widget)

    class PeopleResource(resources.ModelResource):  # type: ignore[misc,name-defined]  # likewise
        gender = fields.Field(attribute="gender", column_name="gender", widget=Gender())
        department = related("department", models.Department, "name")
        manager = related("manager", models.User, "username")
        roles = fields.Field(
            attribute="groups", column_name="roles", widget=widgets.ManyToManyWidget(group, field="name")
        )

        def get_bulk_update_fields(self) -> list[str]:
            # it takes all of them for fields of the model; what is many it does not store in bulk
            return [name for name in super().get_bulk_update_fields() if name != "roles"]

        class Meta:
            model = models.User
            fields = tuple(ground.HEADERS)
            import_id_fields = ("username",)
            instance_loader_class = loaders.CachedInstanceLoader
            use_bulk = True
            skip_diff = True
            skip_html_diff = True
            batch_size = 1_000

    return PeopleResource()


def take_in(path: str) -> Mapping[str, float]:
    """Preview and confirm, as its admin does: each reads the file."""
    return _taken_in(path, "new")


def change(path: str) -> Mapping[str, float]:
    """The same with people who are all there already."""
    return _taken_in(path, "update")


def _taken_in(path: str, kind: str) -> Mapping[str, float]:
    costs: dict[str, float] = {}
    formats = importlib.import_module("import_export.formats.base_formats")
    for name, dry in (("check", True), ("write", False)):
        with meter.counted(costs, name):
            dataset = formats.XLSX().create_dataset(Path(path).read_bytes())
            result = _resource().import_data(dataset, dry_run=dry, raise_errors=True)
    return costs | {"rows": float(result.totals[kind])}


def take_out(path: str, number: str) -> Mapping[str, float]:
    """Everything it shows of the same people."""
    formats = importlib.import_module("import_export.formats.base_formats")
    people = importlib.import_module("accounts.models").User.objects.filter(username__startswith="bench")
    people = people.select_related("department", "manager").prefetch_related("groups")
    dataset = _resource().export(people)
    Path(path).write_bytes(formats.XLSX().export_data(dataset))
    assert len(dataset) == int(number) + 1, len(dataset)
    return {"rows": float(len(dataset))}


if __name__ == "__main__":
    importlib.import_module("django").setup()
    importlib.import_module("import_export.resources")
    importlib.import_module("import_export.formats.base_formats")
    meter.contest({"import": take_in, "change": change, "export": take_out})
