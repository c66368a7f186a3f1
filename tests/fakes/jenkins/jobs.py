"""Jobs: `hudson.model.Job`, `hudson.model.FreeStyleProject`, `WorkflowJob` (workflow-job-plugin)."""

import re
from abc import abstractmethod
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.fakes.jenkins.builds import Build, FreeStyleBuild, WorkflowRun
from tests.fakes.jenkins.items import Item
from tests.fakes.jenkins.parameters import KINDS, PROPERTY, Definition, Value
from tests.fakes.jenkins.stapler import Bean, Facts, Failure, Refused, Request, Response, exported, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.nodes import Computer
    from tests.fakes.jenkins.queue import QueueItem

PERMALINKS = {
    "lastBuild": lambda build: True,
    "lastCompletedBuild": lambda build: not build.is_building,
    "lastFailedBuild": lambda build: build.result == "FAILURE",
    "lastStableBuild": lambda build: build.result == "SUCCESS",
    "lastSuccessfulBuild": lambda build: build.result in {"SUCCESS", "UNSTABLE"},
    "lastUnstableBuild": lambda build: build.result == "UNSTABLE",
    "lastUnsuccessfulBuild": lambda build: build.result not in {None, "SUCCESS"},
}
"""`jenkins.model.PeepholePermalink`."""


class Job(Item):
    build_class: type[Build]
    is_pipeline = False

    def configured(self) -> None:
        self.__dict__.setdefault("builds", {})
        self.__dict__.setdefault("next_number", 1)
        properties = self.config.each(f"properties/{PROPERTY}/parameterDefinitions/*")
        known = [(KINDS.get(element.tag), element) for element in properties]
        self.definitions = [kind(element, self.jenkins) for kind, element in known if kind]
        self.is_disabled = self.config.is_true("disabled")

    builds: dict[int, Build]
    next_number: int
    definitions: list[Definition]

    def jobs_within(self) -> Iterator["Job"]:
        yield self

    @property
    def is_concurrent(self) -> bool:
        return self.config.is_true("concurrentBuild")

    @property
    def assigned_label(self) -> str:
        """Which nodes may build it; any where it says none."""
        return "" if self.config.get("canRoam", "true") == "true" else self.config.get("assignedNode")

    @property
    def quiet_period(self) -> float:
        return float(self.config.get("quietPeriod") or self.jenkins.quiet_period)

    def running(self) -> list[Build]:
        return [build for build in reversed(self.builds.values()) if build.is_building]

    def permalink(self, name: str) -> Build | None:
        return next(filter(PERMALINKS[name], reversed(self.builds.values())), None)

    def before(self, build: Build) -> Build | None:
        return next((each for number, each in reversed(self.builds.items()) if number < build.number), None)

    def after(self, build: Build) -> Build | None:
        return next((each for number, each in self.builds.items() if number > build.number), None)

    def start(self, item: "QueueItem") -> Build:
        build = self.build_class(self, item.id, item.causes, item.parameters)
        self.builds[build.number] = build
        return build

    @abstractmethod
    def opening(self, computer: "Computer") -> list[str]:
        """What its builds log first."""

    def closing(self) -> list[str]:
        return []

    def check_rename(self) -> None:
        if self.running():
            raise Failure("Unable to rename a job while it is building.")

    # -- what it exports

    buildable = exported("buildable")(lambda self: not self.is_disabled)
    disabled = exported("disabled")(lambda self: self.is_disabled)
    concurrent = exported("concurrentBuild")(lambda self: self.is_concurrent)
    keep_dependencies = exported("keepDependencies")(lambda self: False)
    next_build_number = exported("nextBuildNumber")(lambda self: self.next_number)
    in_queue = exported("inQueue")(lambda self: self.queued() is not None)
    newest = exported("builds")(lambda self: self.all_builds()[:100])
    first = exported("firstBuild")(lambda self: next(iter(self.builds.values()), None))
    last = exported("lastBuild")(lambda self: self.permalink("lastBuild"))
    last_completed = exported("lastCompletedBuild")(lambda self: self.permalink("lastCompletedBuild"))
    last_failed = exported("lastFailedBuild")(lambda self: self.permalink("lastFailedBuild"))
    last_stable = exported("lastStableBuild")(lambda self: self.permalink("lastStableBuild"))
    last_successful = exported("lastSuccessfulBuild")(lambda self: self.permalink("lastSuccessfulBuild"))
    last_unstable = exported("lastUnstableBuild")(lambda self: self.permalink("lastUnstableBuild"))
    last_unsuccessful = exported("lastUnsuccessfulBuild")(lambda self: self.permalink("lastUnsuccessfulBuild"))

    @exported("allBuilds", -2)
    def all_builds(self) -> list[Build]:
        return list(reversed(self.builds.values()))

    @exported("queueItem")
    def queued(self) -> "QueueItem | None":
        return next((item for item in self.jenkins.queue.items if item.job is self), None)

    @exported("color", 2)
    def color(self) -> str:
        """`Job.getIconColor`, `ParameterizedJobMixIn` for disabled ones."""
        last = self.permalink("lastBuild")
        if self.is_disabled:
            return "disabled_anime" if last and last.is_building else "disabled"
        return last.color if last else "notbuilt"

    @exported("property", inline=True)
    def properties(self) -> list[Bean]:
        return [Facts(PROPERTY, 2, parameterDefinitions=self.definitions)] if self.definitions else []

    @exported("actions")
    def actions(self) -> list[Bean]:
        """The definitions once more (`ParametersDefinitionProperty.getJobActions`), and others that say nothing."""
        return [*self.properties(), Facts()]

    @exported("healthReport")
    def health(self) -> list[Bean]:
        """`Job.getBuildStabilityHealthReport`: of the last five builds that say something."""
        told = [build.result for build in self.all_builds() if build.result in {"SUCCESS", "UNSTABLE", "FAILURE"}][:5]
        if not told:
            return []
        failed = told.count("FAILURE")
        score = 100 * (len(told) - failed) // len(told)
        text = f"{failed} out of the last {len(told)} builds failed."
        text = {0: "No recent builds failed.", len(told): "All recent builds failed."}.get(failed, text)
        icon = f"health-{min(score // 20 * 20, 80):02}to{'19' if score < 20 else min(score // 20 * 20 + 19, 79)}"
        icon = "health-80plus" if score >= 80 else icon
        said = {"description": f"Build stability: {text}", "iconClassName": f"icon-{icon}", "iconUrl": f"{icon}.png"}
        return [Facts("", 2, score=score, **said)]

    def estimated_duration(self) -> int:
        """`Job.getEstimatedDuration`: of the last three that succeeded; -1 where none did."""
        good = [build for build in self.all_builds() if build.result in {"SUCCESS", "UNSTABLE"}][:3]
        return int(sum(build.ended - build.started for build in good) / len(good) * 1000) if good else -1

    # -- what can be done with it

    def child(self, name: str, rest: list[str]) -> Bean | None:
        if name in PERMALINKS:
            return self.permalink(name)
        return self.builds.get(int(name)) if name.isdecimal() else None

    def _may_build(self, request: Request) -> None:
        if self.is_disabled:
            raise Refused(HTTPStatus.CONFLICT, f"{self.full_name()} is not buildable")
        if request.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "This URL requires POST", Allow="POST")

    def _schedule(self, request: Request, parameters: list[Value], merged: int) -> Response:
        delay = request.get("delay")
        quiet = seconds(delay) if delay else self.quiet_period
        item, created = self.jenkins.queue.schedule(self, quiet, request.user, parameters)
        return request.redirect(f"/{item.url()}", HTTPStatus.CREATED if created else merged)

    @web("build")
    def build(self, request: Request) -> Response:
        """`ParameterizedJobMixIn.doBuild`; with parameters, `ParametersDefinitionProperty._doBuild` wants a form."""
        self._may_build(request)
        values = []
        if self.definitions:
            given = request.form().get("parameter", [])
            for each in given if isinstance(given, list) else [given]:
                values.append(self._definition(each["name"]).value(_text(each.get("value"))))
        return self._schedule(request, values, HTTPStatus.CREATED)

    @web("buildWithParameters")
    def build_with_parameters(self, request: Request) -> Response:
        """`ParameterizedJobMixIn.doBuildWithParameters`: 303 where the queue has the same already."""
        self._may_build(request)
        if not self.definitions:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{self.full_name()} is not parameterized")
        asked = [definition.asked(request) for definition in self.definitions]
        return self._schedule(request, [value for value in asked if value], HTTPStatus.SEE_OTHER)

    def _definition(self, name: str) -> Definition:
        for definition in self.definitions:
            if definition.label == name:
                return definition
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"No such parameter definition: {name}")

    @web("enable", post=True)
    def enable(self, request: Request) -> Response:
        """`ParameterizedJobMixIn.ParameterizedJob.doEnable`."""
        return self._set_disabled("false", request)

    @web("disable", post=True)
    def disable(self, request: Request) -> Response:
        """`ParameterizedJobMixIn.ParameterizedJob.doDisable`: what waits in the queue is cancelled."""
        self.jenkins.queue.forget(self)
        return self._set_disabled("true", request)

    def _set_disabled(self, said: str, request: Request) -> Response:
        self.config = self.config.with_value("disabled", said)
        self.configured()
        return request.redirect(".")


