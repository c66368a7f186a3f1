"""Bring the message catalogues up to date with the code, then compile them: `python locale/update.py`.

locale/            what we say ourselves (makemessages finds it)
locale/borrowed/   what other packages say on our pages and have no Chinese for

New messages arrive empty: translate them in the .po files and run this again. Needs GNU gettext; what runs the product
does not, since the compiled .mo files are kept with the code. `--missing` only lists what has no translation.
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import polib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LANGUAGE = "zh_Hans"
PACKAGES = (
    "unfold",
    "auditlog",
    "import_export",
    "django_celery_beat",
    "tree_queries",
    "rest_framework",
    "drf_spectacular",
)
OURS_IGNORES = (".venv/*", "var/*", "tests/*", "benchmarks/*", "docs/*", "locale/*", "**/migrations/*")
BORROWED_IGNORES = (
    "*/crispy*",
    "*/unfold_crispy/*",
    "*/contrib/constance/*",
    "*/contrib/guardian/*",
    "*/contrib/location_field/*",
    "*/contrib/simple_history/*",
    "*/management/*",
    "*/migrations/*",
    "*/tests/*",
    "*/locale/*",
)
ELSEWHERE = (".git", ".venv", "var", "tests", "docs", "benchmarks", "node_modules", "static", "__pycache__", ".*_cache")
OPTIONS = ["--locale", LANGUAGE, "--add-location", "file", "--no-obsolete", "--no-wrap", "--verbosity", "0"]


def run(*arguments: str, folder: Path) -> None:
    """Run Django's own tool in `folder`."""
    subprocess.run([sys.executable, "-m", "django", *arguments], cwd=folder, check=True)  # noqa: S603 (our own words)


@contextmanager
def searched() -> Iterator[Path]:
    """Search a copy of the tree; what was found stands in its `locale/`."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "tree"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*ELSEWHERE))
        (folder / "topics.py").write_text("".join(f"_({line!r})\n" for line in sorted(said_by_topics())))
        ignored = [part for pattern in OURS_IGNORES for part in ("--ignore", pattern)]
        run("makemessages", *OPTIONS, *ignored, folder=folder)
        yield folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def said_by_topics() -> Iterator[str]:
    """Yield the first line of each topic handler's docstring: clients read it in their language."""
    for path in sorted({*ROOT.glob("realtime/handlers.py"), *ROOT.glob("[!.vt]*/**/topics.py")}):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(is_topic, node.decorator_list)):
                yield (ast.get_docstring(node) or "").partition("\n")[0]


def is_topic(decorator: ast.expr) -> bool:
    """Is it `@topic(…)`?"""
    return isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "topic"


def ours() -> None:
    """Find what the code says."""
    with searched() as found:
        shutil.copy(found, HERE / LANGUAGE / "LC_MESSAGES")


def borrowed() -> None:
    """Find what other packages say, in a copy of them."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in PACKAGES:
            spec = find_spec(name)
            if spec and spec.origin:
                shutil.copytree(
                    Path(spec.origin).parent, folder / name, ignore=shutil.ignore_patterns("static", "*.pyc")
                )
        shutil.copytree(HERE / "borrowed", folder / "locale")
        ignored = [part for pattern in BORROWED_IGNORES for part in ("--ignore", pattern)]
        run("makemessages", *OPTIONS, *ignored, folder=folder)
        leave_out_translated(folder / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po")
        shutil.copytree(folder / "locale", HERE / "borrowed", dirs_exist_ok=True)


def leave_out_translated(po: Path) -> None:
    """Keep what neither Django nor the packages have Chinese for, and what we say better than they do."""
    known: set[tuple[str | None, str]] = set()
    places = [Path(find_spec(name).origin).parent for name in ("django", *PACKAGES)]  # type: ignore[union-attr, arg-type]  # they are installed
    for catalogue in (file for place in places for file in place.rglob("locale/zh_Hans/LC_MESSAGES/django.mo")):
        known |= {(one.msgctxt, one.msgid) for one in polib.mofile(str(catalogue)) if one.msgstr or one.msgstr_plural}
    found = polib.pofile(str(po), wrapwidth=0)
    for entry in [one for one in found if (one.msgctxt, one.msgid) in known and not one.translated()]:
        found.remove(entry)
    found.save()


def compiled() -> None:
    """Compile both catalogues."""
    for catalogue in (HERE, HERE / "borrowed"):
        po = catalogue / LANGUAGE / "LC_MESSAGES" / "django.po"
        subprocess.run(["msgfmt", "--check-format", "-o", po.with_suffix(".mo"), po], check=True)  # noqa: S603, S607 (gettext's own tool)


def missing() -> list[str]:
    """Return what the code says and the catalogue does not translate; changes nothing."""
    with searched() as po:
        return [one.msgid for one in polib.pofile(str(po)) if not one.translated() or one.fuzzy]


if __name__ == "__main__":
    if not shutil.which("xgettext"):
        sys.exit("GNU gettext is needed: apt-get install gettext")
    if sys.argv[1:] == ["--missing"]:
        sys.stdout.writelines(f"{text}\n" for text in missing())
    else:
        ours()
        borrowed()
        compiled()
