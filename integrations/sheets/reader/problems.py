"""Why a file or a cell cannot be taken, as a word: the child has no languages, the parent translates."""


class Unreadable(Exception):
    """The whole file is refused; `reason` is a key of `integrations.sheets.errors.REASONS`."""

    def __init__(self, reason: str, **params: str | int) -> None:
        super().__init__(reason, params)
        self.reason, self.params = reason, params


FORMULA = "formula"
"""A formula whose result is not in the file; one with a result counts as that result, which is what people see."""
ERROR = "error"
"""An error value such as #N/A."""
DIGITS = "digits"
"""A number of more digits than spreadsheets keep."""
LENGTH = "length"
"""A text longer than a cell may hold."""
DAMAGED = "damaged"
"""Not what its type says."""
