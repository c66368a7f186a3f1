"""Builds that run or ran, and their logs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.answers import WEB_PAGE
from integrations.jenkins.client.jobs import JobCalls
from integrations.jenkins.client.queue import QueueCalls
from integrations.jenkins.numbers import number_in

STATE = (
    "number,building,result,url,timestamp,duration,estimatedDuration,queueId,artifacts[relativePath],"
    "actions[causes[userId,userName,shortDescription],parameters[name,value]]"
)
LOG_SECONDS, FILE_SECONDS = 60.0, 600.0


class BuildCalls(JobCalls, QueueCalls):
    def build_numbers(self, job: str) -> list[int]:
        """The numbers of all builds of a job that are kept, the newest first."""
        told = self._json(names.path(job), tree="allBuilds[number]", what=job)
        return [reading.number(one, "number") for one in reading.each(told, "allBuilds")]

    def build(self, job: str, number: int) -> shapes.BuildState:
        """One build.

        :raises NotAtJenkins: when there is none (any more).
        """
        return reading.build(self._json(_path(job, number), tree=STATE, what=f"{job} #{number}"))

    def latest_builds(self, job: str, most: int = 20) -> list[shapes.BuildState]:
        """The newest builds of a job, in one request."""
        told = self._json(names.path(job), tree=f"builds[{STATE}]{{0,{int(most)}}}", what=job)
        return [reading.build(one) for one in reading.each(told, "builds")]

    def build_from_queue(self, number: int) -> shapes.BuildState | None:
        """The build that a queue item became; None while it waits."""
        item = self.queue_item(number)
        return None if item.build is None else self.build(item.job, item.build)

    def stop_build(self, job: str, number: int) -> None:
        """Stop a build that runs."""
        self._post(f"{_path(job, number)}stop", what=f"{job} #{number}")

    def log(self, job: str, number: int, start: int = 0) -> tuple[str, int, bool]:
        """What a build wrote since `start`, up to 5 MB: the text, where it goes on, and whether more is to come."""
        answer = self.transport.send(
            "GET", f"{_path(job, number)}logText/progressiveText?start={int(start)}", kind="text/plain", what=job
        )
        told, text = _size(answer.headers), answer.text.replace("\r\n", "\n")
        return text, start + len(answer.body) if told is None else told, _goes_on(answer.headers)

    def last_log(self, job: str) -> str:
        """What the last build of a job wrote, from the beginning."""
        path = f"{names.path(job)}lastBuild/logText/progressiveText?start=0"
        return self.transport.send("GET", path, kind="text/plain", what=job).text.replace("\r\n", "\n")

    @contextmanager
    def log_stream(
        self, job: str, number: int, start: int = 0, seconds: float = LOG_SECONDS
    ) -> Iterator[tuple[int | None, bool, Iterator[bytes]]]:
        """A log of any size: where it goes on once all is read, whether more is to come, and the text piece by piece."""
        url = f"{_path(job, number)}logText/progressiveText?start={int(start)}"
        with self.transport.stream(url, seconds=seconds, what=f"{job} #{number}") as (headers, pieces):
            yield _size(headers), _goes_on(headers), pieces

    def log_lines(self, job: str, number: int, start: int = 0) -> tuple[int, int | None]:
        """How many whole lines a running build's log has from `start` on, 10,000 at most, and where those end.

        `log_stream` gives the same lines, and tells since 2.506 where the whole log ends instead, half a line included.
        The end is None once the build is over: then it gives everything.
        """
        url = f"{_path(job, number)}logText/progressiveHtml?start={int(start)}"
        what = f"{job} #{number}"
        with self.transport.stream(url, seconds=LOG_SECONDS, what=what, kind=WEB_PAGE) as (headers, pieces):
            count = sum(piece.count(b"\n") for piece in pieces)
            return count, _size(headers) if _goes_on(headers) else None

    @contextmanager
    def artifact(self, job: str, number: int, path: str) -> Iterator[tuple[int | None, Iterator[bytes]]]:
        """A file that a build left: its size, if that is told, and what is in it, piece by piece.

        :raises BadName: for a path that could lead elsewhere.
        :raises NotAtJenkins: when there is no such file (any more).
        :raises FileElsewhere: when Jenkins keeps it at a host that is not in JENKINS_ARTIFACT_HOSTS.
        :raises EndUnknown: when nobody could tell whether all of it came.
        """
        there = "/".join(quote(part, safe="") for part in names.checked(path).split("/"))
        url = f"{_path(job, number)}artifact/{there}"
        with self.transport.file(url, seconds=FILE_SECONDS, what=path) as found:
            yield found


def _path(job: str, number: int) -> str:
    return f"{names.path(job)}{int(number)}/"


def _size(headers: Mapping[str, str]) -> int | None:
    return number_in(headers.get("X-Text-Size", ""))


def _goes_on(headers: Mapping[str, str]) -> bool:
    return headers.get("X-More-Data", "").lower() == "true"
