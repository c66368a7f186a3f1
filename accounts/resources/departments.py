"""Departments as rows of a sheet: found, and made, by their paths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.widgets import Widget

from accounts import scope, services, tree
from accounts.models import Department, User
from accounts.resources.cells import Person
from accounts.resources.paths import Paths, names_of, normal, path_of
from integrations.sheets.columns import Column, Moment, plain_text
from integrations.sheets.reader.process import Cell
from integrations.sheets.rows import BLANKS, NEW, Checked, Given
from integrations.sheets.served import ServedResource


class Place(Widget):  # type: ignore[misc]  # import-export has no types
    """The path of a department that is there, spelled as it is there, or of one that will be."""

    @cached_property
    def paths(self) -> Paths:
        return Paths()

    def clean(self, value: Cell, row: Any = None, **_options: Any) -> str:
        text = plain_text(value).strip(BLANKS)
        if not text:
            return ""
        names = names_of(text)
        found = self.paths.at(names)
        return self.paths.of(found) if found else path_of(names)

    def render(self, value: str, obj: Any = None, **_options: Any) -> Cell:
        return value or None


class PathColumn(Column):
    """Where a department stands, from the top to its own name."""

    def value(self, instance: Department) -> str:
        paths: Paths = self.widget.paths
        return paths.of(instance)


class HeadColumn(Column):
    """The head, where the actor reaches them: nobody else's user name is told, or overwritten by not naming it."""

    actor: Any = None

    def value(self, instance: Department) -> User | None:
        head = instance.head
        return head if head is not None and scope.covers(self.actor, head) else None


class DepartmentResource(ServedResource):
    """Departments: parents that stand further up in the same file count."""

    title = _("departments")
    import_permissions = ("accounts.add_department", "accounts.change_department")
    export_permission = "accounts.view_department"
    related = ("head",)
    bookkeeping = ("name", "parent", "position")  # the path says the first two
    search_fields = ("name",)

    path = PathColumn(
        "path",
        _("department"),
        aliases=("部门", "部门路径", "路径", "department path"),
        widget=Place(),
        required=True,
        width=40,
        note=_(
            "From the top, with slashes: Head office / Research. Rows are matched by it; one that is not there is made."
        ),
        example=_("Example office / Example team"),
    )
    head = HeadColumn(
        "head", _("head"), aliases=("负责人", "部门负责人", "主管"), widget=Person(), width=20, note=_("A user name.")
    )
    created_at = Column("created_at", _("created"), aliases=("创建时间",), widget=Moment(), readonly=True, width=20)

    class Meta:
        model = Department
        fields = ("path", "head", "created_at")
        import_id_fields = ("path",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._planned: dict[tuple[str, ...], list[str]] = {}
        self.column("head").actor = self.actor
        self.column("head").widget.people = scope.people(self.actor)

    def queryset(self) -> "QuerySet[Department]":
        found: QuerySet[Department] = Department.objects.without_tree_fields()
        return found

    def begin(self) -> None:
        self.column("path").widget.__dict__.pop("paths", None)
        self._reach_anew()

    def _reach_anew(self) -> None:
        """What was made below somebody's department belongs to what they reach."""
        if self.actor is not None:
            self.actor.__dict__.pop("reach", None)

    def export_rows(self, queryset: "QuerySet[Any]", columns: Sequence[Column]) -> Iterator[list[Cell]]:
        """In the order of the tree, so that parents come first."""
        wanted = set(queryset.values_list("pk", flat=True))
        for department in tree.departments():
            if department.pk in wanted:
                yield [column.cell(department) for column in columns]

    # --- checking ---

    def forget_seen(self) -> None:
        super().forget_seen()
        self._planned.clear()

    def load(self, keys: Iterable[str]) -> dict[str, Department]:
        there = {key: found for key in keys if (found := self._paths.at(names_of(key)))}
        rows = self._related(self.queryset()).in_bulk([one.pk for one in there.values()])
        return {key: rows[one.pk] for key, one in there.items() if one.pk in rows}

    def examine(self, rows: Sequence[Given]) -> list[Checked]:
        checked = super().examine(rows)
        for row in checked:
            if row.kind == NEW:
                self._planned[normal(names_of(row.key))] = names_of(row.key)
        return checked

    # --- writing ---

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        self._planned.clear()  # from here on what is made is there
        return super().write(rows, secrets)

    def create(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Department:
        names = names_of(row.key)
        if normal(names) in self._planned or self._paths.at(names):
            raise ValidationError({"path": gettext("stands further up already, in other letters")})
        *above, name = names
        made = services.create_department(by=by, name=name, parent=self._parent(above), head=values.get("head"))
        self._made(made)
        return made

    def update(self, by: Any, row: Checked, values: Mapping[str, Any]) -> Department:
        return services.update_department(by=by, department=row.instance, **values)

    def delete(self, by: Any, instance: Department) -> None:
        services.delete_department(by=by, department=instance)

    @property
    def _paths(self) -> Paths:
        paths: Paths = self.column("path").widget.paths
        return paths

    def _parent(self, names: list[str]) -> Department | None:
        if not names:
            return None
        found = self._paths.at(names)
        if found is None and (planned := self._planned.get(normal(names))):
            # a row further up makes it; here it is made for the try only
            found = services.create_department(by=self._by, name=planned[-1], parent=self._parent(planned[:-1]))
            self._made(found)
        if found is None:
            text = gettext("There is no department “{name}”: give it a row of its own further up.")
            raise ValidationError({"path": text.format(name=path_of(names)[:60])})
        return found

    def _made(self, department: Department) -> None:
        self._paths.add(department)
        self._reach_anew()
