"""What the Makefile promises before anything is installed, and what it installs."""

import re
import subprocess
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from project.env import ROOT


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=ROOT, env={"PATH": "/usr/bin:/bin"} | environment, capture_output=True, text=True, check=False
    )


def pins(name: str) -> dict[str, Requirement]:
    """Return the requirements of a file by name."""
    lines = [line.partition("  #")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {canonicalize_name(one.name): one for one in found}


class TestPython:
    def test_that_is_too_old_is_refused_by_name(self, tmp_path: Path):
        old = tmp_path / "python2"
        old.write_text("#!/bin/sh\nexit 1\n")
        old.chmod(0o755)

        ended = run("sh", ".ci/python", "-c", "", PYTHON=str(old))

        assert ended.returncode == 1
        assert ended.stderr == f"PYTHON={old} is no Python 3.11 or newer.\n"

    def test_that_is_missing_is_explained(self, tmp_path: Path):
        ended = run("/bin/sh", ".ci/python", "-c", "", PATH=str(tmp_path))

        assert ended.returncode == 1
        assert "Gatehouse needs Python 3.11 or newer" in ended.stderr


class TestMake:
    def test_lists_its_chores(self):
        listed = run("make", "help").stdout

        for chore in (
            "run",
            "test",
            "check",
            "services",
            "services-stop",
            "attacks",
            "bench",
            "screenshots",
            "messages",
        ):
            assert re.search(rf"^  make {chore} +\S", listed, re.MULTILINE), chore


class TestRequirements:
    def test_are_pinned_to_one_version_each(self):
        for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
            loose = [str(one) for one in pins(name).values() if not re.fullmatch(r"==[^*,]+", str(one.specifier))]
            assert loose == [], name

    def test_agree_with_the_lock(self):
        lock = pins("constraints.txt")
        for name in ("requirements.txt", "requirements-dev.txt"):
            odd = [str(one) for key, one in pins(name).items() if one.specifier != lock[key].specifier]
            assert odd == [], name

    def test_name_no_registry(self):
        for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
            assert not re.search(r"://|index-url|find-links|trusted-host", (ROOT / name).read_text()), name
