"""Where builds run: `hudson.model.ComputerSet`, `Computer`, `Executor`, `Label`."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tests.fakes.jenkins.builds import Build
from tests.fakes.jenkins.config import Config
from tests.fakes.jenkins.stapler import Bean, Facts, Failure, Refused, Request, Response, exported, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins

INBOUND = "hudson.slaves.JNLPLauncher"
BUILT_IN = "(built-in)"


class Computer(Bean):
    """A node and its executors; the built-in one has no name."""

    def __init__(self, nodes: "Nodes", name: str, facts: dict[str, Any]) -> None:
        self.nodes, self.node_name = nodes, name
        self.note = str(facts.get("nodeDescription", ""))
        self.size = int(facts.get("numExecutors", 1))
        self.labels = str(facts.get("labelString", "")).split()
        self.mode = str(facts.get("mode", "NORMAL"))
        self.root = str(facts.get("remoteFS", ""))
        self.launcher = str(facts.get("launcher", {}).get("stapler-class", INBOUND))
        self.is_connected = not name or self.launcher != INBOUND
        self.offline_message: str | None = None
        self.busy: list[Build] = []
        self.one_off: list[Build] = []

    @property
    def java(self) -> str:  # type: ignore[override]  # most beans have one for all
        return "hudson.slaves.SlaveComputer" if self.node_name else "hudson.model.Hudson$MasterComputer"

    @property
    def all_labels(self) -> list[str]:
        return [*self.labels, self.node_name or "built-in"]

    @property
    def is_online(self) -> bool:
        return self.is_connected and self.offline_message is None

    def takes(self, label: str) -> bool:
        """`Node.canTake`."""
        return label in self.all_labels if label else self.mode == "NORMAL"

    def run(self, build: Build) -> None:
        (self.one_off if build.job.is_pipeline else self.busy).append(build)
        build.begin(self)

    def release(self) -> None:
        self.busy = [build for build in self.busy if build.is_building]
        self.one_off = [build for build in self.one_off if build.is_building]

    name = exported("displayName")(lambda self: self.node_name or "Built-In Node")
    description = exported("description")(lambda self: self.note)
    num_executors = exported("numExecutors")(lambda self: self.size)
    offline = exported("offline")(lambda self: not self.is_online)
    temporarily_offline = exported("temporarilyOffline")(lambda self: self.offline_message is not None)
    reason = exported("offlineCauseReason")(lambda self: self.offline_message or "")
    idle = exported("idle")(lambda self: not self.busy and not self.one_off)
    icon = exported("icon")(lambda self: "symbol-computer" if self.is_online else "symbol-computer-offline")
    icon_class = exported("iconClassName")(lambda self: self.icon())
    jnlp_agent = exported("jnlpAgent")(lambda self: bool(self.node_name) and self.launcher == INBOUND)
    launch_supported = exported("launchSupported")(lambda self: not self.jnlp_agent())
    manual_launch = exported("manualLaunchAllowed")(lambda self: True)
    monitors = exported("monitorData", inline=True)(lambda self: {})
    labels_ = exported("assignedLabels")(lambda self: [Facts("", 2, name=label) for label in self.all_labels])
    one_off_executors = exported("oneOffExecutors")(lambda self: self._executors(self.one_off, 0))
    executors = exported("executors")(lambda self: self._executors(self.busy, self.size))

    @exported("offlineCause")
    def offline_cause(self) -> Bean | None:
        if self.offline_message is None:
            return None
        return Facts("hudson.slaves.OfflineCause$UserCause", 1, description=self.offline_message)

    def _executors(self, builds: list[Build], size: int) -> list[Bean]:
        slots: list[Build | None] = [*builds, *[None] * (size - len(builds))]
        return [
            Facts(
                "",
                1,
                number=number,
                idle=not build,
                likelyStuck=False,
                progress=_progress(build),
                currentExecutable=build,
            )
            for number, build in enumerate(slots)
        ]

    @web("doDelete", post=True)
    def delete(self, request: Request) -> Response:
        """`Computer.doDoDelete`; what ran there is lost."""
        if not self.node_name:
            raise Refused(HTTPStatus.BAD_REQUEST, "The built-in node cannot be deleted")
        for build in self.busy:
            build.finish("ABORTED")
        self.nodes.computers.remove(self)
        return request.redirect("..")

    @web("toggleOffline", post=True)
    def toggle_offline(self, request: Request) -> Response:
        """`Computer.doToggleOffline`: what runs there goes on."""
        self.offline_message = None if self.offline_message is not None else request.get("offlineMessage") or ""
        return request.redirect(".")

    @web("config.xml")
    def config_xml(self, request: Request) -> Response:
        """`Computer.doConfigDotXml`."""
        if not self.node_name:
            raise Refused(HTTPStatus.BAD_REQUEST, "Bad Request")
        if request.method == "POST":
            config = Config(request.body.decode())
            self.note, self.size = config.get("description"), int(config.get("numExecutors", "1"))
            self.labels, self.mode = config.get("label").split(), config.get("mode", "NORMAL")
            return Response()
        said = {"name": self.node_name, "description": self.note, "remoteFS": self.root, "numExecutors": self.size}
        said |= {"mode": self.mode, "label": " ".join(self.labels)}
        lines = "".join(f"  <{tag}>{escape(str(value))}</{tag}>\n" for tag, value in said.items())
        return Response.xml(Config(f'<slave>\n{lines}  <launcher class="{escape(self.launcher)}"/>\n</slave>').text)


class Label(Bean):
    java = "hudson.model.labels.LabelAtom"

    def __init__(self, nodes: "Nodes", label: str) -> None:
        self.nodes, self.label = nodes, label
        self.computers = [each for each in nodes.computers if label in each.all_labels]

    name = exported("name", 2)(lambda self: self.label)
    clouds = exported("clouds")(lambda self: [])
    actions = exported("actions")(lambda self: [])
    total = exported("totalExecutors")(lambda self: sum(each.size for each in self.computers if each.is_online))
    busy = exported("busyExecutors")(lambda self: sum(len(each.busy) for each in self.computers))
    idle = exported("idleExecutors")(lambda self: max(0, self.total() - self.busy()))
    description = exported("description")(lambda self: None)

    @exported("nodes")
    def get_nodes(self) -> list[Bean]:
        kinds = {True: "hudson.slaves.DumbSlave", False: "hudson.model.Hudson"}
        return [Facts(kinds[bool(each.node_name)], 999, nodeName=each.node_name) for each in self.computers]

    @exported("offline")
    def is_offline(self) -> bool:
        return not any(each.is_online for each in self.computers)

    @exported("tiedJobs")
    def tied_jobs(self) -> list[Any]:
        return [job for job in self.nodes.jenkins.every_job() if job.assigned_label == self.label]


class Nodes(Bean):
    """`hudson.model.ComputerSet`."""

    java = "hudson.model.ComputerSet"

    def __init__(self, jenkins: "Jenkins", executors: int) -> None:
        self.jenkins = jenkins
        self.built_in = Computer(
            self, "", {"numExecutors": executors, "nodeDescription": "the Jenkins controller's built-in node"}
        )
        self.computers = [self.built_in]

    display_name = exported("displayName")(lambda self: "Nodes")
    total = exported("totalExecutors")(lambda self: sum(each.size for each in self.computers if each.is_online))
    busy = exported("busyExecutors")(lambda self: sum(len(each.busy) for each in self.computers))
    get_computers = exported("computer", inline=True)(lambda self: self.computers)

    def label(self, name: str) -> Label:
        return Label(self, name)

    def child(self, name: str, rest: list[str]) -> Bean | None:
        name = "" if name in {BUILT_IN, "(master)"} else name
        return next((each for each in self.computers if each.node_name == name), None)

    def free(self, label: str) -> Computer | None:
        """An idle executor for it."""
        able = (each for each in self.computers if each.is_online and each.takes(label) and len(each.busy) < each.size)
        return next(able, None)

    def why_nobody_builds(self, label: str) -> str:
        """`Queue.BuildableItem.getCauseOfBlockage`."""
        if not label or len(self.computers) == 1:
            return "Waiting for next available executor"
        found = self.label(label)
        if not found.computers:
            return f"There are no nodes with the label ‘{label}’"
        only = found.computers[0].name() if len(found.computers) == 1 else ""
        if found.is_offline():
            return f"‘{only}’ is offline" if only else f"All nodes of label ‘{label}’ are offline"
        return f"Waiting for next available executor on ‘{only or label}’"

    @web("doCreateItem", post=True)
    def create(self, request: Request) -> Response:
        """`ComputerSet.doDoCreateItem`: a form in JSON; an agent that calls in is offline until it does."""
        name = self.jenkins.good_name((request.get("name") or "").strip())
        if self.child(name, []):
            raise Failure(f"Agent called ‘{name}’ already exists")
        self.computers.append(Computer(self, name, request.form()))
        return request.redirect(".")


def _progress(build: Build | None) -> int:
    """`Executor.getProgress`: percent of what it usually takes; -1 where nobody knows."""
    if build is None or build.job.estimated_duration() < 0:
        return -1
    return min(99, int((build.jenkins.now - build.started) * 100_000 / max(1, build.job.estimated_duration())))
