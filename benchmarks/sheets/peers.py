"""What is measured beside the product and is no part of it: `python -m benchmarks.sheets.peers` installs it."""

import importlib
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks.figures import ROOT

FOLDER = ROOT / "var" / "benchmarks" / "sheets"
PACKAGES = ("python-calamine==0.9.0", "XlsxWriter==3.3.1")


def install() -> None:
    """Put the packages where only the benchmark finds them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--no-deps", "--target", str(FOLDER)]
    subprocess.run([*command, *PACKAGES], check=True)


def workbook(path: str) -> Any:
    """A workbook of XlsxWriter."""
    return _module("xlsxwriter").Workbook(path)


def rows(path: str) -> Iterable[list[Any]]:
    """The rows of a workbook's first sheet, by python-calamine."""
    found: Iterable[list[Any]] = _module("python_calamine").load_workbook(path).get_sheet_by_index(0).iter_rows()
    return found


def _module(name: str) -> Any:
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        install()
        importlib.invalidate_caches()
        return importlib.import_module(name)


if __name__ == "__main__":
    install()
