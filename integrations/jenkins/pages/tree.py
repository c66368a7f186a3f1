"""Jobs in their folders, a flat list in the order of a tree."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from integrations.jenkins import looks, names, rights
from integrations.jenkins.models import Job, Server
from integrations.jenkins.numbers import number_in
from project.core.admin import ago

MOST = 3000
"""Rows on one page; whoever has more opens folders one by one."""
SHOWN = (
    "server_id", "full_name", "name", "folder", "is_folder", "status", "building", "buildable", "last_number",
    "next_number", "last_built_at", "last_milliseconds", "health", "health_text", "needs_approval",
)  # fmt: skip


@dataclass
class Line:
    """One line of the tree: a job, or a folder, also one of which only the jobs inside may be seen."""

    full_name: str
    depth: int
    job: Job | None = None
    may_build: bool = False
    wants_approval: bool = False
    inside: int = 0

    @property
    def name(self) -> str:
        return self.full_name.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return names.folder_of(self.full_name)

    @property
    def is_folder(self) -> bool:
        return self.job is None or self.job.is_folder

    @property
    def status(self) -> SafeString:
        return looks.status(self.job) if self.job else SafeString("")

    @property
    def weather(self) -> str:
        return looks.weather(self.job.health) if self.job else ""

    @property
    def built(self) -> SafeString:
        return ago(self.job.last_built_at) if self.job else SafeString("")


@dataclass
class Tree:
    """A server's jobs."""

    server: Server
    lines: list[Line] = field(default_factory=list)
    jobs: int = 0
    cut: bool = False


def of(user: Any, *, server: str = "", folder: str = "") -> list[Tree]:
    """The jobs that `user` may see, server by server; of one server, or below one folder, alone if so wished."""
    servers = Server.objects.order_by("name")
    if (chosen := number_in(server)) is not None:
        servers = servers.filter(pk=chosen)
    rows = rights.jobs_of(user, "view").present().filter(server__in=servers)
    if folder:
        rows = rows.filter(full_name__startswith=f"{folder}/")
    by_server: dict[int, list[Job]] = defaultdict(list)
    for row in rows.only(*SHOWN).order_by("server", "full_name"):
        by_server[row.server_id].append(row)
    buildable = set(rights.jobs_of(user, "build").filter(server__in=servers).values_list("pk", flat=True))
    found = [_tree(one, by_server[one.pk], buildable, names_wanting(one)) for one in servers]
    return [one for one in found if one.lines or user.has_perm("jenkins.view_server")]


def names_wanting(server: Server) -> set[str]:
    """The folders and jobs of a server that want a second person."""
    return set(Job.objects.filter(server=server, needs_approval=True).values_list("full_name", flat=True))


def _tree(server: Server, rows: list[Job], buildable: set[int], wanting: set[str]) -> Tree:
    lines: dict[str, Line] = {}
    for row in rows:
        for above in names.folders_of(row.full_name)[1:-1]:
            lines.setdefault(above, Line(above, above.count("/")))
        line = lines.setdefault(row.full_name, Line(row.full_name, row.full_name.count("/")))
        line.job = row
        line.may_build = row.pk in buildable and row.buildable and not row.is_folder and server.enabled
        line.wants_approval = bool(wanting) and not wanting.isdisjoint(names.folders_of(row.full_name))
        if not row.is_folder:
            for above in names.folders_of(row.full_name)[1:-1]:
                lines[above].inside += 1
    ordered = sorted(lines.values(), key=lambda line: _place(line))
    return Tree(server, ordered[:MOST], sum(not one.is_folder for one in rows), len(ordered) > MOST)


def _place(line: Line) -> list[tuple[bool, str]]:
    """Folders before jobs, by name, what is in a folder right below it."""
    parts = line.full_name.split("/")
    last = len(parts) - 1
    return [(at == last and not line.is_folder, part.casefold()) for at, part in enumerate(parts)]
