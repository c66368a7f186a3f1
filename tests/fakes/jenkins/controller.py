"""The root of all URLs, `jenkins.model.Jenkins`, and the time that passes in it.

Nothing ticks: what should have happened since the last request happens, in order, when the next one comes.
"""

from collections.abc import Callable
from typing import ClassVar

from tests.fakes.jenkins.builds import Build
from tests.fakes.jenkins.items import Folder, Group, Item, check_good_name
from tests.fakes.jenkins.jobs import FreeStyleProject, Job, WorkflowJob
from tests.fakes.jenkins.nodes import Nodes
from tests.fakes.jenkins.plugins import Plugins
from tests.fakes.jenkins.queue import Queue, WaitingItem
from tests.fakes.jenkins.security import Account, Security
from tests.fakes.jenkins.stapler import Bean, Facts, Request, Response, exported, for_people, web
from tests.fakes.jenkins.store import Store

VERSION = "2.579"


class Jenkins(Group):
    java = "hudson.model.Hudson"
    kinds: ClassVar[dict[str, type[Item]]] = {kind.root: kind for kind in (FreeStyleProject, WorkflowJob, Folder)}
    good_name = staticmethod(check_good_name)

    def __init__(
        self,
        *,
        accounts: list[Account],
        anonymous: str,
        executors: int,
        quiet_period: float,
        clock: Callable[[], float],
    ) -> None:
        self.jenkins = self
        super().__init__()
        self._clock = clock
        self.now, self.ahead = clock(), 0.0
        self.root_url, self.quiet_period = "http://127.0.0.1/", quiet_period
        self.counts_sent_text = False
        self.security = Security(accounts, anonymous)
        self.queue, self.nodes, self.plugins = Queue(self), Nodes(self, executors), Plugins(self)
        self.fingerprints: dict[str, tuple[Build, str]] = {}
        self.artifact_store: Store | None = None
        self.is_quieting_down, self.wants_restart = False, False
        self.restarts_for, self.back_at = 2.0, 0.0
        self.current: Request
        """The request that is being answered: `Stapler.getCurrentRequest2`."""

    # -- time

    def catch_up(self) -> None:
        """Let everything happen that was due."""
        until = self._clock() + self.ahead
        while (moment := min(self._moments(), default=until)) < until:
            self.now = moment
            self._step()
        self.now = until
        self._step()

    def _moments(self) -> list[float]:
        """When something happens next."""
        due = [item.due for item in self.queue.items if isinstance(item, WaitingItem)]
        due += [build.due for build in self.running()]
        due += [moment for moment, _ in self.plugins.coming] + [self.back_at]
        return [moment for moment in due if moment > self.now]

    def _step(self) -> None:
        for build in self.running():
            build.catch_up()
        for computer in self.nodes.computers:
            computer.release()
        if not self.is_starting:
            self.queue.maintain()
        self.plugins.catch_up()
        if self.wants_restart and not any(computer.busy for computer in self.nodes.computers):
            self.restart()

    def running(self) -> list[Build]:
        return [build for computer in self.nodes.computers for build in (*computer.busy, *computer.one_off)]

    def restart(self) -> None:
        """Freestyle builds are aborted, pipelines go on; sessions, crumbs and left queue items are forgotten."""
        for computer in self.nodes.computers:
            for build in computer.busy:
                build.finish("ABORTED", "Build was aborted")
            for build in computer.one_off:
                build.write("Resuming build after Jenkins restart")
            computer.release()
        self.is_quieting_down = self.wants_restart = False
        self.security.restarted()
        self.queue.restarted()
        self.plugins.restarted()
        self.back_at = self.now + self.restarts_for

    @property
    def is_starting(self) -> bool:
        return self.now < self.back_at

    # -- what it is

    def url(self) -> str:
        return self.root_url

    def full_name(self) -> str:
        return ""

    full_display_name = full_name

    def find_job(self, full_name: str) -> Job | None:
        return next((job for job in self.every_job() if job.full_name() == full_name), None)

    root = exported("url")(lambda self: self.root_url)
    mode = exported("mode")(lambda self: "NORMAL")
    node_name = exported("nodeName")(lambda self: "")
    node_description = exported("nodeDescription")(lambda self: self.nodes.built_in.note)
    num_executors = exported("numExecutors")(lambda self: self.nodes.built_in.size)
    description = exported("description")(lambda self: None)
    quieting_down = exported("quietingDown")(lambda self: self.is_quieting_down)
    quiet_down_reason = exported("quietDownReason")(lambda self: None)
    agent_port = exported("slaveAgentPort")(lambda self: -1)
    use_crumbs = exported("useCrumbs")(lambda self: True)
    use_security = exported("useSecurity")(lambda self: True)
    labels = exported("assignedLabels")(
        lambda self: [Facts("", 2, name=each) for each in self.nodes.built_in.all_labels]
    )
    overall_load = exported("overallLoad")(lambda self: Facts())
    unlabeled_load = exported("unlabeledLoad")(lambda self: Facts("jenkins.model.UnlabeledLoadStatistics"))

    def fingerprint(self, digest: str) -> Bean | None:
        """`hudson.model.Fingerprint`."""
        if digest not in self.fingerprints:
            return None
        build, path = self.fingerprints[digest]
        ranges = Facts("", 3, ranges=[Facts("", 4, start=build.number, end=build.number + 1)])
        original = Facts("hudson.model.Fingerprint$BuildPtr", 2, name=build.job.full_name(), number=build.number)
        usage = [Facts("", 2, name=build.job.full_name(), ranges=ranges)]
        facts = {"fileName": path.rpartition("/")[2], "hash": digest, "timestamp": int(build.ended * 1000)}
        return Facts("hudson.model.Fingerprint", 1, original=original, usage=usage, **facts)

    def child(self, name: str, rest: list[str]) -> Bean | None:
        """`Jenkins.getDynamic` and its getters."""
        match name:
            case "crumbIssuer" | "whoAmI" | "me":
                return self.security.about(name, self.current, self.root_url)
            case "queue" | "computer" | "pluginManager":
                return {"queue": self.queue, "computer": self.nodes, "pluginManager": self.plugins}[name]
            case "manage":
                return self
            case "label" if rest:
                return self.nodes.label(rest.pop(0))
            case "fingerprint" if rest:
                return self.fingerprint(rest.pop(0))
        return super().child(name, rest)

    # -- what can be done with it

    login = web("login")(for_people)

    @web("quietDown", post=True)
    def quiet_down(self, request: Request) -> Response:
        """`Jenkins.doQuietDown`: nothing new begins."""
        self.is_quieting_down = True
        return request.redirect(".")

    @web("cancelQuietDown", post=True)
    def cancel_quiet_down(self, request: Request) -> Response:
        """`Jenkins.doCancelQuietDown`."""
        self.is_quieting_down = self.wants_restart = False
        return request.redirect(".")

    @web("safeRestart", post=True)
    def safe_restart(self, request: Request) -> Response:
        """`Jenkins.doSafeRestart`: freestyle builds end first, pipelines need not."""
        if request.get("cancel") is not None:
            return self.cancel_quiet_down(request)
        self.is_quieting_down = self.wants_restart = True
        return request.redirect(".")

    @web("restart", post=True)
    def restart_now(self, request: Request) -> Response:
        """`Jenkins.doRestart`."""
        self.restart()
        return request.redirect(".")
