"""Names of jobs and folders: what Jenkins takes, and what could lead elsewhere in an address."""

import unicodedata
from urllib.parse import quote, unquote

from integrations.jenkins.errors import BadName

LONGEST = 500
FORBIDDEN_IN_NEW = frozenset("?*/\\%!@#$^&|<>[]:;\"'")
"""What `jenkins.model.Jenkins.checkGoodName` refuses, and quotes, which break pages and scripts."""


def checked(full_name: str) -> str:
    """Return the full name of something that exists: folders and name, separated by slashes.

    :raises BadName: for what could lead elsewhere, also when it is decoded once more on the way.
    """
    if not is_plain(full_name):
        raise BadName(name=_shown(full_name), fields={"name": [str(BadName(name=_shown(full_name)))]})
    return full_name


def is_plain(path: str) -> bool:
    """Whether a path leads nowhere else, however often it is decoded on the way."""
    return bool(path) and len(path) <= LONGEST and all(map(_is_plain, path.split("/")))


def checked_new(name: str) -> str:
    """Return the name that something new may get, without its folder.

    :raises BadName: for what Jenkins refuses, too.
    """
    checked(name)
    if FORBIDDEN_IN_NEW & set(name) or name != name.strip() or name.endswith(".") or len(name) > 200:
        raise BadName(name=_shown(name), fields={"name": [str(BadName(name=_shown(name)))]})
    return name


def path(full_name: str) -> str:
    """Return where a job is, below the server's address: "a/b" is at "job/a/job/b/"; "" is the top."""
    if not full_name:
        return ""
    return "".join(f"job/{quote(part, safe='')}/" for part in checked(full_name).split("/"))


def joined(*parts: str) -> str:
    """Return a full name from folders and name; empty ones are left out."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def folder_of(full_name: str) -> str:
    """Return the full name of the folder in which something is; "" at the top."""
    return full_name.rpartition("/")[0]


def folders_of(full_name: str) -> list[str]:
    """Return it and every folder above, the nearest first; the last is ""."""
    parts = full_name.split("/") if full_name else []
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


def from_url_path(text: str) -> str:
    """Return the full name in a path as Jenkins writes it: "a/job/b" is "a/b"."""
    return "/".join(unquote(part) for part in text.strip("/").removeprefix("job/").split("/job/"))


def _is_plain(part: str) -> bool:
    decoded = part
    for _turn in range(3):
        if not decoded.strip(". ") or any(unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} for one in decoded):
            return False
        if _turn and ("\\" in decoded or any(not step.strip(". ") for step in decoded.split("/"))):
            return False
        decoded = unquote(decoded)
    return "\\" not in part


def _shown(name: str) -> str:
    return "".join(one if one.isprintable() else "�" for one in name[:100])