class FreeStyleProject(Job):
    java = "hudson.model.FreeStyleProject"
    build_class = FreeStyleBuild
    root = "project"

    downstream = exported("downstreamProjects")(lambda self: [])
    upstream = exported("upstreamProjects")(lambda self: [])
    label_expression = exported("labelExpression")(lambda self: self.assigned_label or None)
    scm = exported("scm")(lambda self: Facts("hudson.scm.NullSCM"))

    def opening(self, computer: "Computer") -> list[str]:
        where = f"remotely on {computer.node_name}" if computer.node_name else "on the built-in node"
        return ["Running as SYSTEM", f"Building {where} in workspace /var/jenkins_home/workspace/{self.full_name()}"]


class WorkflowJob(Job):
    """A pipeline: it begins on a one-off executor at once, and runs side by side unless its XML forbids that."""

    java = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
    build_class = WorkflowRun
    root = "flow-definition"
    is_pipeline = True

    resume_blocked = exported("resumeBlocked")(lambda self: False)

    @property
    def is_concurrent(self) -> bool:
        return not any(
            each.tag.endswith(".DisableConcurrentBuildsJobProperty") for each in self.config.each("properties/*")
        )

    def opening(self, computer: "Computer") -> list[str]:
        return ["[Pipeline] Start of Pipeline", "[Pipeline] node", "[Pipeline] {"]

    def closing(self) -> list[str]:
        return ["[Pipeline] }", "[Pipeline] // node", "[Pipeline] End of Pipeline"]


def seconds(delay: str) -> int:
    """`jenkins.util.TimeDuration`: `5sec`; milliseconds where it names no unit."""
    found = re.fullmatch(r"\s*(-?\d+)\s*(secs?)?\s*", delay)
    if not found:
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"Invalid time duration value: {delay}")
    return int(found[1]) if found[2] else int(found[1]) // 1000


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value or "")
