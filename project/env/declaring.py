"""How a variable is declared, and what is said of a wrong one."""

from collections.abc import Callable
from dataclasses import MISSING, field
from typing import Any, NamedTuple


def variable(
    default: str,
    read: Callable[[str], object],
    help: str,  # noqa: A002 (reads as in argparse)
    *,
    expected: str = "",
    example: str = "",
    secret: bool = False,
) -> Any:
    """Declare a variable; `default` is text, read the same way as what an operator gives."""
    about = {
        "read": read,
        "default": default,
        "help": help,
        "expected": expected or _within_a_sentence(read.__doc__ or ""),
        "example": example or default,
        "secret": secret,
    }
    return field(default=MISSING, metadata=about)


def _within_a_sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


class Problem(NamedTuple):
    """One thing wrong with the environment."""

    name: str
    given: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"  {self.name}: got {self.given}; expected {self.expected}; for example {self.name}={self.example}"


class BadEnvironment(Exception):
    """Everything that is wrong with the environment, at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        lines = "\n".join(map(str, problems))
        super().__init__(f"Gatehouse cannot start: {len(problems)} setting(s) are wrong.\n{lines}")
