"""The environment, typed: the only reader of `os.environ`.

Each variable is one field of the class of its area (place.py, servers.py, people.py, …): its type, default, meaning and an
example stand together, so the same list serves the settings, `.env.example` and docs/configuration.md. What the rest of
the house needs of it is here.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from project.env.contradictions import contradictions
from project.env.declaring import BadEnvironment, Problem
from project.env.environment import Environment, about, areas, declared

__all__ = ["EX_CONFIG", "ROOT", "BadEnvironment", "Environment", "Problem", "about", "areas", "load", "read"]

ROOT = Path(__file__).resolve().parents[2]
EX_CONFIG = 78
"""What a program exits with when its configuration is at fault (sysexits.h)."""


def read(environ: Mapping[str, str]) -> Environment:
    """Read every variable.

    :raises BadEnvironment: with all problems, when there is one.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {one.name: _value(one, environ, problems) for one in declared()}
    if not environ.get("ACCESS_TOKEN_EXPIRES", "").strip():
        # who shortens sessions need not think of the tokens inside them
        values["ACCESS_TOKEN_EXPIRES"] = min(values["ACCESS_TOKEN_EXPIRES"], values["SESSION_EXPIRES"])
    environment = Environment(**values)
    wrong = {problem.name for problem in problems}
    problems += [
        _problem(name, environ, expected)
        for name, expected in contradictions(environment, environ)
        if name not in wrong
    ]
    if problems:
        raise BadEnvironment(problems)
    return environment


def load() -> Environment:
    """Read the process's environment over `.env`; on problems print all of them and exit with 78."""
    given = {name: value or "" for name, value in dotenv_values(ROOT / ".env").items()} | dict(os.environ)
    try:
        environment = read(given)
        _make_home(environment, given)
        return environment
    except BadEnvironment as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(EX_CONFIG)


def _make_home(environment: Environment, environ: Mapping[str, str]) -> None:
    try:
        environment.GATEHOUSE_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        name = "GATEHOUSE_HOME"
        raise BadEnvironment([_problem(name, environ, f"a folder that can be made ({problem.strerror})")]) from problem


def _value(one: "Field[Any]", environ: Mapping[str, str], problems: list[Problem]) -> object:
    about = one.metadata
    given = environ.get(one.name, "").strip() or about["default"]
    try:
        return about["read"](given)
    except (ValueError, OSError):  # OSError: a path no file system would take
        problems.append(_problem(one.name, environ, about["expected"]))
        return about["read"](about["default"])


def _problem(name: str, environ: Mapping[str, str], expected: str) -> Problem:
    about = Environment.__dataclass_fields__[name].metadata
    given = environ.get(name, "").strip()
    shown = "nothing" if not given else "(hidden)" if about["secret"] else repr(given)
    return Problem(name, shown, expected, about["example"])
