"""Numbers that somebody else wrote, in addresses, forms and headers."""

DIGITS = 18
"""So many fit into a column, and none needs long to be read."""


def number_in(text: str) -> int | None:
    """The number that a text is, if it is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None
