"""A build: `hudson.model.Run`, `hudson.model.FreeStyleBuild` and `WorkflowRun` (workflow-job-plugin)."""

import hashlib
import html
import mimetypes
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.fakes.jenkins.logs import Log
from tests.fakes.jenkins.parameters import Value
from tests.fakes.jenkins.script import Script
from tests.fakes.jenkins.stapler import Bean, Facts, Refused, Request, Response, exported, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.jobs import Job
    from tests.fakes.jenkins.nodes import Computer

COLORS = {"SUCCESS": "blue", "UNSTABLE": "yellow", "FAILURE": "red", "ABORTED": "aborted", "NOT_BUILT": "notbuilt"}


def actions(causes: list[dict[str, str]], parameters: list[Value]) -> list[Bean]:
    """`Actionable.getAllActions`: what was given (`ParametersAction`) and why it runs (`CauseAction`), and others that say nothing."""
    why = [Facts("hudson.model.Cause$UserIdCause", 3, **cause) for cause in causes]
    found: list[Bean] = [Facts("hudson.model.ParametersAction", 2, parameters=parameters)] if parameters else []
    return [*found, Facts("hudson.model.CauseAction", 2, causes=why), Facts()]


class Build(Bean):
    """`hudson.model.Run`: runs from the moment it is made; `catch_up` lets it log and end."""

    def __init__(self, job: "Job", queue_id: int, causes: list[dict[str, str]], parameters: list[Value]) -> None:
        self.job, self.jenkins, self.queue_id = job, job.jenkins, queue_id
        self.number = job.next_number
        job.next_number += 1
        self.causes, self.parameters = causes, parameters
        self.script = Script.of(job.config.text)
        self.started, self.ended = self.jenkins.now, 0.0
        self.result: str | None = None
        self.computer: Computer | None = None
        self.kept = False
        self.note: str | None = None
        self.artifacts_left: dict[str, bytes] = {}
        self.log, self.logged = Log(self), 0

    def begin(self, computer: "Computer") -> None:
        self.computer = computer
        self.log.write(*(cause["shortDescription"] for cause in self.causes), *self.job.opening(computer))

    @property
    def is_building(self) -> bool:
        return self.result is None

    @property
    def due(self) -> float:
        """When it ends by itself."""
        return self.started + self.script.seconds

    def write(self, *lines: str) -> None:
        """Log lines at this moment, whatever the script says."""
        self.log.write(*lines)

    def catch_up(self) -> None:
        due = self.script.lines_after(self.jenkins.now - self.started)
        if due > self.logged:
            self.log.write(*(self.script.line(number) for number in range(self.logged, due)))
            self.logged = due
        if self.jenkins.now >= self.due:
            self.finish(self.script.result)

    def finish(self, result: str, *said: str) -> None:
        if not self.is_building:
            return
        for path in self.script.artifacts:
            self.artifacts_left[path] = f"{self.external_id()} {path}\n".encode() * 40
            self.jenkins.fingerprints.setdefault(hashlib.md5(self.artifacts_left[path]).hexdigest(), (self, path))  # noqa: S324 (as Jenkins has it)
        self.log.write(*said, *self.job.closing(), f"Finished: {result}")
        self.result, self.ended = result, self.jenkins.now

    def external_id(self) -> str:
        return f"{self.job.full_name()}#{self.number}"

    @property
    def color(self) -> str:
        if self.result:
            return COLORS[self.result]
        before = self.job.before(self)
        return f"{before.color if before else 'notbuilt'}_anime"

    # -- what it exports (Run, AbstractBuild)

    number_ = exported("number", 2)(lambda self: self.number)
    url = exported("url", 2)(lambda self: f"{self.job.url()}{self.number}/")
    id_ = exported("id")(lambda self: str(self.number))
    display_name = exported("displayName")(lambda self: f"#{self.number}")
    full_display_name = exported("fullDisplayName")(lambda self: f"{self.job.full_display_name()} #{self.number}")
    queue = exported("queueId")(lambda self: self.queue_id)
    result_ = exported("result")(lambda self: self.result)
    building = exported("building")(lambda self: self.is_building)
    in_progress = exported("inProgress")(lambda self: self.is_building)
    keep_log = exported("keepLog")(lambda self: self.kept)
    timestamp = exported("timestamp")(lambda self: int(self.started * 1000))
    description = exported("description")(lambda self: self.note)
    duration = exported("duration")(lambda self: 0 if self.is_building else int((self.ended - self.started) * 1000))
    estimated = exported("estimatedDuration")(lambda self: self.job.estimated_duration())
    actions = exported("actions")(lambda self: actions(self.causes, self.parameters))
    culprits = exported("culprits")(lambda self: [])

    @exported("executor")
    def executor(self) -> Bean | None:
        return Facts() if self.is_building else None

    @exported("artifacts")
    def artifacts(self) -> list[Bean]:
        names = [(path, path.rpartition("/")[2]) for path in self.artifacts_left]
        return [Facts("", 3, relativePath=path, fileName=name, displayPath=name) for path, name in names]

    @exported("fingerprint", -1, inline=True)
    def fingerprint(self) -> list[Bean | None]:
        return [
            self.jenkins.fingerprint(each) for each, (build, _) in self.jenkins.fingerprints.items() if build is self
        ]

    # -- what can be done with it

    def child(self, name: str, rest: list[str]) -> Bean | None:
        return self.log if name == "logText" else None

    @web("consoleText")
    def console_text(self, request: Request) -> Response:
        """`Run.doConsoleText`: all of it, as it is."""
        return Response(HTTPStatus.OK, bytes(self.log.content), "text/plain;charset=utf-8")

    @web("console", "consoleFull")
    def console(self, request: Request) -> Response:
        """The page that links to a build's log lead to."""
        return Response(HTTPStatus.OK, b"<pre>" + html.escape(self.log.content.decode()).encode() + b"</pre>")

    @web("buildNumber")
    def build_number(self, request: Request) -> Response:
        """`Run.doBuildNumber`."""
        return Response.text(str(self.number))

    @web("artifact")
    def artifact(self, request: Request) -> Response:
        """`Run.doArtifact`, served by `hudson.model.DirectoryBrowserSupport`; `VirtualFile.toExternalURL` says what is elsewhere."""
        path = "/".join(request.rest)
        if path not in self.artifacts_left:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        if store := self.jenkins.artifact_store:
            there = store.keep(f"{self.job.full_name()}/{self.number}/artifacts/{path}", self.artifacts_left[path])
            return Response(HTTPStatus.FOUND, headers={"Location": there})
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return Response(HTTPStatus.OK, self.artifacts_left[path], kind)

    @web("stop", post=True)
    def stop(self, request: Request) -> Response:
        """`AbstractBuild.doStop`, `Executor.doStop`, `WorkflowRun.doStop`; one that has ended stays as it is."""
        return self._stop(request, "Build was aborted", f"Aborted by {request.user}")

    def _stop(self, request: Request, *said: str) -> Response:
        """`HttpResponses.forwardToPreviousPage`."""
        self.finish("ABORTED", *said)
        referer = request.headers.get("referer")
        return Response(HTTPStatus.FOUND, headers={"Location": referer}) if referer else request.redirect(".")

    @web("doDelete", post=True)
    def delete(self, request: Request) -> Response:
        """`Run.doDoDelete`."""
        if self.kept:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"Unable to delete {self.full_display_name()}")
        del self.job.builds[self.number]
        return request.redirect(self.job.url())

    @web("toggleLogKeep", post=True)
    def toggle_log_keep(self, request: Request) -> Response:
        """`Run.doToggleLogKeep`."""
        self.kept = not self.kept
        return request.redirect(".")

    @web("submitDescription", post=True)
    def submit_description(self, request: Request) -> Response:
        """`Run.doSubmitDescription`."""
        self.note = request.get("description")
        return request.redirect(".")


class FreeStyleBuild(Build):
    java = "hudson.model.FreeStyleBuild"

    built_on = exported("builtOn")(lambda self: self.computer.node_name if self.computer else "")
    change_set = exported("changeSet")(lambda self: Facts("hudson.scm.EmptyChangeLogSet", 1, items=[], kind=None))


class WorkflowRun(Build):
    java = "org.jenkinsci.plugins.workflow.job.WorkflowRun"

    previous = exported("previousBuild")(lambda self: self.job.before(self))
    next_build = exported("nextBuild")(lambda self: self.job.after(self))
    change_sets = exported("changeSets")(lambda self: [])

    @web("term", post=True)
    def term(self, request: Request) -> Response:
        """`WorkflowRun.doTerm`."""
        return self._stop(request, "Terminating sh")

    @web("kill", post=True)
    def kill(self, request: Request) -> Response:
        """`WorkflowRun.doKill`."""
        return self._stop(request, "Hard kill!")
