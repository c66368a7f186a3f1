"""What Jenkins tells, with types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SECRET_KINDS = frozenset({"PasswordParameterDefinition", "NonStoredPasswordParameterDefinition"})


@dataclass(frozen=True)
class Info:
    """A server."""

    version: str
    mode: str
    description: str
    quieting_down: bool
    use_crumbs: bool
    executors: int


@dataclass(frozen=True)
class Parameter:
    """A parameter that a job asks for."""

    name: str
    kind: str
    """Jenkins' own word, for example `StringParameterDefinition`."""
    description: str = ""
    default: Any = None
    choices: tuple[str, ...] = ()

    @property
    def secret(self) -> bool:
        return self.kind in SECRET_KINDS


@dataclass(frozen=True)
class JobState:
    """A job or folder as it is now."""

    full_name: str
    is_folder: bool
    url: str = ""
    color: str = ""
    description: str = ""
    buildable: bool = True
    in_queue: bool = False
    next_number: int = 0
    last_number: int = 0
    last_result: str = ""
    last_building: bool = False
    last_at: datetime | None = None
    last_milliseconds: int = 0
    last_successful: int = 0
    last_failed: int = 0
    health: int | None = None
    health_text: str = ""
    parameters: tuple[Parameter, ...] = ()

    @property
    def status(self) -> int:
        """As the seed has it: 1 the last build succeeded, 2 it failed, 0 anything else."""
        if self.last_number and self.last_number == self.last_successful:
            return 1
        return 2 if self.last_number and self.last_number == self.last_failed else 0

    @property
    def full_status(self) -> str:
        """What it really is: running, success, failed, unstable, aborted, not_built or disabled."""
        if self.last_building:
            return "running"
        if self.color.startswith("disabled"):
            return "disabled"
        words = {"SUCCESS": "success", "FAILURE": "failed", "UNSTABLE": "unstable", "ABORTED": "aborted"}
        return words.get(self.last_result, "not_built")


@dataclass(frozen=True)
class QueueItem:
    """A build that waits, or waited."""

    number: int
    job: str
    why: str = ""
    since: datetime | None = None
    by: str = ""
    stuck: bool = False
    blocked: bool = False
    cancelled: bool = False
    build: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class BuildState:
    """A build that runs, or ran."""

    number: int
    building: bool
    result: str
    url: str = ""
    at: datetime | None = None
    milliseconds: int = 0
    estimated_milliseconds: int = 0
    queue_number: int | None = None
    by: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """A machine that builds."""

    name: str
    description: str = ""
    offline: bool = False
    why_offline: str = ""
    executors: int = 0
    busy: int = 0
    labels: tuple[str, ...] = ()
    is_controller: bool = False


@dataclass(frozen=True)
class View:
    """A list of jobs under a name; `jobs` are full names."""

    name: str
    url: str = ""
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plugin:
    """A plugin that is installed."""

    name: str
    title: str = ""
    version: str = ""
    enabled: bool = True
    active: bool = True
    has_update: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Label:
    """Machines of one kind, and who asks for them."""

    name: str
    nodes: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class Fingerprint:
    """A file that builds have made or used, by its MD5 sum."""

    id: str
    file_name: str = ""
    made_by: str = ""
    made_by_number: int = 0
    used_by: tuple[str, ...] = ()
