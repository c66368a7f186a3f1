"""Links of the docs lead somewhere, and nothing we serve is loaded from another host."""

import re

import pytest

from project.env import ROOT

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<(?:img|source)[^>]*\s(?:src|srcset)=\"([^\"]+)\"")
LOADED = re.compile(
    r"""(?:<(?:script|img|source|iframe|link)[^>]*?(?:src|href)\s*=\s*["']|url\(\s*["']?|@import\s+["'])(?:https?:)?//"""
)


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
class TestLinks:
    def test_lead_to_files_and_headings_that_exist(self, page):
        dead = []
        for link in ("".join(found) for found in LINK.findall(page.read_text())):
            path, _, anchor = link.partition("#")
            if re.match(r"(https?|mailto|wss?):", link):
                continue
            target = page if not path else (page.parent / path).resolve()
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                dead.append(link)

        assert dead == []

    def test_show_pictures_of_our_own_only(self, page):
        pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<img[^>]*src=\"([^\"]+)\"", page.read_text())

        assert [one for one in pictures if "://" in "".join(one)] == []


class TestPages:
    def test_load_nothing_from_another_host(self):
        served = [
            path
            for folder in ("templates", "static", "realtime", "accounts", "integrations", "project")
            for path in (ROOT / folder).rglob("*")
            if path.suffix in {".html", ".css", ".js", ".mjs", ".svg", ".txt"}
        ]

        assert [str(path.relative_to(ROOT)) for path in served if LOADED.search(path.read_text())] == []
