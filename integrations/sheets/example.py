"""The example row of a template: it shows what goes where, and is left out when the template is uploaded with it."""

from django.conf import settings
from django.utils import translation

from integrations.sheets.columns import Column
from integrations.sheets.reader.process import Cell, Flaw
from integrations.sheets.resources import SheetResource
from integrations.sheets.rows import BLANKS, Given


def row(columns: list[Column]) -> list[Cell]:
    """The example in the caller's language, or nothing where there is none."""
    return [str(column.example) or None for column in columns]


def is_it(given: Given, resource: SheetResource) -> bool:
    """Tell whether a row is the example as the template has it, in whatever language; one that was edited is not."""
    examples = [column for column in resource.columns if column.example]
    if not any(column.name in given.cells for column in examples):
        return False
    return all(_says(cell) in _spellings(resource.column(name)) for name, cell in given.cells.items())


def _says(cell: Cell) -> str:
    return "" if cell is None or isinstance(cell, Flaw) else str(cell).strip(BLANKS)


def _spellings(column: Column) -> set[str]:
    spellings = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            spellings.add(str(column.example))
    return spellings
