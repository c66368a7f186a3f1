"""Static files are collected when there is something to collect."""

import os
import shutil
from pathlib import Path

import pytest

from project import boot


@pytest.fixture
def ours(settings, tmp_path) -> Path:
    """The only static file there is."""
    (tmp_path / "ours").mkdir()
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [tmp_path / "ours"], str(tmp_path / "collected")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.SERVESTATIC_USE_FINDERS = False
    path = tmp_path / "ours" / "house.css"
    path.write_text("a {}")
    return path


def collect() -> list[str]:
    """Return what a start says of it."""
    said: list[str] = []
    boot.collect_static(said.append)
    return said


def test_are_collected_once_and_again_when_one_changed(ours, tmp_path):
    assert collect() == ["Collecting static files"]
    assert collect() == []

    ours.write_text("b {}")
    os.utime(ours, (2_000_000_000, 2_000_000_000))
    assert collect() == ["Collecting static files"]
    assert (tmp_path / "collected" / "house.css").read_text() == "b {}"
    assert collect() == []


def test_are_collected_where_somebody_removed_them(ours, tmp_path):
    collect()

    shutil.rmtree(tmp_path / "collected")

    assert collect() == ["Collecting static files"]
    assert (tmp_path / "collected" / "house.css").is_file()
